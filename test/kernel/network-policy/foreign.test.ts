import {describe, expect, test} from 'vitest'
import {admit} from '../../../src/kernel/network-policy/admit.js'
import type {Policy} from '../../../src/kernel/network-policy/model.js'
import {readNetworkPolicies} from '../../../src/kernel/network-policy/read.js'
import {CLIENT, ingress, parsed, policies, SERVER} from './ends.js'

const HOP = {source: CLIENT, destination: SERVER, port: 8080, protocol: 'TCP'} as const

function foreign(apiVersion: string, {kind, spec}: {readonly kind: string; readonly spec: string}): readonly Policy[] {
  const namespaced =
    kind.startsWith('Cluster') || kind.includes('wide') || kind.includes('Admin') || kind.startsWith('Global') ? {} : {namespace: 'shop'}
  const value = {apiVersion, kind, metadata: {name: 'other', ...namespaced}, spec: parsed(spec)}
  return readNetworkPolicies([{value, place: {file: 'p.yaml', line: 1}}])
}

const CILIUM = 'cilium.io/v2'
const ADMIN = 'policy.networking.k8s.io/v1alpha1'
const CALICO = 'projectcalico.org/v3'

/** Specs that may have a say about the connection, and such that have none. */
interface Kind {
  readonly kind: string
  readonly apiVersion: string
  readonly open: readonly string[]
  readonly none: readonly string[]
}

const KINDS: readonly Kind[] = [
  {
    kind: 'CiliumNetworkPolicy',
    apiVersion: CILIUM,
    open: [
      'endpointSelector: {matchLabels: {app: server}}\ningress: [{}]',
      'endpointSelector: {matchLabels: {"k8s:app": server}}\ningressDeny: [{}]',
      'endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": x}}\ningress: [{}]',
    ],
    none: ['endpointSelector: {matchLabels: {app: x}}\ningress: [{}]', 'endpointSelector: {matchLabels: {app: server}}\negress: [{}]'],
  },
  {
    kind: 'CiliumClusterwideNetworkPolicy',
    apiVersion: CILIUM,
    open: ['endpointSelector: {}\negress: [{}]', 'endpointSelector: 7\negress: [{}]'],
    none: ['nodeSelector: {}\ningress: [{}]'],
  },
  {
    kind: 'AdminNetworkPolicy',
    apiVersion: ADMIN,
    open: ['subject: {namespaces: {}}\ningress: [{action: Deny}]'],
    none: ['subject: {namespaces: {matchLabels: {team: bank}}}\ningress: [{action: Deny}]', 'subject: {namespaces: {}}\ningress: []'],
  },
  {
    kind: 'BaselineAdminNetworkPolicy',
    apiVersion: ADMIN,
    open: ['subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: client}}}}\negress: [{}]'],
    none: ['subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}}\negress: [{}]'],
  },
  {
    kind: 'NetworkPolicy',
    apiVersion: CALICO,
    open: ["selector: app == 'server'", "selector: app == 'x' || all()", "selector: app == 'server'\nserviceAccountSelector: a == 'b'"],
    none: ["selector: app == 'x'", 'selector: "!has(app)"', "selector: app == 'server'\negress: [{}]"],
  },
  {
    kind: 'GlobalNetworkPolicy',
    apiVersion: CALICO,
    open: ['selector: has(app) && app != "x"\nnamespaceSelector: team == \'shop\'\ntypes: [Egress]'],
    none: ["selector: all()\nnamespaceSelector: '!has(team)'"],
  },
  {kind: 'ClusterNetworkPolicy', apiVersion: 'crd.antrea.io/v1beta1', open: ['appliedTo: []'], none: []},
  {kind: 'NetworkPolicy', apiVersion: 'example.org/v1', open: ['x: 1'], none: []},
]

describe('kinds that are not read leave open what they may decide:', () => {
  const cases = KINDS.flatMap(({kind, apiVersion, open, none}) => [
    ...open.map((spec) => ({kind, apiVersion, spec, admitted: 'undetermined'})),
    ...none.map((spec) => ({kind, apiVersion, spec, admitted: 'yes'})),
  ])

  test.each(cases)('$kind of $apiVersion, $spec: $admitted', ({kind, apiVersion, spec, admitted}) => {
    expect(admit(foreign(apiVersion, {kind, spec}), HOP).admitted).toBe(admitted)
  })

  test('by name', () => {
    const other = foreign(CILIUM, {kind: 'CiliumNetworkPolicy', spec: 'endpointSelector: {}\ningress: [{}]'})
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
    expect(foreign(CALICO, {kind: 'StagedNetworkPolicy', spec: 'selector: all()'})).toEqual([])
  })

  test('where pods were not recorded, whomever they select', () => {
    const other = foreign(CILIUM, {kind: 'CiliumNetworkPolicy', spec: 'endpointSelector: {matchLabels: {app: x}}\ningress: [{}]'})
    expect(admit(other, {...HOP, destination: {ip: '10.0.0.2', unknown: true}}).admitted).toBe('undetermined')
  })
})
