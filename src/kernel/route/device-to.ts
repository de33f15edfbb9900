import {parseIp} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {lookUpTable} from './table-lookup.js'

/**
 * The device over which a namespace reaches an address. Capture has routes of its own: the table main tells where the address really is.
 * With `own` the default route does not count.
 */
export function deviceTo({routing}: NetworkNamespace, {ip, own}: {readonly ip: string; readonly own: boolean}): string | undefined {
  const destination = parseIp(ip)
  if (destination === undefined) return undefined
  const routes = routing[destination.family].routes.filter(({table}) => table === 'main')
  const answer = lookUpTable(routes, {destination, mark: 0, inDevice: 'lo'})
  if (answer.kind !== 'found' || (own && answer.route.destination.length === 0)) return undefined
  return answer.hop.device
}
