import fc from 'fast-check'
import {parsePrefix, type Family, type Prefix} from '../../../../src/kernel/config/ip.js'
import type {NextHop, Route, RouteType, RoutingAction, RoutingRule} from '../../../../src/kernel/config/model.js'

const device = fc.constantFrom('eth0', 'istioin', 'veth1234')
const table = fc.constantFrom('main', 'local', '100', 'default')
const range = fc.tuple(fc.integer({min: 1, max: 60_000}), fc.nat(3)).map(([from, more]) => ({from, to: from + more}))

function prefix(family: Family): fc.Arbitrary<Prefix> {
  const [address, bits] = family === 4 ? [fc.ipV4(), 32] : [fc.ipV6(), 128]
  return fc
    .tuple(address, fc.integer({min: 1, max: bits}))
    .map(([ip, length]) => parsePrefix(`${ip}/${length}`, family) ?? {family, value: 0n, length: 1})
}

const action: fc.Arbitrary<RoutingAction> = fc.oneof(
  table.map((name) => ({kind: 'lookup' as const, table: name})),
  fc.record({kind: fc.constant('lookup'), table, suppressPrefixLength: fc.nat(32)}),
  fc.record({kind: fc.constant('goto'), priority: fc.nat(40_000)}),
  fc.record({kind: fc.constantFrom('unreachable', 'prohibit', 'blackhole', 'nop')}),
)

/** Everything `ip rule` prints that is modelled, and selectors that are not. */
export function routingRule(family: Family): fc.Arbitrary<RoutingRule> {
  return fc.record(
    {
      priority: fc.nat(40_000),
      negated: fc.boolean(),
      source: prefix(family),
      destination: prefix(family),
      mark: fc.record({value: fc.nat(0xffff_ffff), mask: fc.nat(0xffff_ffff)}),
      inDevice: device,
      outDevice: device,
      tos: fc.constantFrom(0x08, 0x10, 0x1c, 0x20),
      protocol: fc.constantFrom('tcp', 'udp', 'ipproto-99'),
      sourcePorts: range,
      destinationPorts: range,
      unknown: fc.constantFrom<readonly string[]>([], ['tun_id 5'], ['tun_id 5', 'suppress_ifgroup 3']),
      action,
    },
    {requiredKeys: ['priority', 'negated', 'unknown', 'action'], noNullPrototype: true},
  )
}

const REFUSING = ['unreachable', 'prohibit', 'blackhole', 'throw'] as const
const LEADING = ['unicast', 'local', 'broadcast', 'anycast', 'multicast'] as const

function nextHop(family: Family, weight: fc.Arbitrary<number>): fc.Arbitrary<NextHop> {
  const via = family === 4 ? fc.constantFrom('10.0.0.1', 'fe80::1') : fc.constantFrom('fd00::1', 'fd00::2')
  return fc.record(
    {via, device, weight, onlink: fc.boolean(), dead: fc.boolean()},
    {requiredKeys: ['device', 'weight', 'onlink', 'dead'], noNullPrototype: true},
  )
}

type Printed = Omit<Route, 'order'>

/** Routes of every type, with one next hop, several, or none. */
export function route(family: Family): fc.Arbitrary<Printed> {
  const several = fc.array(nextHop(family, fc.integer({min: 1, max: 9})), {minLength: 2, maxLength: 3})
  const hops = fc.oneof(
    nextHop(family, fc.constant(1)).map((one) => [one]),
    several,
  )
  return fc.oneof(
    {weight: 1, arbitrary: routeOf(family, {types: REFUSING, hops: fc.constant([])})},
    {weight: 4, arbitrary: routeOf(family, {types: LEADING, hops})},
  )
}

interface Kinds {
  readonly types: readonly RouteType[]
  readonly hops: fc.Arbitrary<readonly NextHop[]>
}

function routeOf(family: Family, {types, hops}: Kinds): fc.Arbitrary<Printed> {
  return fc.record(
    {
      table,
      type: fc.constantFrom(...types),
      destination: fc.oneof(fc.constant({family, value: 0n, length: 0}), prefix(family)),
      source: prefix(family),
      tos: fc.constantFrom(0x08, 0x10),
      ...(types === LEADING ? {unread: fc.constantFrom('encap ip', 'encap mpls')} : {}),
      nextHops: hops,
      preferredSource: family === 4 ? fc.ipV4() : fc.constant('fd00::9'),
      metric: fc.nat(4096),
      scope: fc.constantFrom('global', 'link', 'host'),
    },
    {requiredKeys: ['table', 'type', 'destination', 'nextHops', 'metric', 'scope'], noNullPrototype: true},
  )
}
