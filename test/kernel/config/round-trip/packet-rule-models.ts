import fc from 'fast-check'
import {parsePrefix, type Family, type Prefix} from '../../../../src/kernel/config/ip.js'
import type {Match, Target} from '../../../../src/kernel/config/packet-rules.js'

/** What a rule says, apart from where it stands. */
export interface RuleModel {
  readonly matches: readonly Match[]
  readonly target: Target
}

/** The two tools say different things: each side leaves out what it has no words for. */
export type Tool = 'iptables' | 'nft'

/** Chains that a rule may name. */
export const USER_CHAINS = ['sub', 'KUBE-SVC-TCOU7JCQXEZGVUNU'] as const

export function ruleModel(tool: Tool, family: Family): fc.Arbitrary<RuleModel> {
  return fc.record({
    matches: fc.array(matches(tool, family), {maxLength: 4}).map((all) => modulesLast(all.flat())),
    target: target(tool, family),
  })
}

/** Options of a module reach up to the next one: what every rule has stands before. */
function modulesLast(all: readonly Match[]): readonly Match[] {
  const isModule = ({kind}: Match): boolean => kind === 'socket' || kind === 'recent' || kind === 'unknown'
  return [...all.filter((one) => !isModule(one)), ...all.filter(isModule)]
}

const word = fc.nat({max: 0xffff_ffff})
const port = fc.integer({min: 1, max: 65_535})
const negated = fc.boolean()
const never = fc.constant(false)

const range = fc.tuple(port, fc.nat(100)).map(([from, more]) => ({from, to: Math.min(65_535, from + more)}))
const mark = fc.record({value: word, mask: word})

function prefix(family: Family): fc.Arbitrary<Prefix> {
  const bits = family === 4 ? 32 : 128
  const address = family === 4 ? fc.ipV4() : fc.ipV6()
  return fc.tuple(address, fc.nat(bits)).map(([ip, length]) => parsePrefix(`${ip}/${length}`, family) ?? {family, value: 0n, length: 0})
}

const dscp = (code: number): {readonly value: number; readonly mask: number} => ({value: code << 2, mask: 0xfc})
const TUPLE_END = {of: fc.constantFrom('original', 'reply'), side: fc.constantFrom('source', 'destination')}
const STATUSES = ['SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'EXPECTED']
const PROTOCOLS = ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp'] as const
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']

/** One condition, or for ports the two that they are read as. */
function matches(tool: Tool, family: Family): fc.Arbitrary<readonly Match[]> {
  const common: readonly fc.Arbitrary<Match>[] = [
    fc.record({
      kind: fc.constantFrom('source', 'destination'),
      negated,
      prefixes: fc.array(prefix(family), {minLength: 1, maxLength: tool === 'nft' ? 3 : 1}),
    }),
    fc.record({kind: fc.constantFrom('in-device', 'out-device'), negated, name: fc.constantFrom('eth0', 'lo', 'veth+')}),
    fc.record({kind: fc.constant('protocol'), negated, protocol: fc.constantFrom(...PROTOCOLS)}),
    fc.record({kind: fc.constant('mark'), negated, mark}),
    fc.record({kind: fc.constant('type-of-service'), negated, tos: fc.nat(63).map(dscp)}),
    fc.record({
      kind: fc.constant('tcp-flags'),
      negated,
      mask: fc.subarray(FLAGS, {minLength: 1}),
      set: fc.subarray(FLAGS, {minLength: 1}),
    }),
    fc.record({
      kind: fc.constant('ct-state'),
      negated,
      states: fc.subarray(['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'], {minLength: 1}),
    }),
  ]
  const ofConnection: readonly fc.Arbitrary<Match>[] = [
    fc.record({kind: fc.constant('connmark'), negated, mark}),
    fc.record({kind: fc.constant('ct-address'), negated, ...TUPLE_END, prefixes: fc.tuple(prefix(family))}),
    fc.record({kind: fc.constant('ct-port'), negated, ...TUPLE_END, ranges: fc.tuple(range)}),
    fc.record({kind: fc.constant('ct-protocol'), negated, protocol: fc.constantFrom('tcp', 'udp', 'icmp', 'icmpv6')}),
    fc.record({kind: fc.constant('ct-status'), negated: tool === 'nft' ? never : negated, statuses: fc.subarray(STATUSES, {minLength: 1})}),
    fc.record({
      kind: fc.constant('ct-direction'),
      negated: tool === 'nft' ? negated : never,
      direction: fc.constantFrom('ORIGINAL', 'REPLY'),
    }),
  ]
  const strict = tool === 'nft' ? {strict: true as const} : {}
  const own = tool === 'iptables' ? ofIptables : ofNft
  return fc.oneof(
    fc.oneof(...common, ...own).map((one) => [one]),
    fc.oneof(...ofConnection).map((one) => [{...one, ...strict}]),
    portMatch(tool),
  )
}

const ofIptables: readonly fc.Arbitrary<Match>[] = [
  fc.record({kind: fc.constant('any-port'), negated, ranges: fc.array(range, {minLength: 1, maxLength: 3})}),
  fc.record({kind: fc.constant('icmp-type'), negated, type: fc.nat(255), code: fc.nat(15)}),
  fc.record({kind: fc.constant('set'), negated, set: fc.constantFrom('pods', 's'), sides: fc.constantFrom(['src'], ['dst', 'src'])}),
  fc.record({
    kind: fc.constant('address-type'),
    negated,
    side: fc.constantFrom('source', 'destination'),
    types: fc.subarray(['LOCAL', 'UNICAST', 'MULTICAST'], {minLength: 1}),
  }),
  fc.record({kind: fc.constant('probability'), negated, probability: fc.nat(2 ** 31).map((share) => (share / 2 ** 31).toFixed(11))}),
  fc
    .tuple(negated, fc.integer({min: 2, max: 9}), fc.nat(8))
    .map(([not, every, packet]) => ({kind: 'every-nth', negated: not, every, packet: packet % every})),
  fc.record({kind: fc.constant('socket-exists'), negated}),
  fc.record({kind: fc.constant('owner'), negated, of: fc.constantFrom('user', 'group'), ids: fc.tuple(range)}),
  fc.record({kind: fc.constant('socket'), negated: never, transparent: fc.boolean(), wildcard: fc.boolean()}),
  fc.record({
    kind: fc.constant('recent'),
    negated: never,
    list: fc.constantFrom('KUBE-SEP-A', 'DEFAULT'),
    notes: fc.boolean(),
    side: fc.constantFrom('source', 'destination'),
  }),
  fc.record({kind: fc.constant('unknown'), negated: never, text: fc.constantFrom('-m hashlimit --hashlimit-name x', '-m time')}),
]

const ofNft: readonly fc.Arbitrary<Match>[] = [
  fc.uniqueArray(fc.constantFrom('tcp', 'udp', 'icmp'), {minLength: 2, maxLength: 3}).map((protocols) => ({
    kind: 'one-of',
    negated: false,
    options: protocols.map((protocol) => [{kind: 'protocol', negated: false, protocol}]),
  })),
  fc.uniqueArray(word, {minLength: 2, maxLength: 3}).map((values) => ({
    kind: 'one-of',
    negated: false,
    options: values.map((value) => [{kind: 'connmark', negated: false, mark: {value, mask: 0xffff_ffff}, strict: true}]),
  })),
  fc.record({kind: fc.constant('set'), negated, set: fc.constantFrom('pods', 's'), sides: fc.constantFrom(['src'], ['dst'])}),
  fc.record({
    kind: fc.constant('address-type'),
    negated,
    side: fc.constantFrom('source', 'destination'),
    types: fc.constantFrom(['LOCAL'], ['UNICAST']),
    byRoute: fc.constant(true),
  }),
  fc.record({
    kind: fc.constant('probability'),
    negated: never,
    probability: fc.nat(2 ** 31).map((share) => (share / 2 ** 31).toFixed(11)),
  }),
  fc
    .tuple(fc.integer({min: 2, max: 9}), fc.nat(8))
    .map(([every, packet]) => ({kind: 'every-nth', negated: false, every, packet: packet % every})),
  fc
    .record({kind: fc.constant('owner'), negated, of: fc.constantFrom('user', 'group'), id: fc.nat(70_000), strict: fc.constant(true)})
    .map(({id, ...rest}) => ({...rest, ids: [{from: id, to: id}]})),
  fc.constant({kind: 'socket', negated: false, transparent: true, wildcard: true}),
  fc.record({
    kind: fc.constant('ct-status'),
    negated: never,
    statuses: fc.constantFrom(['SNAT'], ['DNAT'], ['SNAT', 'DNAT']),
    strict: fc.constant(true),
  }),
]

/** nft says the protocol in the same breath. */
function portMatch(tool: Tool): fc.Arbitrary<readonly Match[]> {
  return fc
    .record({
      protocol: fc.constantFrom('tcp', 'udp'),
      kind: fc.constantFrom('source-port', 'destination-port'),
      negated,
      ranges: fc.array(range, {minLength: 1, maxLength: 3}),
    })
    .map(({protocol, ...body}) => (tool === 'nft' ? [{kind: 'protocol', negated: false, protocol}, body] : [body]))
}

const RANGES: Readonly<Record<Family, {readonly ip: fc.Arbitrary<string>; readonly lastIp: fc.Arbitrary<string>}>> = {
  4: {ip: fc.constant('10.0.0.250'), lastIp: fc.constantFrom('10.0.0.251', '10.0.1.3')},
  6: {ip: fc.constant('fd00::1'), lastIp: fc.constantFrom('fd00::2', 'fd00::10')},
}

function target(tool: Tool, family: Family): fc.Arbitrary<Target> {
  const ip = (family === 4 ? fc.ipV4() : fc.constantFrom('fd00::1', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff')).map((text) => ({ip: text}))
  const few = fc.tuple(port, fc.nat(15)).map(([from, more]) => ({ports: {from, to: Math.min(65_535, from + more)}}))
  const random = fc.constantFrom({}, {random: true as const})
  const toPorts = fc.oneof(
    fc.constant({}),
    range.map((chosen) => ({ports: chosen})),
  )
  const common: readonly fc.Arbitrary<Target>[] = [
    fc.record({kind: fc.constantFrom('accept', 'drop', 'return')}),
    fc.record({kind: fc.constantFrom('jump', 'goto'), chain: fc.constantFrom(...USER_CHAINS)}),
    fc.record({kind: fc.constantFrom('set-mark', 'set-connmark'), change: mark}),
    toPorts.map((chosen) => ({kind: 'redirect', ...chosen})),
    fc.tuple(few, random).map(([chosen, how]) => ({kind: 'redirect', ...chosen, ...how})),
    fc.tuple(ip, toPorts).map(([to, chosen]) => ({kind: 'dnat', ...to, ...chosen})),
    fc.tuple(ip, few, random).map(([to, chosen, how]) => ({kind: 'dnat', ...to, ...chosen, ...how})),
    fc.record({kind: fc.constant('dnat'), ...RANGES[family]}),
    fc.tuple(ip, toPorts, random).map(([to, chosen, how]) => ({kind: 'snat', ...to, ...chosen, ...how})),
    fc.tuple(range, random).map(([ports, how]) => ({kind: 'snat', ports, ...how})),
    fc.record({kind: fc.constant('snat'), ...RANGES[family]}),
    fc.tuple(fc.boolean(), toPorts).map(([randomPort, chosen]) => ({kind: 'masquerade', randomPort, ...chosen})),
    fc
      .record(
        {kind: fc.constant('zone'), zone: fc.nat(65_535), of: fc.constantFrom('original', 'reply')},
        {requiredKeys: ['kind', 'zone'], noNullPrototype: true},
      )
      .map((one) => (tool === 'nft' ? {...one, overrides: true} : one)),
    fc.constant(tool === 'nft' ? {kind: 'notrack', overrides: true} : {kind: 'notrack'}),
    fc.nat(63).map((code) => ({kind: 'set-tos', change: dscp(code)})),
    fc.constant({kind: 'continue', name: 'LOG'}),
  ]
  return fc.oneof(...common, ...(tool === 'iptables' ? iptablesTargets : nftTargets))
}

const iptablesTargets: readonly fc.Arbitrary<Target>[] = [
  fc.record({kind: fc.constant('reject'), with: fc.constantFrom('icmp-port-unreachable', 'tcp-reset')}),
  fc.record({kind: fc.constantFrom('save-mark', 'restore-mark'), packetMask: word, connectionMask: word}),
  fc.record({kind: fc.constant('tproxy'), port, mark}),
  fc.record({kind: fc.constant('tproxy'), port, mark, ip: fc.constant('127.0.0.1')}),
  fc.record(
    {kind: fc.constant('zone'), zone: fc.constant('mark'), of: fc.constantFrom('original', 'reply')},
    {requiredKeys: ['kind', 'zone'], noNullPrototype: true},
  ),
  fc.constantFrom({kind: 'continue', name: 'no target'}, {kind: 'continue', name: 'TRACE'}),
  fc.constantFrom({kind: 'unknown', text: '-j NFQUEUE --queue-num 1'}, {kind: 'unknown', text: '-g nowhere'}),
]

const ALL_BITS = 0xffff_ffff

const nftTargets: readonly fc.Arbitrary<Target>[] = [
  fc.record({kind: fc.constant('reject'), with: fc.constantFrom('icmp port-unreachable', 'tcp reset')}),
  word.map((packetMask) => ({kind: 'save-mark', packetMask, connectionMask: ALL_BITS})),
  word.map((connectionMask) => ({kind: 'restore-mark', packetMask: ALL_BITS, connectionMask})),
]
