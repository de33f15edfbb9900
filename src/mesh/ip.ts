import {isIP} from 'node:net'
import ipaddr from 'ipaddr.js'

/** One spelling per address: `::ffff:10.0.0.1` and `10.0.0.1` are the same, as are `2001:DB8::1` and `2001:db8:0::1`. Other text stays. */
export function normalIp(text: string): string {
  return isIP(text) === 0 ? text : ipaddr.process(text).toString()
}

export function isLoopback(ip: string): boolean {
  return isIP(ip) !== 0 && ipaddr.process(ip).range() === 'loopback'
}

/** Addresses that are routed on the public internet; pods and services normally have others. */
export function isPublic(ip: string): boolean {
  return isIP(ip) !== 0 && ipaddr.process(ip).range() === 'unicast'
}

export function isInside(ip: string, cidr: string): boolean {
  if (isIP(ip) === 0 || !ipaddr.isValidCIDR(cidr)) return false
  const address = ipaddr.process(ip)
  const [network, length] = ipaddr.parseCIDR(cidr)
  return address.kind() === network.kind() && address.match(network, length)
}
