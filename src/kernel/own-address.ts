import {canonicalIp, familyOf} from './config/ip.js'
import type {Network} from './config/network.js'
import type {Owner} from './walk/connect.js'

/** TPROXY accepts for foreign addresses, REDIRECT on loopback: others know the socket by an address of its namespace. */
export function ownAddress({namespaces}: Network, {namespace, local}: Pick<Owner, 'namespace' | 'local'>): string {
  const addresses = (namespaces.get(namespace)?.devices ?? []).flatMap((device) => device.addresses).filter(({scope}) => scope === 'global')
  const own = addresses.map(({ip}) => canonicalIp(ip)).filter((ip) => familyOf(ip) === familyOf(local.ip))
  return own.includes(local.ip) ? local.ip : (own[0] ?? local.ip)
}
