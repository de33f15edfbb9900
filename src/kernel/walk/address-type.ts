import {isMulticast, parseIp, type Ip} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {lookUpRules} from '../route/rule-lookup.js'
import {lookUpTable} from '../route/table-lookup.js'

export interface TypedAddress {
  readonly text: string
  /** `fib`: looked up as the route of a packet to the address, from the other one of the packet that is asked about. */
  readonly byRoute?: {readonly from: string; readonly tos: number} | undefined
}

/** What an address is to a namespace, as `-m addrtype` and `fib … type` name it. Undefined: it cannot be read. */
export function addressTypes(namespace: NetworkNamespace, {text, byRoute}: TypedAddress): ReadonlySet<string> | undefined {
  const ip = parseIp(text)
  if (ip === undefined) return undefined
  if (isMulticast(ip)) return new Set(['MULTICAST'])
  return new Set(ip.family === 4 ? [typeV4(namespace, ip)] : typesV6(namespace, {destination: ip, byRoute}))
}

/** Looked up in the table local. Source: inet_addr_type. */
function typeV4(namespace: NetworkNamespace, ip: Ip): string {
  const routes = namespace.routing[4].routes.filter(({table}) => table === 'local')
  const answer = lookUpTable(routes, {destination: ip, mark: 0, inDevice: 'lo'})
  return answer.kind === 'found' ? answer.route.type.toUpperCase() : 'UNICAST'
}

interface Typed6 extends Pick<TypedAddress, 'byRoute'> {
  readonly destination: Ip
}

/**
 * For iptables each IPv6 address that is no multicast is unicast, local ones too. Source: xt_addrtype match_type6, nft_fib6_eval_type;
 * what nft asks has a source and a type of service, iptables asks without (nft_fib6_flowi_init).
 */
function typesV6(namespace: NetworkNamespace, {destination, byRoute}: Typed6): readonly string[] {
  const source = byRoute === undefined ? undefined : parseIp(byRoute.from)
  const key = {destination, mark: 0, inDevice: 'lo', ...(source === undefined ? {} : {source}), tos: byRoute?.tos ?? 0}
  const {answer} = lookUpRules(namespace.routing[6], key)
  const found = answer.kind === 'found' ? answer.lookup.answer.route.type.toUpperCase() : 'UNREACHABLE'
  return byRoute === undefined ? ['UNICAST', ...(found === 'UNICAST' ? [] : [found])] : [found]
}
