import {isIP} from 'node:net'
import ipaddr from 'ipaddr.js'

/** Envoy's text form of an address: dotted IPv4, lower-case compressed IPv6; undefined when the text is no IP literal. */
export function canonicalIp(text: string): string | undefined {
  if (isIP(text) === 0) return undefined
  return isIP(text) === 4 ? text : ipaddr.parse(withoutZone(text)).toString()
}

export function isWildcard(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::'
}

/** Bytes of an address (4 or 16); undefined when it is no IP literal. */
export function ipBytes(text: string): readonly number[] | undefined {
  return isIP(text) === 0 ? undefined : ipaddr.parse(withoutZone(text)).toByteArray()
}

export interface Range {
  readonly bytes: readonly number[]
  readonly length: number
}

/** A CIDR range; a length beyond the family's size is cut to it. Undefined when the prefix is no IP literal, or the length no whole number. */
export function parseRange(range: {prefix: string; length: number}): Range | undefined {
  const bytes = ipBytes(range.prefix)
  return bytes === undefined || !Number.isInteger(range.length) || range.length < 0
    ? undefined
    : {bytes, length: Math.min(range.length, bytes.length * 8)}
}

/** Families never match each other. */
export function inRange(bytes: readonly number[], range: Range): boolean {
  if (bytes.length !== range.bytes.length) return false
  const whole = range.length >> 3
  for (let index = 0; index < whole; index++) if (bytes[index] !== range.bytes[index]) return false
  const rest = range.length & 7
  if (rest === 0) return true
  const mask = (0xff << (8 - rest)) & 0xff
  return ((bytes[whole] ?? 0) & mask) === ((range.bytes[whole] ?? 0) & mask)
}

function withoutZone(text: string): string {
  return text.split('%')[0] ?? text
}
