import {describe, expect, test} from 'vitest'
import {BYPASSING, RELEASES, rulesOf, type RuleSet} from './rule-sets.js'
import {edited, found, withRules, type Edits} from './states.js'
import {endsOf, WALKS, type WalkName} from './walks.js'

/** ambient-ga E and H, for the rules of today. */
const TODAY: Readonly<Record<WalkName, string>> = {
  'the app calls out': 'captured 15001',
  'the app calls its service': 'captured 15001',
  // E: what leaves through lo is not captured.
  'the app calls its own address': 'delivered 9080',
  // H.1: but for TCP to port 53, whose rule comes first.
  'the app calls its own port 53': 'captured 15053',
  'the app calls 15001 on the loopback': 'delivered 15001',
  'the app asks DNS over UDP': 'captured 15053',
  'the app asks DNS over TCP': 'captured 15053',
  'the app asks itself DNS over UDP': 'left',
  'the app sends UDP': 'left',
  'the app pings': 'delivered',
  // H.5: table 100 makes everything local, where nothing is listening.
  'a socket with mark 0x111 calls out': 'dropped ENETUNREACH',
  'the app calls the address of probes': 'left',
  'ztunnel calls out': 'left',
  'ztunnel asks DNS': 'left',
  'ztunnel calls the app as the client': 'delivered 9080',
  'ztunnel calls its own HBONE port': 'delivered 15008',
  'plaintext comes in': 'captured 15006',
  'HBONE comes in': 'delivered 15008',
  'somebody calls 15001': 'captured 15006',
  'somebody calls 15006': 'captured 15006',
  // E, H.4: whatever a process of the node sends passes ztunnel by, through the VIP as well.
  'the kubelet probes': 'delivered 9080',
  'the node calls HBONE': 'delivered 15008',
  'a process of the node calls the service': 'delivered 9080',
  'UDP comes in': 'delivered 5060',
  'a ping comes in': 'delivered',
}

const NO_DNS: Partial<typeof TODAY> = {
  'the app calls its own port 53': 'dropped ECONNREFUSED',
  'the app asks DNS over UDP': 'left',
  'the app asks DNS over TCP': 'captured 15001',
}
/** Captures UDP alone, and that of ztunnel as well. */
const EARLY_DNS: Partial<typeof TODAY> = {...NO_DNS, 'the app asks DNS over UDP': 'captured 15053', 'ztunnel asks DNS': 'captured 15053'}
const TPROXY: Partial<typeof TODAY> = {'HBONE comes in': 'captured 15008'}
const BYPASS: Partial<typeof TODAY> = {
  'plaintext comes in': 'delivered 9080',
  'somebody calls 15001': 'delivered 15001',
  'somebody calls 15006': 'delivered 15006',
}

function expectedOf({inbound, dns}: Omit<RuleSet, 'family'>): typeof TODAY {
  return {
    ...TODAY,
    ...(dns === 'none' ? NO_DNS : dns === 'early' ? EARLY_DNS : {}),
    ...(inbound === 'tproxy' ? TPROXY : inbound === 'none' ? BYPASS : {}),
  }
}

const NAMES = Object.keys(TODAY).filter((name): name is WalkName => Object.hasOwn(WALKS, name))
const ALL = Object.entries({...RELEASES, ...BYPASSING}).flatMap(([release, set]) =>
  ([4, 6] as const).map((family) => ({release, set, family})),
)

describe.each(ALL)('$release, IPv$family', ({set, family}) => {
  test('every walk', () => {
    const namespaces = withRules({[family]: rulesOf({...set, family})})
    const ends = Object.fromEntries(NAMES.map((walk) => [walk, endsOf(namespaces, {walk, family})]))
    // H.5: in IPv6 the connection goes to the pod itself.
    const marked = family === 6 ? {'a socket with mark 0x111 calls out': 'dropped ECONNREFUSED'} : {}
    expect(ends).toEqual({...expectedOf(set), ...marked})
  })
})

test.each([4, 6] as const)('the shipped state of an older release, IPv%i: nothing is wrong, and every walk', (family) => {
  const namespaces = edited({}, 'in-pod-tproxy')
  expect(found(namespaces)).toEqual([])
  const names = NAMES.filter((walk) => walk !== 'a socket with mark 0x111 calls out')
  const expected = expectedOf({inbound: 'tproxy', dns: 'early'})
  for (const walk of names) expect(`${walk}: ${endsOf(namespaces, {walk, family})}`).toBe(`${walk}: ${expected[walk]}`)
})

const NORMAL = {family: 4, inbound: 'redirect', dns: 'all'} as const

/** What findings say happens without a rule: it does. */
const WITHOUT: readonly {readonly set: RuleSet; readonly rule: string; readonly ends: Partial<typeof TODAY>}[] = [
  {
    set: NORMAL,
    rule: 'OUTPUT -j ISTIO_OUTPUT',
    ends: {'the app calls out': 'left', 'the app asks DNS over UDP': 'left', 'the app asks DNS over TCP': 'left'},
  },
  {set: NORMAL, rule: '--to-ports 15001', ends: {'the app calls out': 'left', 'the app asks DNS over TCP': 'captured 15053'}},
  {set: NORMAL, rule: '! -o lo -p udp', ends: {'the app asks DNS over UDP': 'left'}},
  {
    set: NORMAL,
    rule: '-p tcp -m tcp --dport 53',
    ends: {'the app asks DNS over TCP': 'captured 15001', 'the app calls its own port 53': 'dropped ECONNREFUSED'},
  },
  {set: NORMAL, rule: '-o lo -j ACCEPT', ends: {'the app calls its own address': 'captured 15001'}},
  {
    set: NORMAL,
    rule: '-d 169.254.7.127/32',
    ends: {'the app calls the address of probes': 'captured 15001', 'the kubelet probes': 'delivered 9080'},
  },
  {set: NORMAL, rule: '--mark 0x111/0xfff -j ACCEPT', ends: {'a socket with mark 0x111 calls out': 'dropped ENETUNREACH'}},
  {
    set: NORMAL,
    rule: '-s 169.254.7.127/32',
    ends: {'the kubelet probes': 'captured 15006', 'a process of the node calls the service': 'captured 15006'},
  },
  {set: NORMAL, rule: '--to-ports 15006', ends: {'plaintext comes in': 'delivered 9080', 'HBONE comes in': 'delivered 15008'}},
  {set: {...NORMAL, inbound: 'tproxy'}, rule: '-s 169.254.7.127/32', ends: {'the kubelet probes': 'captured 15006'}},
  {set: {...NORMAL, inbound: 'tproxy'}, rule: '-i lo -p tcp -j ACCEPT', ends: {'the app calls its own address': 'captured 15006'}},
  {set: {...NORMAL, inbound: 'tproxy'}, rule: '--on-port 15008', ends: {'HBONE comes in': 'captured 15006'}},
  {set: {...NORMAL, inbound: 'tproxy'}, rule: 'RELATED,ESTABLISHED', ends: {'ztunnel calls out': 'asymmetric timeout'}},
  {set: {...NORMAL, inbound: 'tproxy'}, rule: '--on-port 15006', ends: {'plaintext comes in': 'delivered 9080'}},
]

describe('without a rule', () => {
  test.each(WITHOUT)('$set.inbound, $rule', ({set, rule, ends}) => {
    const table = rule.startsWith('OUTPUT') ? 'nat' : undefined
    const rules = rulesOf(set).filter((one) => !(one.rule.includes(rule) && (table === undefined || one.table === table)))
    expect(rules).toHaveLength(rulesOf(set).length - 1)
    const names = NAMES.filter((name) => ends[name] !== undefined)
    expect(Object.fromEntries(names.map((walk) => [walk, endsOf(withRules({4: rules}), {walk, family: 4})]))).toEqual(ends)
  })
})

/** ambient-ga E: what ztunnel sends in the name of the client is answered over table 100, or not at all. */
const LOST: readonly {readonly what: string; readonly edits: Edits}[] = [
  {what: 'the ip rule', edits: {'pod:ip-rule': (text) => text.replace(/^32764.*\n/m, '')}},
  {what: 'the route', edits: {'pod:ip-route': (text) => text.replace(/^local default.*\n/m, '')}},
  {what: 'noting the mark', edits: {'pod:iptables-save': (text) => text.replace(/^.*--set-xmark 0x111.*\n/m, '')}},
  {what: 'restoring the mark', edits: {'pod:iptables-save': (text) => text.replace(/^.*--restore-mark.*\n/m, '')}},
]

test.each(LOST)('without $what the app answers the client past ztunnel', ({edits}) => {
  expect(endsOf(edited(edits), {walk: 'ztunnel calls the app as the client', family: 4})).toBe('asymmetric timeout')
})

describe('virtual interfaces', () => {
  const walk = 'plaintext comes in'
  const guest = (device: string): string => endsOf(rerouted(device), {walk, family: 4})

  test('what comes from them is what the pod sends', () => {
    expect(guest('eth0')).toBe('captured 15001')
    expect(guest('fake0')).toBe('captured 15006')
  })

  function rerouted(device: string): ReturnType<typeof withRules> {
    return withRules({4: rulesOf({...NORMAL, virtual: [device]})})
  }
})

test('interfaces that are excluded are not captured', () => {
  const namespaces = withRules({4: rulesOf({...NORMAL, excluded: ['eth0']})})
  expect(endsOf(namespaces, {walk: 'plaintext comes in', family: 4})).toBe('delivered 9080')
  expect(endsOf(namespaces, {walk: 'the app calls out', family: 4})).toBe('left')
})

test('a pod without rules of IPv6 is captured in IPv4 alone', () => {
  const namespaces = edited({'pod:ip6tables-save': '', 'pod:ip6-rule': (text) => text.replace(/^32764.*\n/m, '')})
  expect(endsOf(namespaces, {walk: 'the app calls out', family: 6})).toBe('left')
  expect(endsOf(namespaces, {walk: 'plaintext comes in', family: 6})).toBe('delivered 9080')
  expect(endsOf(namespaces, {walk: 'the app calls out', family: 4})).toBe('captured 15001')
})
