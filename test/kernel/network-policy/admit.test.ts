import {describe, expect, test} from 'vitest'
import {admit} from '../../../src/kernel/network-policy/admit.js'
import type {HopEnd, PolicyHop} from '../../../src/kernel/network-policy/model.js'
import {CLIENT, egress, ingress, OTHER_TEAM, pod, policies, SERVER, STRANGER} from './ends.js'

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
    what: 'a selector of peers that nobody has',
    specs: [ingress('ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]')],
    admitted: 'no',
  },
  {what: 'no peers in the list: everybody', specs: [ingress('ingress: [{from: [], ports: [{port: 8080}]}]')], admitted: 'yes'},
  {
    what: 'no ports in the list: each port',
    specs: [ingress('ingress: [{from: [{podSelector: {}}], ports: []}]')],
    hop: HBONE,
    admitted: 'yes',
  },
  {what: 'a rule that is null', specs: [ingress('ingress: [null]')], admitted: 'yes'},
  {
    what: 'peer and port in different rules do not add up',
    specs: [
      ingress(
        'ingress: [{from: [{podSelector: {}}], ports: [{port: 8080}]}, {from: [{podSelector: {matchLabels: {app: x}}}], ports: [{port: 15008}]}]',
      ),
    ],
    hop: HBONE,
    admitted: 'no',
  },
  {
    what: 'TCP is meant where no protocol is named',
    specs: [ingress('ingress: [{ports: [{port: 8080}]}]')],
    hop: {protocol: 'UDP'},
    admitted: 'no',
  },
  {what: 'one port alone', specs: [ingress('ingress: [{ports: [{port: 8080, endPort: 8080}]}]')], admitted: 'yes'},
  {
    what: 'a namespace by its own name, against a label that says otherwise',
    specs: [ingress('ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: bank}}}]}]')],
    hop: {source: {...OTHER_TEAM, pod: pod('bank/client', {namespaceLabels: new Map([['kubernetes.io/metadata.name', 'shop']])})}},
    admitted: 'yes',
  },
  {
    what: 'a namespace other than one, by expression',
    specs: [
      ingress(
        'ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [bank]}]}}]}]',
      ),
    ],
    hop: {source: OTHER_TEAM},
    admitted: 'no',
  },
  {
    what: 'an IPv6 block that excepts the address',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: "2001:db8::/32", except: ["2001:db8:1::/48"]}}]}]')],
    hop: {source: {ip: '2001:db8:1::7'}},
    admitted: 'no',
  },
  {
    what: 'an IPv6 block that excepts others',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: "2001:db8::/32", except: ["2001:db8:1::/48"]}}]}]')],
    hop: {source: {ip: '2001:db8:2::7'}},
    admitted: 'yes',
  },
  {
    what: 'each address of IPv4 is none of IPv6',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]')],
    hop: {source: {ip: '2001:db8:2::7'}},
    admitted: 'no',
  },
  {
    what: 'what a block excepts another peer may take',
    specs: [ingress('ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}, {podSelector: {}}]}]')],
    admitted: 'yes',
  },
  {
    what: 'egress to a named port that the destination lacks',
    specs: [egress('egress: [{ports: [{port: web}]}]')],
    hop: HBONE,
    admitted: 'no',
  },
  {
    what: 'egress to a named port of what is no pod',
    specs: [egress('egress: [{ports: [{port: web}]}]')],
    hop: {destination: STRANGER},
    admitted: 'no',
  },
  {
    what: 'egress to pods of a namespace',
    specs: [egress('egress: [{to: [{namespaceSelector: {matchLabels: {team: bank}}}]}]')],
    hop: {destination: OTHER_TEAM},
    admitted: 'yes',
  },
  {
    what: 'an egress section without rules, and no policyTypes: egress is open',
    specs: ['podSelector: {matchLabels: {app: client}}\negress: []'],
    admitted: 'yes',
  },
  {what: 'policyTypes that are empty are as none', specs: ['podSelector: {}\npolicyTypes: []'], admitted: 'no'},
  {what: 'egress closed, ingress open', specs: [egress('egress: []')], admitted: 'no'},
  {what: 'a policy of the destination says nothing of its egress', specs: [ingress('ingress: [{}]\negress: []')], admitted: 'yes'},
  {what: 'a policy without a spec closes every pod to all', specs: ['null'], admitted: 'no'},
  {what: 'a selector that is null selects each pod', specs: ['podSelector: null'], admitted: 'no'},
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
]

describe('policies decide about', () => {
  test.each(CASES)('$what', ({specs, hop, admitted}) => {
    const read = policies(...specs)
    expect(read).toHaveLength(specs.length)
    expect(admit(read, {source: CLIENT, destination: SERVER, port: 8080, protocol: 'TCP', ...hop}).admitted).toBe(admitted)
  })
})

function withoutLabels(end: HopEnd): HopEnd {
  if (end.pod === undefined) return end
  const {namespaceLabels, ...rest} = end.pod
  return namespaceLabels === undefined ? end : {...end, pod: rest}
}
