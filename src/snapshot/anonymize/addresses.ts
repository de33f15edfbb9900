import {createHmac} from 'node:crypto'
import {isIPv4} from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Addresses under a key: each bit is turned or not by a hash of the bits before it, so that two addresses share as many
 * leading bits after as before (Xu et al. 2002, Crypto-PAn). Blocks with a meaning of their own keep it.
 */
export class AddressKey {
  readonly #turns = new Map<string, boolean>()

  constructor(private readonly key: string) {}

  /** Takes and gives an address in the form of node:net. */
  rename(address: string): string {
    const bits = bitsOf(address)
    const mapped = MAPPED_IPV4.exec(bits)?.[1]
    return mapped === undefined ? textOf(this.#turnAll(bits)) : textOf(MAPPED_PREFIX + this.#turnAll(mapped))
  }

  /** A range: what is behind the prefix stays zero where it was. */
  renameRange(address: string, length: number): string {
    const bits = bitsOf(address)
    if (length > bits.length || bits.slice(length).includes('1')) return this.rename(address)
    const mapped = MAPPED_IPV4.exec(bits)?.[1]
    if (mapped !== undefined) return textOf((MAPPED_PREFIX + this.#turnAll(mapped)).slice(0, length).padEnd(bits.length, '0'))
    return textOf(this.#turnAll(bits).slice(0, length).padEnd(bits.length, '0'))
  }

  #turnAll(bits: string): string {
    const [whole, classes] = bits.length === 32 ? [WHOLE_4, CLASSES_4] : [WHOLE_6, CLASSES_6]
    if (whole.some((block) => bits.startsWith(block))) return bits
    const fixed = [...whole, ...classes]
    return Array.from(bits)
      .map((bit, index) => (this.#isTurned(fixed, `${bits.length}:${bits.slice(0, index)}`) ? flip(bit) : bit))
      .join('')
  }

  /** Above a block with a meaning nothing turns: it would move the block. */
  #isTurned(fixed: readonly string[], place: string): boolean {
    const known = this.#turns.get(place)
    if (known !== undefined) return known
    const before = place.slice(place.indexOf(':') + 1)
    const isAbove = fixed.some((block) => block.length > before.length && block.startsWith(before))
    const turns = !isAbove && ((createHmac('sha256', this.key).update(`bit ${place}`).digest()[0] ?? 0) & 1) === 1
    this.#turns.set(place, turns)
    return turns
  }
}

const flip = (bit: string): string => (bit === '0' ? '1' : '0')

function bitsOf(address: string): string {
  return ipaddr
    .parse(address)
    .toByteArray()
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
}

function textOf(bits: string): string {
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  return ipaddr.fromByteArray(bytes).toString()
}

function blocks(ranges: readonly string[]): readonly string[] {
  return ranges.map((range) => {
    const [address = '', length] = range.split('/')
    return bitsOf(address).slice(0, Number(length))
  })
}

/** Stay as they are: unspecified, loopback, link-local with ztunnel's and the clouds' own addresses, multicast, netmasks. */
const WHOLE_4 = blocks(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.0.0.0/8'])
/** Stay what they are: private, shared, and what Istio gives to hosts without an address. Envoy tells private addresses from others. */
const CLASSES_4 = blocks(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '240.0.0.0/4'])
const WHOLE_6 = blocks(['::/80', 'ff00::/8'])
const CLASSES_6 = blocks(['fc00::/7', 'fe80::/10'])
const MAPPED_PREFIX = '0'.repeat(80) + '1'.repeat(16)
const MAPPED_IPV4 = new RegExp(`^${MAPPED_PREFIX}([01]{32})$`)

/** Whether an address means the same everywhere, and so stays. */
export function isCommonAddress(address: string): boolean {
  const bits = bitsOf(address)
  return (isIPv4(address) ? WHOLE_4 : WHOLE_6).some((block) => bits.startsWith(block))
}
