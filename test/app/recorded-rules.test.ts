import {describe, expect, test} from 'vitest'
import {nodeRules} from '../../src/app/node-rules.js'
import type {RecordedCapture} from '../../src/snapshot/captures.js'
import {
  captures,
  FAR,
  GUEST,
  GUEST_OF_IPV6,
  hopsOf,
  outcomes,
  PLAIN,
  REVIEWS,
  SLEEP,
  stepsOf,
  trace2022,
  traceGa,
  VIP,
  without,
  type Asked,
} from './recorded-world.js'

describe('a node of 2022', {timeout: 60_000}, () => {
  const INTACT: readonly (Asked & {readonly name: string})[] = [
    {name: 'a captured pod to a service', from: SLEEP, to: VIP, port: 5000},
    {name: 'a captured pod to a captured pod', from: SLEEP, to: '10.244.2.4', port: 5000},
    {name: 'a pod that is not captured to a captured one', from: PLAIN, to: '10.244.2.4', port: 5000},
    {name: 'a pod that is not captured to a service', from: PLAIN, to: VIP, port: 5000},
    {name: 'another node to a captured pod', from: FAR, to: '10.244.2.4', port: 5000},
    {name: 'a captured pod to another node', from: PLAIN, to: '10.244.0.7', port: 5000},
  ]

  test.each(INTACT)('$name: intact rules give the same hops', (asked) => {
    const recorded = trace2022({...asked, captures: captures('node-2022')})
    expect(hopsOf(recorded)).toEqual(hopsOf(trace2022(asked)))
    expect(recorded.verdict).toEqual({kind: 'delivered'})
  })

  test('each capture step cites a recorded line', () => {
    const steps = stepsOf(trace2022({from: SLEEP, to: VIP, port: 5000, captures: captures('node-2022')}))
    const evidence = steps.filter(({kind}) => ['rule', 'route-lookup', 'capture'].includes(kind)).flatMap((step) => step.evidence)
    expect(evidence.length).toBeGreaterThan(4)
    expect(evidence.every(({basis, pointer}) => basis === 'recorded' && /^line \d+$/.test(pointer))).toBe(true)
    expect(evidence.map(({dump}) => dump)).toContain('capture/node/node/iptables-save')
  })

  test('kube-proxy chains give exact shares', () => {
    const asked = {from: PLAIN, to: VIP, port: 5000}
    expect(outcomes(trace2022(asked))).toEqual(['one of 2 delivered far', 'one of 2 delivered ztunnel-8v5nq'])
    expect(outcomes(trace2022({...asked, captures: captures('node-2022')}))).toEqual(['1/2 delivered far', '1/2 delivered ztunnel-8v5nq'])
  })

  // As the kernel showed for the same packets: the request passes by its ztunnel, and what comes back is still led into the other tunnel.
  test.each([
    {
      to: '10.244.2.4',
      ends: ['1 delivered ztunnel-8v5nq'],
      hop: 'ztunnel ztunnel-8v5nq at 10.244.2.2:15006 dialled 10.244.2.4:5000 from 10.244.2.3',
    },
    {to: '10.244.0.7', ends: ['1 dropped node'], hop: 'node node at 10.244.0.7:5000 from 10.244.2.3'},
  ])('a pod that the set lacks is not captured on its way to $to', ({to, ends, hop}) => {
    const graph = trace2022({from: SLEEP, to, port: 5000, captures: captures('node-2022-pod-not-in-set')})
    expect(outcomes(graph)).toEqual(ends)
    expect(hopsOf(graph)).toContain(hop)
  })

  test.each([
    {fault: 'the ip rule for marked packets is missing', edit: without('node/node', /^101:/), ends: ['1 delivered ztunnel-8v5nq']},
    {fault: 'table 101 is empty', edit: without('node/node', /\btable 101\b/), ends: ['1 delivered ztunnel-8v5nq']},
    {fault: 'the set is empty', edit: without('node/node', /^add /), ends: ['1 delivered ztunnel-8v5nq']},
  ])('$fault: the connection does not enter the outbound socket', ({edit, ends}) => {
    const graph = trace2022({from: SLEEP, to: '10.244.2.4', port: 5000, captures: captures('node-2022', edit)})
    expect(outcomes(graph)).toEqual(ends)
    expect(hopsOf(graph).filter((hop) => hop.startsWith('ztunnel'))).toEqual([
      'ztunnel ztunnel-8v5nq at 10.244.2.2:15006 dialled 10.244.2.4:5000 from 10.244.2.3',
    ])
  })

  test.each(['node/node/iptables-save', 'node/node/sysctl', 'node/node/ip-rule', 'istio-system/ztunnel-8v5nq/iptables-save'])(
    'state without %s decides nothing',
    (file) => {
      const partial = captures('node-2022').map((one) => ({...one, files: one.files.filter((each) => each.file !== `capture/${file}`)}))
      const dumps = (asked: Asked): readonly string[] => stepsOf(trace2022(asked)).flatMap(({evidence}) => evidence.map(({dump}) => dump))
      for (const asked of INTACT) {
        expect(hopsOf(trace2022({...asked, captures: partial}))).toEqual(hopsOf(trace2022(asked)))
        expect(dumps({...asked, captures: partial}).filter((dump) => dump.startsWith('capture/'))).toEqual([])
      }
    },
  )

  test.each([
    {file: 'node/node/ip-rule', line: 2, asked: {from: SLEEP, to: VIP, port: 5000}},
    {file: 'istio-system/ztunnel-8v5nq/iptables-save', line: 1, asked: {from: SLEEP, to: VIP, port: 5000}},
  ])('a line of $file that cannot be read: the trace goes on without that place', ({file, line, asked}) => {
    const broken = captures('node-2022', (path, text) =>
      path.endsWith(file) ? [...text.split('\n').slice(0, line - 1), 'nonsense', ...text.split('\n').slice(line)].join('\n') : text,
    )
    const graph = trace2022({...asked, captures: broken})
    expect(hopsOf(graph)).toEqual(hopsOf(trace2022(asked)))
    const cited = stepsOf(graph).flatMap(({evidence}) => evidence.map(({dump}) => dump))
    expect(cited.filter((dump) => dump.startsWith('capture/node/'))).toEqual([])
    expect(nodeRules({captures: broken, inventory: {}, generation: '2022'})('node')?.gaps).toContainEqual(
      expect.stringContaining(`capture/${file}:${line}: `),
    )
  })

  test('state of another node changes nothing', () => {
    const elsewhere = captures('node-2022').map((one) => ({...one, name: `${one.name}-of-third`}))
    for (const asked of INTACT) expect(trace2022({...asked, captures: elsewhere})).toEqual(trace2022(asked))
  })
})

describe('capture inside a pod', {timeout: 60_000}, () => {
  const OUT = {from: REVIEWS, to: '10.244.0.7', port: 9080}
  const IN = {from: GUEST, to: '10.244.3.7', port: 9080}
  const HBONE = {from: GUEST, to: '10.244.3.7', port: 15_008}
  const IPV6 = {from: GUEST_OF_IPV6, to: 'fd00:10:244:3::7', port: 9080}
  const PARTS = ['node and pod', 'pod alone'] as const

  function state(part: (typeof PARTS)[number], edit?: ReturnType<typeof without>): readonly RecordedCapture[] {
    return captures('in-pod', edit).filter(({kind}) => part === 'node and pod' || kind === 'pod')
  }

  describe.each(PARTS)('%s', (part) => {
    test.each([
      {name: 'out', asked: OUT},
      {name: 'in', asked: IN},
      {name: 'HBONE', asked: HBONE},
      {name: 'in over IPv6', asked: IPV6},
    ])('$name: intact rules give the same hops', ({asked}) => {
      const recorded = traceGa({...asked, captures: state(part)})
      expect(hopsOf(recorded)).toEqual(hopsOf(traceGa(asked)))
      expect(
        stepsOf(recorded).some(({evidence}) => evidence.some(({basis, pointer}) => basis === 'recorded' && pointer.startsWith('line '))),
      ).toBe(true)
    })

    test('IPv6 is concluded where IPv4 alone was recorded', () => {
      const half = state(part).map((one) => ({...one, files: one.files.filter(({file}) => !file.endsWith('/ip6tables-save'))}))
      const trace = traceGa({...IPV6, captures: half})
      expect(hopsOf(trace)).toEqual(hopsOf(traceGa(IPV6)))
      expect(stepsOf(trace).flatMap(({evidence}) => evidence.filter(({dump}) => dump.startsWith('capture/')))).toEqual([])
    })

    test('without its redirection a pod is not captured', () => {
      const broken = state(part, without('bookinfo/reviews-v1', /--to-ports 15001/))
      expect(outcomes(traceGa({...OUT, captures: broken}))).toEqual(['1 delivered guest'])
    })
  })
})

describe('services that no chain translates', {timeout: 60_000}, () => {
  const added =
    (lines: Readonly<Record<string, string>>) =>
    (file: string, text: string): string =>
      `${without('node/node', /KUBE-/)(file, text)}${lines[file] ?? ''}`
  const IPVS = added({
    'capture/node/node/ip-addr': `99: kube-ipvs0: <BROADCAST,NOARP>\n    inet ${VIP}/32 scope global kube-ipvs0\n`,
    'capture/node/node/ip-route': `local ${VIP} dev kube-ipvs0 table local scope host src ${VIP}\n`,
  })
  const EBPF = added({
    'capture/node/node/ip-addr': '98: cilium_host@cilium_net: <UP>\n    inet 10.244.2.254/32 scope global cilium_host\n',
  })

  test.each([
    {mode: 'IPVS', edit: IPVS, what: `which backend IPVS chooses for ${VIP}`},
    {
      mode: 'eBPF',
      edit: EBPF,
      what: `which backend node node chooses for ${VIP}:5000: its recorded rules do not translate services`,
    },
  ])('$mode: undetermined, and why', ({edit, what}) => {
    const {verdict} = trace2022({from: PLAIN, to: VIP, port: 5000, captures: captures('node-2022', edit)})
    expect(verdict.kind === 'undetermined' ? verdict.missing.map((one) => one.what) : verdict).toEqual([what])
  })

  // envoy-2022 C.3 walk 10: the table local is asked before the table of capture.
  test('IPVS takes the address of a service before capture does', () => {
    const trace = trace2022({from: SLEEP, to: VIP, port: 5000, captures: captures('node-2022', IPVS)})
    expect(hopsOf(trace).filter((hop) => hop.startsWith('ztunnel'))).toEqual([])
    expect(trace.verdict.kind).toBe('undetermined')
  })

  test('eBPF leaves packets to the rules of capture', () => {
    const trace = trace2022({from: SLEEP, to: VIP, port: 5000, captures: captures('node-2022', EBPF)})
    expect(hopsOf(trace).some((hop) => hop.startsWith('ztunnel ztunnel-8v5nq at 10.244.2.2:15001'))).toBe(true)
  })
})

describe('who listens in a recorded pod', () => {
  const onLoopback = captures('in-pod', (file, text) =>
    file.endsWith('/reviews-v1/ss') ? text.replaceAll(/(?:0\.0\.0\.0|\[::\]):9080/g, '127.0.0.1:9080') : text,
  )
  const unseen = captures('in-pod').map((one) => ({...one, files: one.files.filter(({file}) => !file.endsWith('/ss'))}))

  test.each([
    {name: 'an application on all addresses', recorded: captures('in-pod'), ip: '10.244.3.7', listens: true},
    {name: 'nobody', recorded: captures('in-pod'), ip: '10.244.3.7', port: 9081, listens: false},
    {name: 'an application on the loopback device, seen from outside', recorded: onLoopback, ip: '10.244.3.7', listens: false},
    {name: 'an application on the loopback device, seen from there', recorded: onLoopback, ip: '127.0.0.1', listens: true},
    {name: 'whoever it is: nobody looked', recorded: unseen, ip: '10.244.3.7', listens: undefined},
  ])('$name', ({recorded, ip, port = 9080, listens}) => {
    const pods = [{...REVIEWS, node: 'node', serviceAccount: 'default', containerPorts: [], annotations: new Map<string, string>()}]
    const inventory = {pods: pods.map((pod) => ({...pod, recorded: {file: 'inventory/pods.json', pointer: '/items/0'}}))}
    const rules = nodeRules({captures: recorded, inventory, generation: 'ga'})('node')
    expect(rules?.pod('bookinfo/reviews-v1')?.listensAt?.({ip, port})).toBe(listens)
  })
})
