import {isIP} from 'node:net'
import ipaddr from 'ipaddr.js'

/** The text ztunnel itself prints for an IP (RFC 5952, IPv4-mapped addresses as IPv4); other text stays as it is. */
export function canonicalIp(text: string): string {
  if (familyOf(text) === 0) return text
  const parsed = ipaddr.parse(text)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const six = ipaddr.IPv6.parse(text)
  return six.isIPv4MappedAddress() ? six.toIPv4Address().toString() : six.toRFC5952String()
}

/** Node takes zones (`fe80::1%eth-0`) that the library does not read: such text is no address here. */
function familyOf(text: string): number {
  return ipaddr.isValid(text) ? isIP(text) : 0
}

export function isIpv6(ip: string): boolean {
  return isIP(ip) === 6
}

/** Length of the prefix when the address lies in the block; undefined when it does not, or when either is unreadable. */
export function prefixContaining(cidr: string, ip: string): number | undefined {
  const slash = cidr.indexOf('/')
  const base = slash < 0 ? cidr : cidr.slice(0, slash)
  const family = familyOf(base)
  if (family === 0 || family !== familyOf(ip)) return undefined
  const length = slash < 0 ? (family === 4 ? 32 : 128) : prefixLength(cidr.slice(slash + 1), family)
  if (length === undefined) return undefined
  return ipaddr.parse(ip).match(ipaddr.parse(base), length) ? length : undefined
}

function prefixLength(text: string, family: number): number | undefined {
  if (!/^\d{1,3}$/.test(text)) return undefined
  const length = Number(text)
  return length <= (family === 4 ? 32 : 128) ? length : undefined
}
