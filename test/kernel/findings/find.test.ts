import {describe, expect, test} from 'vitest'
import type {NetworkNamespace} from '../../../src/kernel/config/namespace.js'
import {readCapture} from '../../../src/kernel/config/capture-files.js'
import {findCaptureProblems} from '../../../src/kernel/findings/find.js'
import type {EnrolledPod} from '../../../src/kernel/findings/finding.js'
import {walkAttempt} from '../../../src/kernel/walk/connect.js'
import {networkWithOutside} from '../../../src/kernel/config/outside.js'
import {recordedNamespaces} from '../capture-states.js'

const HELLO = {name: 'default/helloworld-v1', ips: ['10.244.2.4']}
const SLEEP = {name: 'default/sleep', ips: ['10.244.2.3']}
const REVIEWS = {name: 'bookinfo/reviews-v1', ips: ['10.244.3.7', 'fd00:10:244:3::7']}

const RECORDED = [
  {state: 'node-2022', enrolled: [SLEEP, HELLO], found: []},
  {
    state: 'node-2022-rule-order',
    enrolled: [SLEEP, HELLO],
    found: ['rule-order: the ip rule lookup 100 comes too early: priority 99 instead of 103'],
  },
  {
    state: 'node-2022-pod-not-in-set',
    enrolled: [SLEEP],
    found: ['pod-not-in-set: set ztunnel-pods-ips lacks 10.244.2.3 (pod default/sleep): what it sends is not captured'],
  },
  {
    state: 'node-2022-pod-not-in-set',
    enrolled: [],
    found: ['pod-not-in-set: set ztunnel-pods-ips lacks 10.244.2.3 (route to 10.244.2.3): what it sends is not captured'],
  },
  {state: 'in-pod', enrolled: [REVIEWS], found: []},
  {
    state: 'in-pod-bypass',
    enrolled: [{...REVIEWS, wishes: {bypassesInbound: true, virtualDevices: ['fake1s0f0', 'fake1s0f1']}}],
    found: [],
  },
  {state: 'in-pod-nft', enrolled: [REVIEWS], found: []},
] as const

describe('a recorded node', () => {
  test.each(RECORDED)('$state with $enrolled.length enrolled pods', ({state, enrolled, found}) => {
    expect(problems(recordedNamespaces(state), enrolled)).toEqual(found)
  })

  test('tells where the wrong rule stands', () => {
    const [first] = findCaptureProblems(stateOf(recordedNamespaces('node-2022-rule-order'), []))
    expect(first).toMatchObject({place: 'node', severity: 'broken', evidence: [{file: 'node/node/ip-rule', line: 2}]})
  })
})

/** Changes to the text of one file of a recorded node or pod. */
const BROKEN = [
  {
    what: 'rule 101 is missing',
    of: 'node',
    file: 'ip-rule',
    from: /^101:.*\n/m,
    to: '',
    found: 'rule-missing: the ip rule fwmark 0x100/0x100 lookup 101 is missing',
  },
  {
    what: 'table 101 has no default',
    of: 'node',
    file: 'ip-route',
    from: /^default via \S+ dev istioout table 101.*\n/m,
    to: '',
    found: 'table-broken: table 101 has no default route',
  },
  {
    what: 'the device of inbound capture is down',
    of: 'node',
    file: 'ip-link',
    from: /(istioin\S*: <)[^>]*>/,
    to: '$1BROADCAST>',
    found: 'table-broken: the device istioin is down: the kernel takes the routes over it away',
  },
  {
    what: 'the node itself is in the set',
    of: 'node',
    file: 'ipset-save',
    from: /$/,
    to: '\nadd ztunnel-pods-ips 172.18.0.3',
    found: 'node-address-in-set: set ztunnel-pods-ips holds 172.18.0.3, an address of the node itself',
  },
  {
    what: 'both backends hold rules',
    of: 'node',
    file: 'iptables-legacy-save',
    from: /$/,
    to: '*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j ACCEPT\nCOMMIT',
    found: 'mixed-backends: rules of iptables-legacy and of iptables-nft are in force together',
  },
  {
    what: 'IPVS',
    of: 'node',
    file: 'ip-addr',
    from: /$/,
    to: '\n99: kube-ipvs0: <BROADCAST,NOARP>\n    inet 10.96.44.10/32 scope global kube-ipvs0',
    found: 'ipvs: kube-proxy uses IPVS: VIPs are addresses of the node, so traffic to them is not captured',
  },
] as const

describe('a node of 2022 where', () => {
  test.each(BROKEN)('$what', ({file, from, to, found}) => {
    expect(problems(changed({file, from, to}), [SLEEP, HELLO])).toContain(found)
  })
})

describe('other nodes', () => {
  const bare = (files: Readonly<Record<string, string>>): NetworkNamespace =>
    readCapture({name: 'n', files: Object.entries(files).map(([file, text]) => ({file, text}))})

  test('eBPF translates services', () => {
    expect(problems([bare({'ip-addr': '9: cilium_host@cilium_net: <UP>\n    inet 10.0.0.1/32 scope global cilium_host'})], [])).toEqual([
      'ebpf-kube-proxy: eBPF programs translate VIPs: no packet rule shows where to',
    ])
  })

  test('a probe set that lacks an enrolled pod, and a pod without rules', () => {
    const pod = readCapture({
      name: 'a/b',
      files: [
        {file: 'iptables-save', text: '*nat\n:ISTIO_OUTPUT - [0:0]\nCOMMIT'},
        {file: 'ip-rule', text: '0: from all lookup local'},
      ],
    })
    const node = bare({'ipset-save': 'create istio-inpod-probes-v4 hash:ip family inet'})
    expect(problems([node, pod], [{name: 'a/b', ips: ['10.0.0.9']}])).toEqual([
      'pod-not-in-set: set istio-inpod-probes-v4 lacks 10.0.0.9 of enrolled pod a/b: its probes are captured',
      'not-captured: enrolled, but no rule captures what it sends or gets',
    ])
  })

  test('what IPVS does with a VIP is undetermined', () => {
    const node = bare({
      'ip-addr': '9: kube-ipvs0: <BROADCAST,NOARP>\n    inet 10.96.0.1/32 scope global kube-ipvs0',
      'ip-route': 'local 10.96.0.1 dev kube-ipvs0 table local scope host src 10.96.0.1',
    })
    const attempt = {
      namespace: 'n',
      protocol: 'tcp',
      sourcePort: 1,
      destination: {ip: '10.96.0.1', port: 443},
      mark: 0,
      transparent: false,
    } as const
    expect(walkAttempt(networkWithOutside([node]), attempt)?.map(({outcome}) => outcome.doubts)).toEqual([
      ['which backend IPVS chooses for 10.96.0.1'],
    ])
  })
})

function problems(namespaces: readonly NetworkNamespace[], enrolled: readonly EnrolledPod[]): readonly string[] {
  return findCaptureProblems(stateOf(namespaces, enrolled)).map(({kind, what}) => `${kind}: ${what}`)
}

function stateOf(namespaces: readonly NetworkNamespace[], enrolled: readonly EnrolledPod[]): Parameters<typeof findCaptureProblems>[0] {
  const node = namespaces.find(({name}) => !name.includes('/'))
  if (node === undefined) throw new Error('no node')
  return {node, pods: namespaces.filter((one) => one !== node), enrolled}
}

function changed({file, from, to}: {readonly file: string; readonly from: RegExp; readonly to: string}): readonly NetworkNamespace[] {
  return recordedNamespaces('node-2022', (path, text) => (path === `node/node/${file}` ? text.replace(from, to) : text))
}
