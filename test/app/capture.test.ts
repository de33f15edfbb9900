import {mkdtempSync, mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {askCapture, type CaptureAnswer} from '../../src/app/capture.js'
import {captureExitCode, captureQuestionFrom, readCaptureQuestion} from '../../src/app/capture-question.js'
import {checkCapture} from '../../src/app/capture-findings.js'
import {openCaptures, type CaptureShelf} from '../../src/app/capture-shelf.js'
import {answerLines, type LineAnswer} from '../../src/app/answer-lines.js'

const SCRATCH = mkdtempSync(join(tmpdir(), 'ambientctl-capture-'))
afterAll(() => {
  rmSync(SCRATCH, {recursive: true})
})

const OPTIONS = {namespace: 'default', explain: false, findings: false}

function opened(state: string): Promise<CaptureShelf> {
  return openCaptures({paths: [`fixtures/capture-states/${state}`], environment: {}})
}

async function ask(state: string, question: object, explain = false): Promise<CaptureAnswer> {
  return askCapture(await opened(state), {question: readCaptureQuestion(question), options: {...OPTIONS, explain}})
}

const VIP = {ip: '10.96.44.10', port: 5000}
const HELLOWORLD = {ip: '10.244.2.4', port: 5000}

const CASES = [
  {what: 'a pod', state: 'node-2022', question: {target: 'sleep', destination: VIP}, ends: ['captured'], outlook: 'positive'},
  {
    what: 'a pod of another namespace',
    state: 'node-2022',
    question: {target: 'legacy/plain', destination: VIP},
    ends: ['captured', 'left'],
  },
  {what: 'a node', state: 'node-2022', question: {target: 'node/node', destination: HELLOWORLD}, ends: ['delivered']},
  {
    what: 'a packet that comes in',
    state: 'node-2022',
    question: {target: 'node', inDevice: 'eth0', source: {ip: '172.18.0.2'}, destination: HELLOWORLD},
    ends: ['captured'],
  },
  {
    what: 'a mark that skips capture, which the answer does not have',
    state: 'node-2022',
    question: {target: 'node', inDevice: 'eth0', source: {ip: '172.18.0.2'}, destination: HELLOWORLD, mark: 0x200},
    ends: ['asymmetric'],
    outlook: 'negative',
  },
  {
    what: 'an answer that is lost',
    state: 'node-2022',
    question: {target: 'sleep', destination: {ip: '172.18.0.3', port: 10250}},
    ends: ['asymmetric'],
    outlook: 'negative',
  },
  {
    what: 'a rejected packet',
    state: 'node-2022',
    question: {target: 'sleep', destination: {ip: '10.96.99.99', port: 80}},
    ends: ['dropped'],
    outlook: 'negative',
  },
  {
    what: 'DNS',
    state: 'in-pod',
    question: {target: 'reviews-v1', protocol: 'udp', destination: {ip: '10.96.0.10', port: 53}},
    ends: ['captured'],
  },
  {
    what: 'a ping',
    state: 'in-pod',
    question: {target: 'reviews-v1', protocol: 'icmp', destination: {ip: '10.244.3.1'}},
    ends: ['delivered'],
  },
  {
    what: 'inbound of a pod that bypasses capture',
    state: 'in-pod-bypass',
    question: {target: 'reviews-v1', inDevice: 'eth0', source: {ip: '10.1.1.1'}, destination: {ip: '10.244.3.7', port: 9080}},
    ends: ['delivered'],
  },
  {
    what: 'inbound of IPv6',
    state: 'in-pod',
    question: {target: 'reviews-v1', inDevice: 'eth0', source: {ip: 'fd00::1'}, destination: {ip: 'fd00:10:244:3::7', port: 9080}},
    ends: ['captured'],
  },
] as const

describe('what the packet rules do with', () => {
  test.each(CASES)('$what', async ({state, question, ends, ...more}) => {
    const {branches, outlook} = await ask(state, question)
    expect(branches.map(({end}) => end.kind)).toEqual(ends)
    expect(outlook).toBe('outlook' in more ? more.outlook : 'positive')
  })

  test('a pod without rules of its own, from its node', async () => {
    const shelf = await opened('node-2022')
    const without = {...shelf, places: shelf.places.filter(({name}) => name !== 'default/sleep')}
    const answer = askCapture(without, {question: readCaptureQuestion({target: 'sleep', destination: VIP}), options: OPTIONS})
    expect(answer).toMatchObject({place: {kind: 'node', name: 'node', inDevice: 'vethf2b61d44'}, branches: [{end: {kind: 'captured'}}]})
  })

  test('an answer that is dropped: by which rule', async () => {
    const {branches} = await ask('node-2022', {target: 'sleep', destination: '10.96.44.10', protocol: 'icmp'})
    expect(branches.map(({end}) => end.reason)).toEqual([
      'icmp-0-0 10.96.44.10 > 10.244.2.3 ends in node: DROP by filter KUBE-FORWARD 1 (capture/node/node/iptables-save:56)',
    ])
  })

  test('a tunnel whose other end was not recorded', async () => {
    const shelf = await openCaptures({paths: [lonely()], environment: {}})
    const [branch] = askCapture(shelf, {
      question: readCaptureQuestion({target: 'n1', destination: {ip: '10.9.0.1', port: 80}}),
      options: OPTIONS,
    }).branches
    expect(branch).toMatchObject({
      end: {kind: 'undetermined'},
      missing: [{what: 'what lies at the other end of tunnel istioout of n1 was not recorded'}],
    })
  })

  test('a node whose services eBPF translates', async () => {
    const address = `${LONELY['ip-addr']}\n9: cilium_host@cilium_net: <UP>\n    inet 10.7.0.1/32 scope global cilium_host`
    const shelf = await openCaptures({paths: [lonely({'ip-addr': address})], environment: {}})
    const {branches, outlook} = askCapture(shelf, {
      question: readCaptureQuestion({target: 'n1', destination: {ip: '10.8.0.1', port: 80}}),
      options: OPTIONS,
    })
    expect([branches[0]?.missing[0]?.what, outlook]).toEqual(['which backend the eBPF programs of n1 choose for 10.8.0.1', 'undetermined'])
  })

  test.each([
    {what: 'a process of the owner', owner: {user: 1337, group: 0}, ends: ['left']},
    {what: 'one of the group', owner: {user: 0, group: 7}, ends: ['left']},
    {what: 'another process', owner: {user: 0, group: 0}, ends: ['dropped']},
    {what: 'a process that is not known', owner: undefined, ends: ['dropped', 'left', 'left']},
  ])('$what, where rules ask who sends', async ({owner, ends}) => {
    const rules = '*nat\n-A OUTPUT -m owner --uid-owner 1337 -j RETURN\n-A OUTPUT -m owner --gid-owner 7 -j RETURN\n'
    const redirect = '-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n'
    const shelf = await openCaptures({paths: [lonely({'iptables-save': `${rules}${redirect}`})], environment: {}})
    const question = {target: 'n1', destination: '10.4.0.9:80', ...(owner === undefined ? {} : {owner})}
    const {branches} = askCapture(shelf, {question: readCaptureQuestion(question), options: OPTIONS})
    expect(branches.map(({end}) => end.kind).toSorted()).toEqual(ends)
  })

  test.each(['iptables-save', 'ip-rule', 'sysctl'])('a node without %s: undetermined, not empty', async (file) => {
    const root = lonely()
    rmSync(join(root, 'capture', 'node', 'n1', file))
    const {branches, outlook} = askCapture(await openCaptures({paths: [root], environment: {}}), {
      question: readCaptureQuestion({target: 'n1', destination: {ip: '10.8.0.1', port: 80}}),
      options: OPTIONS,
    })
    expect([branches.map(({missing}) => missing.map(({what}) => what)), outlook]).toEqual([
      [[`\`${file.replace('ip-rule', 'ip rule')}\` of n1, which was not recorded`]],
      'undetermined',
    ])
  })

  test('IPv6 on a node of which IPv4 alone was recorded', async () => {
    const {outlook, branches} = await ask('node-2022', {target: 'node', destination: {ip: 'fd00::7', port: 80}})
    expect([outlook, branches[0]?.missing[0]?.what]).toEqual([
      'undetermined',
      '`ip6tables-save`, `ip -6 rule`, `ip -6 route` of node, which were not recorded',
    ])
  })

  test('a match that is not modelled: both ways, each with its condition', async () => {
    const rules = '*mangle\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m hashlimit --hashlimit-name x -j DROP\nCOMMIT'
    const shelf = await openCaptures({paths: [lonely({'iptables-save': rules})], environment: {}})
    const {branches, outlook} = askCapture(shelf, {
      question: readCaptureQuestion({target: 'n1', destination: {ip: '10.8.0.1', port: 80}}),
      options: OPTIONS,
    })
    expect(branches.map(({end, requires}) => [end.kind, requires])).toEqual([
      ['dropped', ['"-m hashlimit --hashlimit-name x" of rule n1 mangle OUTPUT 1 holds: yes']],
      ['left', ['"-m hashlimit --hashlimit-name x" of rule n1 mangle OUTPUT 1 holds: no']],
    ])
    expect(outlook).toBe('negative')
  })
})

test('--explain lists the rules that were passed over, and why', async () => {
  const {branches} = await ask('node-2022', {target: 'sleep', destination: VIP}, true)
  const rules = branches[0]?.passes?.flatMap(({hooks}) => hooks.flatMap((hook) => hook.rules)) ?? []
  expect(rules.find(({chain, number}) => chain === 'ztunnel-PREROUTING' && number === 1)).toMatchObject({
    effect: 'passed-over',
    failed: 'in-device istioin',
    place: {line: 23},
  })
  expect(rules.find(({chain, number}) => chain === 'ztunnel-PREROUTING' && number === 15)).toMatchObject({effect: 'continue', mark: 0x100})
})

describe('what cannot be asked', () => {
  test.each([
    {what: 'an unknown place', question: {target: 'nobody', destination: VIP}, message: /No packet rules of "nobody"/},
    {
      what: 'an unknown device',
      question: {target: 'node', inDevice: 'eth9', source: {ip: '10.0.0.1'}, destination: VIP},
      message: /no device "eth9"/,
    },
    {what: 'a packet from nowhere', question: {target: 'node', inDevice: 'eth0', destination: VIP}, message: /has a source/},
  ])('$what', async ({question, message}) => {
    await expect(ask('node-2022', question)).rejects.toThrow(message)
  })

  test('a snapshot without packet rules', async () => {
    await expect(openCaptures({paths: ['fixtures/clusters/kind-bookinfo-l4'], environment: {}})).rejects.toMatchObject({exitCode: 64})
  })

  test('no destination, or one without a port', () => {
    expect(() => captureQuestionFrom({target: 'node'})).toThrow(/PLACE or --dst/)
    expect(() => captureQuestionFrom({target: 'node', destination: {ip: '10.0.0.1', port: 0}})).toThrow(/--dst has no port/)
    expect(captureQuestionFrom({target: 'node', destination: {ip: '10.0.0.1', port: 0}, protocol: 'icmp'})).toMatchObject({mark: 0})
  })

  test('a rule that is cut off is named with file and line', async () => {
    const broken = lonely({'iptables-save': '*nat\n:OUTPUT'})
    await expect(openCaptures({paths: [broken], environment: {}})).rejects.toMatchObject({
      exitCode: 65,
      where: 'capture/node/n1/iptables-save:2',
    })
  })
})

describe('the state of a place', () => {
  test.each([
    {state: 'node-2022', target: 'node', kinds: [], outlook: 'positive'},
    {state: 'node-2022', target: 'sleep', kinds: [], outlook: 'positive'},
    {state: 'node-2022-pod-not-in-set', target: 'sleep', kinds: ['pod-not-in-set'], outlook: 'negative'},
    {state: 'in-pod', target: 'reviews-v1', kinds: [], outlook: 'positive'},
  ])('$target of $state', async ({state, target, kinds, outlook}) => {
    const checkup = checkCapture(await opened(state), {target, namespace: 'default'})
    expect([checkup.findings.map(({kind}) => kind), checkup.outlook]).toEqual([kinds, outlook])
  })
})

test('a place with a hole in it is no sound one', async () => {
  const root = lonely()
  rmSync(join(root, 'capture', 'node', 'n1', 'ip-rule'))
  const {findings, outlook} = checkCapture(await openCaptures({paths: [root], environment: {}}), {target: 'n1', namespace: 'default'})
  expect([findings.map(({kind, what}) => `${kind}: ${what}`), outlook]).toEqual([
    ['not-recorded: nothing can be concluded without `ip rule` of n1, which was not recorded'],
    'undetermined',
  ])
})

test('a batch answers line by line, and its exit code is that of the worst', async () => {
  const shelf = await opened('node-2022')
  const lines = [
    '{"destination":{"ip":"10.96.44.10","port":5000}}',
    '',
    '{"destination":{}}',
    'nonsense',
    '{"destination":{"ip":"172.18.0.3","port":10250}}',
  ]
  const answers: LineAnswer<CaptureAnswer>[] = []
  const answer = (value: unknown): CaptureAnswer => askCapture(shelf, {question: readCaptureQuestion(value, 'sleep'), options: OPTIONS})
  for await (const one of answerLines({lines: asynchronous(lines), answer})) answers.push(one)
  expect(answers.map((one) => [one.line, one.kind === 'answer' ? one.answer.outlook : one.failure.exitCode])).toEqual([
    [1, 'positive'],
    [3, 65],
    [4, 65],
    [5, 'negative'],
  ])
  expect(captureExitCode(answers)).toBe(65)
  expect(captureExitCode(answers.filter(({kind}) => kind === 'answer'))).toBe(1)
})

async function* asynchronous(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line)
}

/** A node alone, with a tunnel to a ztunnel that nobody recorded. */
function lonely(files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(SCRATCH, 'state-'))
  const dir = join(root, 'capture', 'node', 'n1')
  mkdirSync(dir, {recursive: true})
  for (const [name, text] of Object.entries({...LONELY, ...files})) writeFileSync(join(dir, name), text)
  return root
}

const LONELY = {
  'iptables-save': '',
  'ip-rule': '0: from all lookup local\n32766: from all lookup main\n32767: from all lookup default',
  sysctl: 'net.ipv4.ip_forward = 1',
  'ip-addr':
    '1: lo: <LOOPBACK,UP>\n    inet 127.0.0.1/8 scope host lo\n2: eth0@if7: <UP>\n    inet 10.8.0.2/24 scope global eth0\n3: istioout: <UP>\n    inet 192.168.127.1/30 scope global istioout',
  'ip-link': '3: istioout: <UP>\n    geneve id 1001 remote 10.4.0.2 ttl auto dstport 6081',
  'ip-route':
    'local 10.8.0.2 dev eth0 table local scope host src 10.8.0.2\nlocal 192.168.127.1 dev istioout table local scope host src 192.168.127.1\n10.8.0.0/24 dev eth0 scope link src 10.8.0.2\n10.9.0.0/16 via 192.168.127.2 dev istioout\n10.4.0.0/24 via 10.8.0.1 dev eth0',
}
