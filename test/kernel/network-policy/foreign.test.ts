import {describe, expect, test} from 'vitest'
import {admit} from '../../../src/kernel/network-policy/admit.js'
import type {Policy} from '../../../src/kernel/network-policy/model.js'
import {readNetworkPolicies} from '../../../src/kernel/network-policy/read.js'
import {CLIENT, ingress, parsed, policies, SERVER} from './ends.js'

const HOP = {source: CLIENT, destination: SERVER, port: 8080, protocol: 'TCP'} as const

function foreign(apiVersion: string, kind: string, spec: string): readonly Policy[] {
  const namespaced =
    kind.startsWith('Cluster') || kind.includes('wide') || kind.includes('Admin') || kind.startsWith('Global') ? {} : {namespace: 'shop'}
  const value = {apiVersion, kind, metadata: {name: 'other', ...namespaced}, spec: parsed(spec)}
  return readNetworkPolicies([{value, place: {file: 'p.yaml', line: 1}}])
}

const CILIUM = 'cilium.io/v2'
const ADMIN = 'policy.networking.k8s.io/v1alpha1'
const CALICO = 'projectcalico.org/v3'

describe('kinds that are not read leave open what they may decide:', () => {
  test.each([
    {
      group: CILIUM,
      kind: 'CiliumNetworkPolicy',
      spec: 'endpointSelector: {matchLabels: {app: server}}\ningress: [{}]',
      admitted: 'undetermined',
    },
    {
      group: CILIUM,
      kind: 'CiliumNetworkPolicy',
      spec: 'endpointSelector: {matchLabels: {"k8s:app": server}}\ningressDeny: [{}]',
      admitted: 'undetermined',
    },
    {group: CILIUM, kind: 'CiliumNetworkPolicy', spec: 'endpointSelector: {matchLabels: {app: x}}\ningress: [{}]', admitted: 'yes'},
    {group: CILIUM, kind: 'CiliumNetworkPolicy', spec: 'endpointSelector: {matchLabels: {app: server}}\negress: [{}]', admitted: 'yes'},
    {
      group: CILIUM,
      kind: 'CiliumNetworkPolicy',
      spec: 'endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": x}}\ningress: [{}]',
      admitted: 'undetermined',
    },
    {group: CILIUM, kind: 'CiliumClusterwideNetworkPolicy', spec: 'endpointSelector: {}\negress: [{}]', admitted: 'undetermined'},
    {group: CILIUM, kind: 'CiliumClusterwideNetworkPolicy', spec: 'nodeSelector: {}\ningress: [{}]', admitted: 'yes'},
    {group: ADMIN, kind: 'AdminNetworkPolicy', spec: 'subject: {namespaces: {}}\ningress: [{action: Deny}]', admitted: 'undetermined'},
    {
      group: ADMIN,
      kind: 'AdminNetworkPolicy',
      spec: 'subject: {namespaces: {matchLabels: {team: bank}}}\ningress: [{action: Deny}]',
      admitted: 'yes',
    },
    {
      group: ADMIN,
      kind: 'BaselineAdminNetworkPolicy',
      spec: 'subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: client}}}}\negress: [{}]',
      admitted: 'undetermined',
    },
    {
      group: ADMIN,
      kind: 'BaselineAdminNetworkPolicy',
      spec: 'subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}}\negress: [{}]',
      admitted: 'yes',
    },
    {group: ADMIN, kind: 'AdminNetworkPolicy', spec: 'subject: {namespaces: {}}\ningress: []', admitted: 'yes'},
    {group: CALICO, kind: 'NetworkPolicy', spec: "selector: app == 'server'", admitted: 'undetermined'},
    {group: CALICO, kind: 'NetworkPolicy', spec: "selector: app == 'x'", admitted: 'yes'},
    {group: CALICO, kind: 'NetworkPolicy', spec: "selector: app == 'x' || all()", admitted: 'undetermined'},
    {
      group: CALICO,
      kind: 'GlobalNetworkPolicy',
      spec: 'selector: has(app) && app != "x"\nnamespaceSelector: team == \'shop\'\ntypes: [Egress]',
      admitted: 'undetermined',
    },
    {group: CALICO, kind: 'GlobalNetworkPolicy', spec: "selector: all()\nnamespaceSelector: '!has(team)'", admitted: 'yes'},
    {group: 'crd.antrea.io/v1beta1', kind: 'ClusterNetworkPolicy', spec: 'appliedTo: []', admitted: 'undetermined'},
    {group: 'example.org/v1', kind: 'NetworkPolicy', spec: 'x: 1', admitted: 'undetermined'},
  ] as const)('$kind of $group, $spec: $admitted', ({group, kind, spec, admitted}) => {
    expect(admit(foreign(group, kind, spec), HOP).admitted).toBe(admitted)
  })

  test('by name', () => {
    const other = foreign(CILIUM, 'CiliumNetworkPolicy', 'endpointSelector: {}\ningress: [{}]')
    const [, told] = admit([...policies(ingress('ingress: []')), ...other], HOP).directions
    expect(told).toMatchObject({
      admitted: 'undetermined',
      because: 'CiliumNetworkPolicy shop/other, which is not read here, may admit or deny it',
      isolatedBy: [{name: 'p0'}],
      unread: [{name: 'other'}],
    })
  })

  test('each part of one with several', () => {
    const value = parsed(`{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: a, namespace: shop}, specs: [
      {endpointSelector: {matchLabels: {app: x}}, ingress: [{}]}, {endpointSelector: {matchLabels: {app: server}}, ingress: [{}]}]}`)
    const read = readNetworkPolicies([{value, place: {file: 'p.yaml', line: 1}}])
    expect(read).toHaveLength(2)
    expect(admit(read, HOP).admitted).toBe('undetermined')
  })

  test('not what only watches: staged policies of Calico enforce nothing', () => {
    expect(foreign(CALICO, 'StagedNetworkPolicy', 'selector: all()')).toEqual([])
  })

  test('where pods were not recorded, whomever they select', () => {
    const other = foreign(CILIUM, 'CiliumNetworkPolicy', 'endpointSelector: {matchLabels: {app: x}}\ningress: [{}]')
    expect(admit(other, {...HOP, destination: {ip: '10.0.0.2', unknown: true}}).admitted).toBe('undetermined')
  })
})
