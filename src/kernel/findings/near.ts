import {parseIp} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {lookUpTable} from '../route/table-lookup.js'

/** Whether the table main leads to an address on a link of the node: the default route does not count, and what is behind a gateway is on another machine. */
export function isNear({routing}: NetworkNamespace, ip: string): boolean {
  const destination = parseIp(ip)
  const routes = routing[4].routes.filter((route) => route.table === 'main' && route.destination.length > 0)
  const answer = destination === undefined ? undefined : lookUpTable(routes, {destination, mark: 0, inDevice: 'lo'})
  return answer?.kind === 'found' && answer.hop.via === undefined
}
