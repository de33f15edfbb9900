import {describe, expect, test} from 'vitest'
import {admit} from '../../../src/kernel/network-policy/admit.js'
import {pluginOn} from '../../../src/kernel/network-policy/enforcer.js'
import type {HopEnd, PolicyHop} from '../../../src/kernel/network-policy/model.js'
import {CLIENT, egress, ingress, plugin, pod, policies, SERVER} from './ends.js'
import {agent} from './agents.js'

interface Case {
  readonly what: string
  readonly spec: string
  readonly hop?: Partial<PolicyHop>
  readonly admitted: 'yes' | 'no' | 'undetermined'
}

const PODS_BLOCK = ingress('ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]')
const CILIUM = plugin({blocksMeanPods: 'no', knowsProbes: 'no'})
const ANYBODY = plugin({blocksMeanPods: 'undetermined', enforces: false})

function server(more: Partial<HopEnd>): HopEnd {
  return {...SERVER, ...more}
}

const NODE: HopEnd = {ip: '10.1.0.2', hostOf: 'n2', plugin: plugin()}
const INGRESS_PROXY: HopEnd = {...NODE, hostPods: [pod('shop/proxy', {containerPorts: [{name: 'admin', port: 9901, protocol: 'TCP'}]})]}
const PROBE: HopEnd = {ip: '169.254.7.127'}

function check(cases: readonly Case[]): void {
  test.each(cases)('$what', ({spec, hop, admitted}) => {
    expect(admit(policies(spec), {source: CLIENT, destination: SERVER, port: 8080, protocol: 'TCP', ...hop}).admitted).toBe(admitted)
  })
}

describe('a block of addresses that a pod has one of', () => {
  check([
    {what: 'means the pod for most plugins', spec: PODS_BLOCK, admitted: 'yes'},
    {what: 'means no pod for Cilium', spec: PODS_BLOCK, hop: {destination: server({plugin: CILIUM})}, admitted: 'no'},
    {
      what: 'is open where the plugin is not known',
      spec: PODS_BLOCK,
      hop: {destination: server({plugin: ANYBODY})},
      admitted: 'undetermined',
    },
    {
      what: 'is open where pods were not recorded',
      spec: PODS_BLOCK,
      hop: {source: {ip: '10.0.0.9', unknown: true}, destination: server({plugin: ANYBODY})},
      admitted: 'undetermined',
    },
    {
      what: 'means what is no pod, whatever the plugin',
      spec: PODS_BLOCK,
      hop: {source: {ip: '10.9.9.9'}, destination: server({plugin: CILIUM})},
      admitted: 'yes',
    },
    {what: 'means another node', spec: PODS_BLOCK, hop: {source: NODE}, admitted: 'yes'},
    {
      what: 'is open for another node with Cilium, where a setting decides',
      spec: PODS_BLOCK,
      hop: {source: NODE, destination: server({plugin: CILIUM})},
      admitted: 'undetermined',
    },
    {
      what: 'is judged by the plugin of the source for egress',
      spec: egress('egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]'),
      hop: {source: {...CLIENT, plugin: CILIUM}},
      admitted: 'no',
    },
  ])
})

describe('a pod of the host network', () => {
  check([
    {
      what: 'as a peer by labels: plugins differ',
      spec: ingress('ingress: [{from: [{podSelector: {}}]}]'),
      hop: {source: INGRESS_PROXY},
      admitted: 'undetermined',
    },
    {
      what: 'as a peer of other labels: none',
      spec: ingress('ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]'),
      hop: {source: INGRESS_PROXY},
      admitted: 'no',
    },
    {what: 'as a peer by address: its node', spec: PODS_BLOCK, hop: {source: INGRESS_PROXY}, admitted: 'yes'},
    {
      what: 'as the destination, on a port it declares: plugins differ',
      spec: 'podSelector: {}',
      hop: {destination: INGRESS_PROXY, port: 9901},
      admitted: 'undetermined',
    },
    {
      what: 'as the destination, on a port it does not declare: a node is no pod',
      spec: 'podSelector: {}',
      hop: {destination: INGRESS_PROXY},
      admitted: 'yes',
    },
    {
      what: 'as the destination, where its rules admit',
      spec: 'podSelector: {}\ningress: [{}]',
      hop: {destination: INGRESS_PROXY, port: 9901},
      admitted: 'yes',
    },
    {
      what: 'as the source: plugins differ',
      spec: 'podSelector: {matchLabels: {app: proxy}}\npolicyTypes: [Egress]',
      hop: {source: INGRESS_PROXY},
      admitted: 'undetermined',
    },
    {
      what: 'by a named port: plugins differ',
      spec: egress('egress: [{ports: [{port: admin}]}]'),
      hop: {destination: INGRESS_PROXY, port: 9901},
      admitted: 'undetermined',
    },
    {
      what: 'of the same node: its node always gets in',
      spec: ingress('ingress: []'),
      hop: {source: {...INGRESS_PROXY, hostOf: 'n1'}},
      admitted: 'yes',
    },
  ])
})

describe('a probe with the address that capture gives it', () => {
  check([
    {what: 'may be known to the plugin', spec: ingress('ingress: []'), hop: {source: PROBE}, admitted: 'undetermined'},
    {
      what: 'is a stranger to Cilium',
      spec: ingress('ingress: []'),
      hop: {source: PROBE, destination: server({plugin: CILIUM})},
      admitted: 'no',
    },
    {
      what: 'gets in by a block',
      spec: ingress('ingress: [{from: [{ipBlock: {cidr: 169.254.7.127/32}}]}]'),
      hop: {source: PROBE, destination: server({plugin: CILIUM})},
      admitted: 'yes',
    },
    {
      what: 'of IPv6 is one too',
      spec: ingress('ingress: []'),
      hop: {source: {ip: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff'}},
      admitted: 'undetermined',
    },
  ])
})

describe('a pod with two addresses', () => {
  check([{what: 'reaches itself by the other one', spec: 'podSelector: {}', hop: {source: {...SERVER, ip: 'fd00::2'}}, admitted: 'yes'}])
})

describe('the plugin of a node is known by its agents:', () => {
  test.each([
    {what: 'Calico', labels: ['k8s-app', 'calico-node'], known: {enforces: true, blocksMeanPods: 'yes', knowsProbes: 'undetermined'}},
    {what: 'Cilium', labels: ['k8s-app', 'cilium'], known: {enforces: true, blocksMeanPods: 'no', knowsProbes: 'no'}},
    {
      what: 'kindnet, of whatever version',
      labels: ['app', 'kindnet'],
      known: {enforces: false, blocksMeanPods: 'yes', knowsProbes: 'undetermined'},
    },
    {
      what: 'flannel tells nothing',
      labels: ['app', 'flannel'],
      known: {enforces: false, blocksMeanPods: 'undetermined', knowsProbes: 'undetermined'},
    },
  ] as const)('$what', ({labels: [key, value], known}) => {
    expect(pluginOn([agent({key, value, node: 'n1'})], 'n1')).toEqual(known)
  })

  test('agents of other nodes, and pods with such labels that are no agents, tell nothing', () => {
    const elsewhere = agent({key: 'k8s-app', value: 'calico-node', node: 'n2'})
    const pretender = {...agent({key: 'k8s-app', value: 'cilium', node: 'n1'}), hostNetwork: false}
    expect(pluginOn([elsewhere, pretender], 'n1')).toEqual({enforces: false, blocksMeanPods: 'undetermined', knowsProbes: 'undetermined'})
  })

  test('two that differ leave open in what', () => {
    const both = [agent({key: 'k8s-app', value: 'cilium', node: 'n1'}), agent({key: 'k8s-app', value: 'calico-node', node: 'n1'})]
    expect(pluginOn(both, 'n1')).toEqual({enforces: true, blocksMeanPods: 'undetermined', knowsProbes: 'undetermined'})
  })
})
