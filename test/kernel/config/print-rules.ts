import fc from 'fast-check'

/** One condition or target as `iptables-save` prints it, and as it is understood. */
export interface Printed<Model> {
  readonly text: string
  readonly model: Model
}

const hex = (value: number): string => `0x${value.toString(16)}`
const word = fc.nat({max: 0xffff_ffff})
const port = fc.integer({min: 1, max: 65_535})
const name = fc.constantFrom('eth0', 'istioin', 'lo', 'veth+')
const negation = fc.boolean()
const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255), fc.integer({min: 0, max: 32}))

/** `! ` stands before the option. */
function option(negated: boolean, text: string): string {
  return negated ? `! ${text}` : text
}

function prefixOf([a, b, c, d, length]: readonly [number, number, number, number, number]): {family: 4; value: bigint; length: number} {
  const value = (BigInt(a) << 24n) | (BigInt(b) << 16n) | (BigInt(c) << 8n) | BigInt(d)
  const drop = BigInt(32 - length)
  return {family: 4, value: (value >> drop) << drop, length}
}

const addressMatch = fc
  .tuple(negation, fc.constantFrom('source' as const, 'destination' as const), address)
  .map(([negated, kind, parts]) => ({
    text: option(negated, `${kind === 'source' ? '-s' : '-d'} ${parts.slice(0, 4).join('.')}/${parts[4]}`),
    model: {kind, negated, prefixes: [prefixOf(parts)]},
  }))

const deviceMatch = fc
  .tuple(negation, fc.constantFrom('in-device' as const, 'out-device' as const), name)
  .map(([negated, kind, device]) => ({
    text: option(negated, `${kind === 'in-device' ? '-i' : '-o'} ${device}`),
    model: {kind, negated, name: device},
  }))

const portMatch = fc.tuple(negation, port, fc.nat(100)).map(([negated, from, more]) => {
  const to = Math.min(65_535, from + more)
  return {
    text: `-m tcp ${option(negated, `--dport ${to === from ? from : `${from}:${to}`}`)}`,
    model: {kind: 'destination-port' as const, negated, ranges: [{from, to}]},
  }
})

const markMatch = fc
  .tuple(negation, fc.constantFrom('mark' as const, 'connmark' as const), word, word)
  .map(([negated, kind, value, mask]) => ({
    text: `-m ${kind} ${option(negated, `--mark ${hex(value)}/${hex(mask)}`)}`,
    model: {kind, negated, mark: {value, mask}},
  }))

const comment = fc.constantFrom('plain', 'with blanks', 'say "-j ACCEPT"', 'back\\slash').map((text) => ({
  text: `-m comment --comment "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  model: undefined,
}))

export const matches: fc.Arbitrary<Printed<object | undefined>[]> = fc.array(
  fc.oneof(addressMatch, deviceMatch, portMatch, markMatch, comment),
  {maxLength: 5},
)

const setMark = fc.tuple(word, word).map(([value, mask]) => ({
  text: `-j MARK --set-xmark ${hex(value)}/${hex(mask)}`,
  model: {kind: 'set-mark' as const, change: {value, mask}},
}))

const saveMark = fc.tuple(fc.constantFrom('save', 'restore'), word, word).map(([which, packetMask, connectionMask]) => ({
  text: `-j CONNMARK --${which}-mark --nfmask ${hex(packetMask)} --ctmask ${hex(connectionMask)}`,
  model: {kind: `${which}-mark`, packetMask, connectionMask},
}))

const redirect = port.map((to) => ({text: `-j REDIRECT --to-ports ${to}`, model: {kind: 'redirect' as const, ports: {from: to, to}}}))

const tproxy = fc.tuple(port, word, word).map(([on, value, mask]) => ({
  text: `-j TPROXY --on-port ${on} --on-ip 127.0.0.1 --tproxy-mark ${hex(value)}/${hex(mask)}`,
  model: {kind: 'tproxy' as const, port: on, ip: '127.0.0.1', mark: {value, mask}},
}))

const plain = fc
  .constantFrom('accept' as const, 'drop' as const, 'return' as const)
  .map((kind) => ({text: `-j ${kind.toUpperCase()}`, model: {kind}}))

export const target: fc.Arbitrary<Printed<object>> = fc.oneof(setMark, saveMark, redirect, tproxy, plain)
