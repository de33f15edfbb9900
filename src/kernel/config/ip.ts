import {isIP} from 'node:net'
import ipaddr from 'ipaddr.js'

export type Family = 4 | 6

/** An address as a number: what masks and prefixes are compared on. */
export interface Ip {
  readonly family: Family
  readonly value: bigint
}

/** A block of addresses; bits beyond the length are zero. */
export interface Prefix extends Ip {
  readonly length: number
}

function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128
}

/** Undefined when the text is no address. A zone (`%eth0`) is cut off. */
export function parseIp(text: string): Ip | undefined {
  const [address = ''] = text.split('%')
  const family = isIP(address)
  if (family !== 4 && family !== 6) return undefined
  const bytes = ipaddr.parse(address).toByteArray()
  return {family, value: bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n)}
}

/** `10.0.0.0/8`, a bare address, or `default` of the family that is told. Undefined when it is none of these. */
export function parsePrefix(text: string, family: Family): Prefix | undefined {
  if (text === 'default' || text === 'all' || text === 'any') return {family, value: 0n, length: 0}
  const [base = '', length, ...rest] = text.split('/')
  const ip = parseIp(shortFormFilled(base, family))
  if (ip === undefined || rest.length > 0) return undefined
  const bits = length === undefined ? bitsOf(ip.family) : prefixLength(length, ip.family)
  return bits === undefined ? undefined : truncated(ip, bits)
}

export function contains(prefix: Prefix, ip: Ip): boolean {
  return prefix.family === ip.family && truncated(ip, prefix.length).value === prefix.value
}

export function isLoopback(ip: Ip): boolean {
  return ip.family === 4 ? ip.value >> 24n === 127n : ip.value === 1n
}

export function isMulticast(ip: Ip): boolean {
  return ip.family === 4 ? ip.value >> 28n === 14n : ip.value >> 120n === 0xffn
}

export function isLinkLocal(ip: Ip): boolean {
  return ip.family === 4 ? ip.value >> 16n === 0xa9fen : ip.value >> 118n === 0x3fan
}

/** 0.0.0.0 or ::. */
export function isUnspecified(ip: Ip): boolean {
  return ip.value === 0n
}

/** `10.0.0.0/8`; a single address without its length. */
export function formatPrefix({family, value, length}: Prefix): string {
  const bits = bitsOf(family)
  const bytes = Array.from({length: bits / 8}, (_, index) => Number((value >> BigInt(bits - 8 * (index + 1))) & 255n))
  const text = ipaddr.fromByteArray(bytes).toString()
  return length === bits ? text : `${text}/${length}`
}

/** One spelling per address; text that is no address stays. */
export function canonicalIp(text: string): string {
  return isIP(text) === 0 || !ipaddr.isValid(text) ? text : ipaddr.parse(text).toString()
}

export function familyOf(text: string): Family {
  return text.includes(':') ? 6 : 4
}

/** Number of leading bits that two addresses of one family share. */
export function commonLength(a: Ip, b: Ip): number {
  const difference = a.value ^ b.value
  return difference === 0n ? bitsOf(a.family) : bitsOf(a.family) - difference.toString(2).length
}

/** The blocks that make up a range of addresses. Undefined when it is none. */
export function rangeBlocks(first: string, last: string): readonly Prefix[] | undefined {
  const [from, to] = [parseIp(first), parseIp(last)]
  if (from === undefined || to?.family !== from.family || to.value < from.value) return undefined
  const blocks: Prefix[] = []
  for (let next = from.value; next <= to.value; ) {
    const block = largestBlock({family: from.family, value: next}, to.value)
    blocks.push(block)
    next += 1n << BigInt(bitsOf(block.family) - block.length)
  }
  return blocks
}

/** The largest one that begins at the address and does not reach beyond the last one. */
function largestBlock(ip: Ip, last: bigint): Prefix {
  const bits = bitsOf(ip.family)
  let length = bits
  while (length > 0 && isWithin(ip, {length: length - 1, bits, last})) length -= 1
  return {...ip, length}
}

function isWithin({value}: Ip, {length, bits, last}: {readonly length: number; readonly bits: number; readonly last: bigint}): boolean {
  const size = 1n << BigInt(bits - length)
  return value % size === 0n && value + size - 1n <= last
}

function truncated(ip: Ip, length: number): Prefix {
  const drop = BigInt(bitsOf(ip.family) - length)
  return {family: ip.family, value: (ip.value >> drop) << drop, length}
}

/** `/16` or a netmask (`/255.255.0.0`) as older iptables print it. */
function prefixLength(text: string, family: Family): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= bitsOf(family) ? Number(text) : undefined
  const mask = parseIp(text)
  if (mask === undefined || mask.family !== family) return undefined
  const length = commonLength(mask, {family, value: (1n << BigInt(bitsOf(family))) - 1n})
  return truncated(mask, length).value === mask.value ? length : undefined
}

/** iproute2 may print `10.1/16` for `10.1.0.0/16`. */
function shortFormFilled(base: string, family: Family): string {
  if (family !== 4 || !/^\d{1,3}(\.\d{1,3}){0,2}$/.test(base)) return base
  const parts = base.split('.')
  return [...parts, '0', '0', '0'].slice(0, 4).join('.')
}
