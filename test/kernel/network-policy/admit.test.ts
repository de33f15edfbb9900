import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {admit, type PolicyHop} from '../../../src/kernel/network-policy/admit.js'
import type {HopEnd, HopPod} from '../../../src/kernel/network-policy/model.js'
import {readNetworkPolicies} from '../../../src/kernel/network-policy/read.js'

function pod(name: string, more: Partial<HopPod> = {}): HopPod {
  const [namespace = '', app = ''] = name.split('/')
  return {
    name: app,
    namespace,
    labels: new Map([['app', app]]),
    namespaceLabels: new Map([['team', namespace]]),
    containerPorts: [],
    hostNetwork: false,
    ...more,
  }
}

const CLIENT: HopEnd = {ip: '10.0.0.1', pod: pod('shop/client')}
const SERVER: HopEnd = {
  ip: '10.0.0.2',
  pod: pod('shop/server', {
    node: 'n1',
    containerPorts: [
      {name: 'web', port: 8080, protocol: 'TCP'},
      {name: 'web', port: 53, protocol: 'UDP'},
    ],
  }),
}
const STRANGER: HopEnd = {ip: '192.0.2.7'}
const OTHER_TEAM: HopEnd = {ip: '10.0.0.3', pod: pod('bank/client')}

/** Policy on the server, ingress unless said otherwise. */
function ingress(spec: string): string {
  return `podSelector: {matchLabels: {app: server}}\npolicyTypes: [Ingress]\n${spec}`
}

function egress(spec: string): string {
  return `podSelector: {matchLabels: {app: client}}\npolicyTypes: [Egress]\n${spec}`
}

interface Case {
  readonly what: string
  readonly specs: readonly string[]
  readonly hop?: Partial<PolicyHop>
  readonly admitted: 'yes' | 'no' | 'undetermined'
}

const HBONE = {port: 15_008}

const CASES: readonly Case[] = [
  {what: 'no policy at all', specs: [], admitted: 'yes'},
  {what: 'a policy of other pods', specs: ['podSelector: {matchLabels: {app: other}}\ningress: []'], admitted: 'yes'},
  {what: 'a policy that selects all and admits nothing', specs: ['podSelector: {}\npolicyTypes: [Ingress]'], admitted: 'no'},
  {what: 'an empty rule', specs: [ingress('ingress: [{}]')], admitted: 'yes'},
  {what: 'only the port of the app, asked for it', specs: [ingress('ingress: [{ports: [{port: 8080}]}]')], admitted: 'yes'},
  {what: 'only the port of the app, asked for HBONE', specs: [ingress('ingress: [{ports: [{port: 8080}]}]')], hop: HBONE, admitted: 'no'},
  {
    what: 'another policy that admits HBONE',
    specs: [ingress('ingress: [{ports: [{port: 8080}]}]'), ingress('ingress: [{ports: [{port: 15008}]}]')],
    hop: HBONE,
    admitted: 'yes',
  },
  {what: 'a range of ports', specs: [ingress('ingress: [{ports: [{port: 15000, endPort: 15010}]}]')], hop: HBONE, admitted: 'yes'},
  {what: 'a range that ends before', specs: [ingress('ingress: [{ports: [{port: 15000, endPort: 15007}]}]')], hop: HBONE, admitted: 'no'},
  {what: 'a named port', specs: [ingress('ingress: [{ports: [{port: web}]}]')], admitted: 'yes'},
  {what: 'a named port of the other protocol', specs: [ingress('ingress: [{ports: [{port: web, protocol: UDP}]}]')], admitted: 'no'},
  {
    what: 'a named port for HBONE, which no container declares',
    specs: [ingress('ingress: [{ports: [{port: hbone}]}]')],
    hop: HBONE,
    admitted: 'no',
  },
  {what: 'every port of a protocol', specs: [ingress('ingress: [{ports: [{protocol: TCP}]}]')], admitted: 'yes'},
  {what: 'every port of another protocol', specs: [ingress('ingress: [{ports: [{protocol: UDP}]}]')], admitted: 'no'},
  {what: 'pods of the same namespace', specs: [ingress('ingress: [{from: [{podSelector: {}}]}]')], admitted: 'yes'},
  {
    what: 'pods of the same namespace, asked for another',
    specs: [ingress('ingress: [{from: [{podSelector: {}}]}]')],
    hop: {source: OTHER_TEAM},
    admitted: 'no',
  },
  {
    what: 'another namespace by label',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {matchLabels: {team: bank}}}]}]')],
    hop: {source: OTHER_TEAM},
    admitted: 'yes',
  },
  {
    what: 'both selectors of one peer',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {matchLabels: {team: bank}}, podSelector: {matchLabels: {app: x}}}]}]')],
    hop: {source: OTHER_TEAM},
    admitted: 'no',
  },
  {
    what: 'two peers: either is enough',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {matchLabels: {team: bank}}}, {podSelector: {matchLabels: {app: x}}}]}]')],
    hop: {source: OTHER_TEAM},
    admitted: 'yes',
  },
  {
    what: 'a namespace by its own name, whose labels are not known',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: bank}}}]}]')],
    hop: {source: withoutLabels(OTHER_TEAM)},
    admitted: 'yes',
  },
  {
    what: 'a namespace by a label that is not known',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {matchLabels: {team: bank}}}]}]')],
    hop: {source: withoutLabels(OTHER_TEAM)},
    admitted: 'undetermined',
  },
  {
    what: 'all namespaces',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {}}]}]')],
    hop: {source: withoutLabels(OTHER_TEAM)},
    admitted: 'yes',
  },
  {
    what: 'all pods, asked for what is no pod',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {}}]}]')],
    hop: {source: STRANGER},
    admitted: 'no',
  },
  {
    what: 'a block of addresses',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]')],
    hop: {source: STRANGER},
    admitted: 'yes',
  },
  {
    what: 'a block that excepts the address',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.0/28]}}]}]')],
    hop: {source: STRANGER},
    admitted: 'no',
  },
  {
    what: 'a block that excepts others',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.128/25]}}]}]')],
    hop: {source: STRANGER},
    admitted: 'yes',
  },
  {
    what: 'a block of the other family',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]')],
    hop: {source: STRANGER},
    admitted: 'no',
  },
  {what: 'the node of the pod', specs: [ingress('ingress: []')], hop: {source: {ip: '10.1.0.1', hostOf: 'n1'}}, admitted: 'yes'},
  {what: 'another node', specs: [ingress('ingress: []')], hop: {source: {ip: '10.1.0.2', hostOf: 'n2'}}, admitted: 'no'},
  {what: 'the pod itself', specs: [ingress('ingress: []')], hop: {source: SERVER}, admitted: 'yes'},
  {what: 'egress to a port', specs: [egress('egress: [{ports: [{port: 15008}]}]')], hop: HBONE, admitted: 'yes'},
  {what: 'egress to another port only', specs: [egress('egress: [{ports: [{port: 53, protocol: UDP}]}]')], hop: HBONE, admitted: 'no'},
  {what: 'egress to a named port of the destination', specs: [egress('egress: [{ports: [{port: web}]}]')], admitted: 'yes'},
  {what: 'egress admitted, ingress not', specs: [egress('egress: [{}]'), ingress('ingress: []')], admitted: 'no'},
  {what: 'without policyTypes: ingress counts', specs: ['podSelector: {}\negress: [{}]'], admitted: 'no'},
  {what: 'without policyTypes and egress: egress is open', specs: ['podSelector: {matchLabels: {app: client}}'], admitted: 'yes'},
  {
    what: 'without policyTypes, with egress: egress counts',
    specs: ['podSelector: {matchLabels: {app: client}}\negress: [{ports: [{port: 1}]}]'],
    admitted: 'no',
  },
  {
    what: 'policyTypes without Ingress: its rules do not count',
    specs: ['podSelector: {}\npolicyTypes: [Egress]\negress: [{}]\ningress: []'],
    admitted: 'yes',
  },
  {
    what: 'expressions',
    specs: [
      ingress(
        'ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [client]}, {key: old, operator: DoesNotExist}, {key: app, operator: NotIn, values: [x]}, {key: app, operator: Exists}]}}]}]',
      ),
    ],
    admitted: 'yes',
  },
  {
    what: 'an expression that does not hold',
    specs: [ingress('ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [client]}]}}]}]')],
    admitted: 'no',
  },
  {
    what: 'a client of the host network by its labels',
    specs: [ingress('ingress: [{from: [{podSelector: {}}]}]')],
    hop: {source: {ip: '10.0.0.1', pod: pod('shop/client', {hostNetwork: true})}},
    admitted: 'undetermined',
  },
  {
    what: 'a server of the host network',
    specs: [ingress('ingress: []')],
    hop: {destination: {ip: '10.0.0.2', pod: pod('shop/server', {hostNetwork: true})}},
    admitted: 'undetermined',
  },
]

describe('policies decide about', () => {
  test.each(CASES)('$what', ({specs, hop, admitted}) => {
    const policies = readNetworkPolicies(specs.map((spec, index) => ({value: policy(spec, index), place: {file: 'p.yaml', line: 1}})))
    expect(policies).toHaveLength(specs.length)
    expect(admit(policies, {source: CLIENT, destination: SERVER, port: 8080, protocol: 'TCP', ...hop}).admitted).toBe(admitted)
  })

  test('what no rule admits names the policies that isolate', () => {
    const policies = readNetworkPolicies([{value: policy(ingress('ingress: []'), 0), place: {file: 'p.yaml', line: 7}}])
    const {directions} = admit(policies, {source: CLIENT, destination: SERVER, port: 15_008, protocol: 'TCP'})
    expect(directions).toMatchObject([
      {direction: 'egress', admitted: 'yes', because: 'no policy selects shop/client for egress'},
      {
        direction: 'ingress',
        admitted: 'no',
        because: 'no rule admits TCP 15008 from 10.0.0.1',
        isolatedBy: [{name: 'p0', place: {line: 7}}],
      },
    ])
  })
})

describe('reading', () => {
  test('takes Lists, and passes over other kinds', () => {
    const items = [policy('podSelector: {}', 1), {kind: 'Service', metadata: {name: 's'}}, policy('podSelector: {}', 0)]
    expect(readNetworkPolicies([{value: {kind: 'List', items}, place: {file: 'p', line: 1}}]).map(({name}) => name)).toEqual(['p0', 'p1'])
  })

  test.each([
    {what: 'a block that is none', spec: 'podSelector: {}\ningress: [{from: [{ipBlock: {cidr: nonsense/8}}]}]'},
    {what: 'an operator that is none', spec: 'podSelector: {matchExpressions: [{key: a, operator: Is}]}'},
    {what: 'a port that is none', spec: 'podSelector: {}\ningress: [{ports: [{port: 70000}]}]'},
  ])('$what is named with file and line', ({spec}) => {
    expect(() => readNetworkPolicies([{value: policy(spec, 0), place: {file: 'p.yaml', line: 3}}])).toThrow(
      expect.objectContaining({where: 'p.yaml:3', exitCode: 65}),
    )
  })
})

function policy(spec: string, index: number): unknown {
  return {apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: {name: `p${index}`, namespace: 'shop'}, spec: parsed(spec)}
}

function withoutLabels(end: HopEnd): HopEnd {
  if (end.pod === undefined) return end
  const {namespaceLabels, ...rest} = end.pod
  return namespaceLabels === undefined ? end : {...end, pod: rest}
}

function parsed(text: string): unknown {
  return parse(text)
}
