import {describe, expect, test} from 'vitest'
import type {PodWishes} from '../../../src/kernel/findings/finding.js'
import {rulesOf} from './rule-sets.js'
import {edited, found, linesOf, NO_WISHES, POD, withRules, type Edits} from './states.js'

interface Fault {
  readonly what: string
  readonly edits: Edits
  /** Kind, file and line of what is cited, and words of the text. */
  readonly found: readonly (readonly [kind: string, cited: string, words: string])[]
}

const RULE = /^32764:.*\n/m
const ROUTE = /^local default dev lo table 100.*\n/m
const LOSS = 'answers of the app to ztunnel leave the pod'

const ROUTING: readonly Fault[] = [
  {
    what: 'the ip rule is missing',
    edits: {'pod:ip-rule': (text) => text.replace(RULE, '')},
    found: [['rule-missing', '', `the IPv4 rule fwmark 0x111/0xfff lookup 100 is missing: ${LOSS}`]],
  },
  {
    what: 'the ip rule of IPv6 is missing',
    edits: {'pod:ip6-rule': (text) => text.replace(RULE, '')},
    found: [['rule-missing', '', 'the IPv6 rule fwmark 0x111/0xfff lookup 100 is missing']],
  },
  {
    what: 'the ip rule asks for another mark',
    edits: {'pod:ip-rule': (text) => text.replace('0x111/0xfff', '0x112/0xfff')},
    found: [['rule-differs', `${POD}/ip-rule:2`, 'the IPv4 rule of priority 32764 should say fwmark 0x111/0xfff lookup 100']],
  },
  {
    what: 'the ip rule compares more bits',
    edits: {'pod:ip-rule': (text) => text.replace('0x111/0xfff', '0x111')},
    found: [['rule-differs', `${POD}/ip-rule:2`, 'should say fwmark 0x111/0xfff']],
  },
  {
    what: 'the ip rule comes after the table main',
    edits: {'pod:ip-rule': (text) => `${text.replace(RULE, '')}32768:\tfrom all fwmark 0x111/0xfff lookup 100\n`},
    found: [['rule-order', `${POD}/ip-rule:4 ${POD}/ip-rule:2`, 'the rule of priority 32766 answers before it']],
  },
  {
    what: 'the ip rule asks a table that has no route',
    edits: {'pod:ip-rule': (text) => text.replace('lookup 100', 'lookup 101')},
    found: [['table-broken', `${POD}/ip-rule:2`, 'IPv4 table 101 has no local default route']],
  },
  {
    what: 'the local route is missing',
    edits: {'pod:ip-route': (text) => text.replace(ROUTE, '')},
    found: [['table-broken', `${POD}/ip-rule:2`, 'IPv4 table 100 has no local default route']],
  },
  {
    what: 'the route leaves the pod',
    edits: {'pod:ip-route': (text) => text.replace(ROUTE, 'default dev eth0 table 100\n')},
    found: [['table-broken', `${POD}/ip-route:1`, 'IPv4 table 100 has no local default route']],
  },
]

const SOCKETS: readonly Fault[] = [
  {
    what: 'ztunnel is gone',
    edits: {'pod:ss': (text) => text.replaceAll(/^.*:150\d\d .*\n/gm, '')},
    found: [
      ['no-listener', '', 'IPv4: no socket of ztunnel is in the pod'],
      ['no-listener', '', 'IPv6: no socket of ztunnel is in the pod'],
    ],
  },
  {
    what: 'nobody takes plaintext',
    edits: {'pod:ss': (text) => text.replaceAll(/^.*:15006 .*\n/gm, '')},
    found: [4, 6].map((family) => ['no-listener', '', `IPv${family}: nobody listens on tcp port 15006: plaintext from outside is refused`]),
  },
  {
    what: 'the DNS proxy is off',
    edits: {'pod:ss': (text) => text.replaceAll(/^udp .*127\.0\.0\.1:15053 .*\n/gm, '')},
    found: [['no-listener', '', 'IPv4: nobody listens on udp port 15053: DNS over UDP is not answered']],
  },
]

const POSTROUTING = '-A POSTROUTING -j ISTIO_POSTRT\n'
const NODE: readonly Fault[] = [
  {
    what: 'nothing leads to ISTIO_POSTRT',
    edits: {'node:iptables-save': (text) => text.replace(POSTROUTING, '')},
    found: [
      [
        'rule-missing',
        'node/node/iptables-save:17',
        'IPv4: nothing in nat POSTROUTING leads to ISTIO_POSTRT: probes of the kubelet are captured',
      ],
    ],
  },
  {
    what: 'no rule gives probes their source',
    edits: {'node:iptables-save': (text) => text.replace(/^-A ISTIO_POSTRT .*\n/m, '')},
    found: [['rule-missing', `${POD}/iptables-save:44`, 'no rule of nat POSTROUTING gives probes the source 169.254.7.127']],
  },
  {
    what: 'probes get another source',
    edits: {'node:iptables-save': (text) => text.replace('--to-source 169.254.7.127', '--to-source 169.254.7.128')},
    found: [
      [
        'rule-differs',
        `node/node/iptables-save:18 ${POD}/iptables-save:44`,
        'probes get the source 169.254.7.128, pods let in 169.254.7.127',
      ],
    ],
  },
  {
    what: 'kube-proxy masquerades first',
    edits: {'node:iptables-save': (text) => text.replace(POSTROUTING, '').replace(/^(.*-j KUBE-POSTROUTING\n)/m, `$1${POSTROUTING}`)},
    found: [
      ['rule-order', 'node/node/iptables-save:24 node/node/iptables-save:18', 'is asked before the rule that gives probes their source'],
    ],
  },
  {
    what: 'the set is not there',
    edits: {'node:ipset-save': (text) => text.replaceAll(/^.*istio-inpod-probes-v4.*\n/gm, '')},
    found: [['pod-not-in-set', 'node/node/iptables-save:18', 'set istio-inpod-probes-v4, which tells the addresses of pods']],
  },
  {
    what: 'the set lacks the pod',
    edits: {'node:ipset-save': (text) => text.replace(/^add istio-inpod-probes-v4.*\n/m, '')},
    found: [
      [
        'pod-not-in-set',
        'node/node/ipset-save:1',
        'set istio-inpod-probes-v4 lacks 10.244.3.7 of enrolled pod bookinfo/reviews-v1: its probes are captured',
      ],
    ],
  },
  {
    what: 'guardrails are left on the node',
    edits: {
      'node:iptables-save': (text) => `*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p udp -j DROP\n-A OUTPUT -p tcp -j DROP\nCOMMIT\n${text}`,
    },
    found: [['left-over', 'node/node/iptables-save:4', 'IPv4: all TCP is dropped']],
  },
]

describe.each([
  ['routes', ROUTING],
  ['sockets', SOCKETS],
  ['node', NODE],
] as const)('%s', (_, faults) => {
  test.each(faults)('$what', ({edits, found: expected}) => {
    const findings = found(edited(edits))
    expect(findings.map(({kind, evidence}) => [kind, evidence.map(({file, line}) => `${file}:${line}`).join(' ')])).toEqual(
      expected.map(([kind, cited]) => [kind, cited]),
    )
    for (const [at, [, , words]] of expected.entries()) expect(findings[at]?.what).toContain(words)
  })
})

const WISHES: readonly {readonly what: string; readonly wishes: PodWishes; readonly found: string}[] = [
  {
    what: 'inbound capture is to be bypassed',
    wishes: {...NO_WISHES, bypassesInbound: true},
    found: 'has the annotation ambient.istio.io/bypass-inbound-capture, yet what comes in is captured',
  },
  {
    what: 'DNS is not to be captured',
    wishes: {...NO_WISHES, capturesDns: false},
    found: 'has the annotation ambient.istio.io/dns-capture=false, yet DNS is captured',
  },
  {
    what: 'an interface is to be rerouted',
    wishes: {...NO_WISHES, virtualDevices: ['virt0']},
    found: 'names virt0, whose connections no rule takes',
  },
]

describe('annotations that rules do not heed', () => {
  test.each(WISHES)('$what', ({wishes, found: words}) => {
    const [four = '', six = '', ...others] = linesOf(found(edited({}), wishes))
    expect(four).toContain(`annotation-unheeded: IPv4: `)
    expect(four).toContain(words)
    expect(six).toBe(four.replace('IPv4', 'IPv6').replace('iptables-save', 'ip6tables-save'))
    expect(others).toEqual([])
  })

  test('DNS is to be captured', () => {
    const namespaces = withRules({4: rulesOf({family: 4, inbound: 'redirect', dns: 'none'})})
    expect(linesOf(found(namespaces, {...NO_WISHES, capturesDns: true}))).toEqual([
      expect.stringContaining('=true, yet DNS is not captured'),
    ])
  })

  test('nothing captures what comes in, and nobody asked for that', () => {
    const namespaces = withRules({4: rulesOf({family: 4, inbound: 'none', dns: 'all'})})
    expect(found(namespaces)).toMatchObject([{kind: 'rule-missing', severity: 'broken'}])
    expect(found(namespaces)[0]?.what).toContain('though no annotation ambient.istio.io/bypass-inbound-capture asks for that')
  })
})

test('a finding about a pod tells the address that it is about', () => {
  const findings = found(edited({'pod:ip-rule': (text) => text.replace(RULE, ''), 'pod:ip6-rule': (text) => text.replace(RULE, '')}))
  expect(findings.map(({address}) => address)).toEqual(['10.244.3.7', 'fd00:10:244:3::7'])
})
