import fc from 'fast-check'
import type {Family} from '../../src/kernel/config/ip.js'
import type {LabAttempt, LabListener, LabScenario, Layout, Loader, NamespaceState} from './lab-scenario.js'
import {knownState} from './known-rules.js'
import {hex, MARKS, MASKS, USERS} from './wording.js'
import {rulesetText} from './rulesets.js'
import {DEVICES, DIALLED, NETWORKS, OWN, ROLES, type Role} from './topology.js'

/** Members that packets of the suite meet, with an exception and several types. */
function setsText(family: Family): string {
  const [pod, other, virtual, client, net, gateway] =
    family === 4
      ? ['10.2.0.2', '10.2.0.7', '10.96.0.10', '10.1.0.2', '10.2.0.0/24', '10.2.0.1']
      : ['fd02::2', 'fd02::7', 'fd96::10', 'fd01::2', 'fd02::/64', 'fd02::1']
  const inet = family === 4 ? 'inet' : 'inet6'
  return `create ips hash:ip family ${inet}
add ips ${pod}
add ips ${virtual}
add ips ${client}
create nets hash:net family ${inet}
add nets ${net}
add nets ${gateway} nomatch
create ports hash:ip,port family ${inet}
add ports ${pod},tcp:80
add ports ${pod},udp:53
add ports ${virtual},80
create pairs hash:ip,port family ${inet}
add pairs ${client},tcp:80
create dev hash:net,iface family ${inet}
add dev ${net},pod0
add dev ${client},cli0
create marks list:set
add marks ips
add marks nets
create other hash:ip,port,ip family ${inet}
add other ${client},tcp:80,${other}
`
}

const rarely = fc.oneof({weight: 3, arbitrary: fc.constant(false)}, {weight: 1, arbitrary: fc.constant(true)})
const TABLE_NAMES = ['100', '101'] as const

/** A capture table, a way through the tunnel, and routes that refuse. */
function route(family: Family, role: Role): fc.Arbitrary<string> {
  const table = fc.constantFrom(...TABLE_NAMES)
  const network = fc.constantFrom('default', ...NETWORKS[family].filter((one) => !one.startsWith('127.') && !one.startsWith('::1')))
  const [across, out] = waysOut(family, role)
  return fc.oneof(
    {weight: 3, arbitrary: fc.tuple(network, table).map(([to, name]) => `local ${to} dev lo table ${name}`)},
    {weight: 3, arbitrary: fc.tuple(network, table, fc.constantFrom(across, out)).map(([to, name, way]) => `${to} ${way} table ${name}`)},
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('unreachable', 'blackhole', 'prohibit', 'throw'), network, table)
        .map(([kind, to, name]) => `${kind} ${to} table ${name}`),
    },
  )
}

function waysOut(family: Family, role: Role): readonly [across: string, out: string] {
  const ways: Readonly<Record<Role, Readonly<Record<Family, readonly [string, string]>>>> = {
    client: {4: ['via 10.1.0.1 dev eth0', 'via 10.1.0.1 dev eth0'], 6: ['via fd01::1 dev eth0', 'via fd01::1 dev eth0']},
    node: {4: ['via 10.3.0.2 dev tun0', 'via 10.2.0.2 dev pod0'], 6: ['via fd03::2 dev tun0', 'via fd02::2 dev pod0']},
    pod: {4: ['via 10.3.0.1 dev tun0', 'via 10.2.0.1 dev eth0'], 6: ['via fd03::1 dev tun0', 'via fd02::1 dev eth0']},
  }
  return ways[role][family]
}

function policy(family: Family, role: Role): fc.Arbitrary<string> {
  const network = fc.constantFrom(...NETWORKS[family])
  const selector = fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...MARKS), fc.constantFrom(...MASKS))
        .map(([value, mask]) => `fwmark ${hex((value & mask) >>> 0)}/${hex(mask)}`),
    },
    network.map((to) => `to ${to}`),
    network.map((from) => `from ${from}`),
    fc.constantFrom(...DEVICES[role]).map((name) => `iif ${name}`),
    fc.constantFrom('tos 0x10', 'tos 0x08'),
    fc.constantFrom('ipproto tcp dport 80', 'ipproto udp', 'ipproto tcp', 'sport 80'),
  )
  const action = fc.oneof(
    {weight: 5, arbitrary: fc.constantFrom(...TABLE_NAMES).map((name) => `lookup ${name}`)},
    {weight: 2, arbitrary: fc.constantFrom('goto 32766', 'lookup main', 'lookup main suppress_prefixlength 0')},
    {weight: 1, arbitrary: fc.constantFrom('unreachable', 'prohibit', 'blackhole')},
  )
  return fc
    .tuple(fc.integer({min: 1, max: 400}), rarely, selector, action)
    .map(([priority, negated, chosen, act]) => `pref ${priority} ${negated ? 'not ' : ''}${chosen} ${act}`)
}

const captureState = fc.constantFrom(...MARKS).map((value) => ({
  routes: ['local default dev lo table 100'],
  policies: [`pref 30 fwmark ${hex(value)}/0xfff lookup 100`],
}))

function routing(family: Family, role: Role): fc.Arbitrary<Pick<NamespaceState, 'routes' | 'policies'>> {
  const random = fc.record({
    // The kernel refuses a second route to the same prefix.
    routes: fc.uniqueArray(route(family, role), {maxLength: 3, selector: prefixAndTable}),
    policies: fc.uniqueArray(policy(family, role), {maxLength: 3, selector: (one) => one.split(' ')[1]}),
  })
  const none = fc.constant({routes: [], policies: []})
  return fc.oneof({weight: 3, arbitrary: random}, {weight: 3, arbitrary: captureState}, {weight: 3, arbitrary: none})
}

function prefixAndTable(text: string): string {
  const words = text.split(' ')
  const to = /^(local|unreachable|blackhole|prohibit|throw)$/.test(words[0] ?? '') ? words[1] : words[0]
  return `${to ?? ''} ${words.at(-1) ?? ''}`
}

/** Who answers for an address, and who asks in which name. */
const ARP = ['arp_ignore=1', 'arp_ignore=2', 'arp_ignore=3', 'arp_ignore=8', 'arp_filter=1', 'arp_announce=1', 'arp_announce=2'] as const

function sysctls(role: Role): fc.Arbitrary<readonly string[]> {
  const flag = (weight: number): fc.Arbitrary<number> =>
    fc.oneof({weight, arbitrary: fc.constant(0)}, {weight: 1, arbitrary: fc.constant(1)})
  const filter = fc.oneof(
    {weight: 5, arbitrary: fc.constant(0)},
    {weight: 1, arbitrary: fc.constant(1)},
    {weight: 1, arbitrary: fc.constant(2)},
  )
  const devices = ['all', ...DEVICES[role]]
  return fc
    .record({
      filters: fc.tuple(...devices.map(() => filter)),
      localnet: flag(2),
      validMark: flag(1),
      acceptLocal: flag(2),
      forward: role === 'node' ? fc.constant(1) : flag(1),
      bridgeCalls: flag(1),
      arp: fc.oneof({weight: 7, arbitrary: fc.constant('')}, {weight: 1, arbitrary: fc.constantFrom(...ARP)}),
    })
    .map(({filters, localnet, validMark, acceptLocal, forward, bridgeCalls, arp}) => [
      ...['iptables', 'ip6tables'].map((program) => `net.bridge.bridge-nf-call-${program}=${bridgeCalls}`),
      `net.ipv4.ip_forward=${forward}`,
      `net.ipv6.conf.all.forwarding=${forward}`,
      ...devices.map((name, index) => `net.ipv4.conf.${name}.rp_filter=${filters[index] ?? 0}`),
      `net.ipv4.conf.all.route_localnet=${localnet}`,
      `net.ipv4.conf.all.src_valid_mark=${validMark}`,
      `net.ipv4.conf.all.accept_local=${acceptLocal}`,
      ...(arp === '' ? [] : [`net.ipv4.conf.all.${arp}`]),
    ])
}

const loader: fc.Arbitrary<Loader> = fc.constantFrom('iptables-legacy', 'iptables-nft', 'nft')

function namespaceState(family: Family, role: Role): fc.Arbitrary<NamespaceState> {
  const made = loader.chain((chosen) =>
    fc.record({
      loader: fc.constant(chosen),
      rules: rulesetText({family, role, loader: chosen}),
      routing: routing(family, role),
      further: furtherRules(family, {role, loader: chosen}),
    }),
  )
  const known = knownState(family, role).map(({routes, policies, ...rest}) => ({...rest, routing: {routes, policies}, further: undefined}))
  return fc.tuple(fc.oneof({weight: 6, arbitrary: made}, {weight: 1, arbitrary: known}), sysctls(role)).map(
    ([
      {
        loader: chosen,
        rules,
        routing: {routes, policies},
        further,
      },
      settings,
    ]) => ({
      loader: chosen,
      rules,
      ...(further === undefined ? {} : {further}),
      sets: chosen === 'nft' ? '' : setsText(family),
      routes,
      policies,
      sysctls: settings,
    }),
  )
}

/** Rules of the other backend in the same namespace. Those of iptables-nft would be listed by nft too. */
function furtherRules(
  family: Family,
  {role, loader: first}: {readonly role: Role; readonly loader: Loader},
): fc.Arbitrary<NamespaceState['further']> {
  if (first !== 'iptables-legacy') return fc.constant(undefined)
  const more = fc
    .constantFrom<Loader>('iptables-nft', 'nft')
    .chain((chosen) => rulesetText({family, role, loader: chosen}).map((rules) => ({loader: chosen, rules})))
  return fc.oneof({weight: 2, arbitrary: fc.constant(undefined)}, {weight: 1, arbitrary: more})
}

function attempt(family: Family): fc.Arbitrary<LabAttempt> {
  const ports = fc.constantFrom(80, 80, 80, 53, 53, 81, 8080, 15_001, 15_006, 15_008)
  return fc
    .record({
      role: fc.constantFrom('client' as const, 'client' as const, 'node' as const, 'pod' as const),
      protocol: fc.constantFrom('tcp' as const, 'tcp' as const, 'tcp' as const, 'udp' as const, 'udp' as const, 'icmp' as const),
      ip: fc.constantFrom(...DIALLED[family]),
      port: ports,
      mark: fc.oneof({weight: 2, arbitrary: fc.constant(0)}, {weight: 1, arbitrary: fc.constantFrom(...MARKS)}),
      user: fc.constantFrom(...USERS),
      group: fc.constantFrom(...USERS),
      binding: fc.nat(9),
      foreign: fc.constantFrom(...OWN.client[family].slice(0, 1), ...OWN.pod[family]),
    })
    .map(({role, protocol, ip, port, binding, foreign, ...rest}) => ({
      ...rest,
      role,
      protocol,
      destination: {ip, port: protocol === 'icmp' ? 0 : port},
      transparent: binding === 9 && protocol !== 'icmp' && role === 'node',
      ...sourceOf({binding, own: OWN[role][family], foreign: role === 'node' && protocol !== 'icmp' ? foreign : undefined}),
    }))
}

/** Mostly the kernel chooses; else one of the own addresses, or, for a transparent socket, a foreign one. */
function sourceOf({
  binding,
  own,
  foreign,
}: {
  readonly binding: number
  readonly own: readonly string[]
  readonly foreign: string | undefined
}): {readonly source?: string} {
  if (binding === 9 && foreign !== undefined) return {source: foreign}
  const source = binding >= 6 ? own[binding % own.length] : undefined
  return source === undefined ? {} : {source}
}

function listeners(family: Family): fc.Arbitrary<readonly LabListener[]> {
  const any = family === 4 ? '0.0.0.0' : '::'
  const loopback = family === 4 ? '127.0.0.1' : '::1'
  const special = family === 4 ? '10.2.0.2' : 'fd02::2'
  const options = fc.record({
    mark: fc.constantFrom(0, ...MARKS),
    transparent: fc.oneof({weight: 3, arbitrary: fc.constant(true)}, {weight: 1, arbitrary: fc.constant(false)}),
  })
  const plain = {mark: 0, transparent: false}
  return fc
    .tuple(options, options, options)
    .map((chosen) => [
      ...ROLES.flatMap((role): readonly LabListener[] => [
        {role, protocol: 'tcp', ip: any, port: 80, ...plain},
        {role, protocol: 'udp', ip: any, port: 53, ...plain},
        {role, protocol: 'udp', ip: any, port: 80, ...plain},
        {role, protocol: 'tcp', ip: loopback, port: 8080, ...plain},
        ...[15_001, 15_006, 15_008].map((port, index) => ({role, protocol: 'tcp' as const, ip: any, port, ...plain, ...chosen[index]})),
        ...[15_001, 15_006].map((port, index) => ({role, protocol: 'udp' as const, ip: any, port, ...plain, ...chosen[index]})),
      ]),
      {role: 'pod', protocol: 'tcp', ip: special, port: 53, ...plain},
    ])
}

const layout = fc.oneof(
  {weight: 4, arbitrary: fc.constant<Layout>('links')},
  {weight: 2, arbitrary: fc.constant<Layout>('tunnel')},
  {weight: 1, arbitrary: fc.constantFrom<Layout>('bridge', 'routed-bridge')},
)

/** A random state of the three namespaces with attempts. */
export function labScenario(attempts: number): fc.Arbitrary<LabScenario> {
  return fc.constantFrom(4 as const, 4 as const, 6 as const).chain((family) =>
    fc.record({
      // First, because that is what shrinking tries first.
      attempts: fc.array(attempt(family), {minLength: 1, maxLength: attempts, size: 'max'}),
      family: fc.constant(family),
      layout,
      namespaces: fc.record({
        client: namespaceState(family, 'client'),
        node: namespaceState(family, 'node'),
        pod: namespaceState(family, 'pod'),
      }),
      listeners: fc.noShrink(listeners(family)),
    }),
  )
}
