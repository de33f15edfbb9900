import fc from 'fast-check'

/** Commands that build a routing state, and lookups to ask it. */
export interface Scenario {
  readonly routes: readonly (readonly string[])[]
  readonly rules: readonly (readonly string[])[]
  readonly lookups: readonly Lookup[]
}

export interface Lookup {
  readonly to: string
  readonly from?: string
  readonly inDevice?: string
  readonly mark: number
  readonly tos: number
}

const device = fc.constantFrom('dev0', 'dev1', 'dev2')
const table = fc.constantFrom('main', '100', '101')
const octet = fc.integer({min: 0, max: 3})
const address = fc.tuple(octet, octet, fc.integer({min: 2, max: 6})).map(([a, b, c]) => `10.${a}.${b}.${c}`)
const network = fc.oneof(
  fc.constant('default'),
  fc.tuple(octet, octet).map(([a, b]) => `10.${a}.${b}.0/24`),
  octet.map((a) => `10.${a}.0.0/16`),
  address.map((ip) => `${ip}/32`),
)
/** Also bits that IPv4 does not route by. */
const tos = fc.constantFrom(0, 0, 0x08, 0x10, 0x30, 0x11)
const mark = fc.constantFrom(0, 0x40, 0x100, 0x200, 0x140)

const route = fc.oneof(
  {weight: 3, arbitrary: fc.tuple(network, device, table).map(([to, dev, of]) => ['add', to, 'dev', dev, 'scope', 'link', 'table', of])},
  fc
    .tuple(network, fc.integer({min: 0, max: 2}), table)
    .map(([to, index, of]) => ['add', to, 'via', `10.${index}.0.9`, 'dev', `dev${index}`, 'table', of]),
  fc
    .tuple(network, device, table, fc.constantFrom('0x08', '0x10'))
    .map(([to, dev, of, type]) => ['add', to, 'tos', type, 'dev', dev, 'scope', 'link', 'table', of]),
  fc
    .tuple(fc.constantFrom('unreachable', 'throw', 'prohibit', 'blackhole'), network, table)
    .map(([kind, to, of]) => ['add', kind, to, 'table', of]),
  fc.tuple(network, table).map(([to, of]) => ['add', 'local', to, 'dev', 'lo', 'table', of === 'main' ? '100' : of]),
)

const selector = fc.oneof(
  fc.constant<readonly string[]>([]),
  fc.constantFrom(0x40, 0x100, 0x200).map((bits) => ['fwmark', `0x${bits.toString(16)}/0x${bits.toString(16)}`]),
  network.filter((to) => to !== 'default').map((to) => ['to', to]),
  network.filter((from) => from !== 'default').map((from) => ['from', from]),
  device.map((iif) => ['iif', iif]),
  fc.constantFrom('0x08', '0x10', '0x20').map((type) => ['tos', type]),
)

const action = fc.oneof(
  {weight: 4, arbitrary: fc.constantFrom('100', '101', 'main').map((of) => ['lookup', of])},
  fc.constantFrom(['goto', '32766'], ['unreachable'], ['prohibit'], ['blackhole']),
)

const rule = fc
  .tuple(fc.integer({min: 1, max: 400}), fc.boolean(), selector, action)
  .map(([priority, negated, chosen, act]) => [
    'add',
    ...(negated && chosen.length > 0 ? ['not'] : []),
    'pref',
    String(priority),
    ...chosen,
    ...act,
  ])

const lookup = fc
  .record({to: address, from: fc.option(address), inDevice: fc.option(device), mark, tos})
  .map(({from, inDevice, ...rest}): Lookup => {
    return inDevice === null || from === null ? rest : {...rest, from, inDevice}
  })

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  routes: fc.array(route, {maxLength: 8}),
  // Equal priorities would leave the order open.
  rules: fc.uniqueArray(rule, {maxLength: 5, selector: (one) => one[one.indexOf('pref') + 1]}),
  lookups: fc.array(lookup, {minLength: 12, maxLength: 12}),
})
