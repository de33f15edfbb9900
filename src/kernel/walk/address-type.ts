import {isMulticast, parseIp} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {lookUpTable} from '../route/table-lookup.js'

/** What an address is to a namespace, as `-m addrtype` names it: looked up in the table local. Source: inet_addr_type. */
export function addressTypes(namespace: NetworkNamespace, text: string): ReadonlySet<string> | undefined {
  const ip = parseIp(text)
  if (ip === undefined) return undefined
  if (isMulticast(ip)) return new Set(['MULTICAST'])
  const routes = namespace.routing[ip.family].routes.filter(({table}) => table === 'local')
  const answer = lookUpTable(routes, {destination: ip, mark: 0, inDevice: 'lo'})
  return new Set([answer.kind === 'found' ? answer.route.type.toUpperCase() : 'UNICAST'])
}
