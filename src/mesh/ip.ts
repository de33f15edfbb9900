import {isIP} from 'node:net'
import ipaddr from 'ipaddr.js'

/** One spelling per address: `::ffff:10.0.0.1` and `10.0.0.1` are the same, as are `2001:DB8::1` and `2001:db8:0::1`. Other text stays. */
export function normalIp(text: string): string {
  return readIp(text)?.toString() ?? text
}

/** Node takes zones (`fe80::1%eth-0`) that the library does not read: such text is no address here. */
function readIp(text: string): ReturnType<typeof ipaddr.process> | undefined {
  return isIP(text) !== 0 && ipaddr.isValid(text) ? ipaddr.process(text) : undefined
}

export function isLoopback(ip: string): boolean {
  return readIp(ip)?.range() === 'loopback'
}

/** Addresses that are routed on the public internet; pods and services normally have others. */
export function isPublic(ip: string): boolean {
  return readIp(ip)?.range() === 'unicast'
}

export function isInside(ip: string, cidr: string): boolean {
  const address = readIp(ip)
  if (address === undefined || !ipaddr.isValidCIDR(cidr)) return false
  const [network, length] = ipaddr.parseCIDR(cidr)
  return address.kind() === network.kind() && address.match(network, length)
}
