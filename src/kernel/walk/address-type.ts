import {isMulticast, parseIp, type Ip} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {lookUpRules} from '../route/rule-lookup.js'
import {lookUpTable} from '../route/table-lookup.js'

export interface TypedAddress {
  readonly text: string
  readonly byRoute: boolean
}

/** What an address is to a namespace, as `-m addrtype` and `fib … type` name it. Undefined: it cannot be read. */
export function addressTypes(namespace: NetworkNamespace, {text, byRoute}: TypedAddress): ReadonlySet<string> | undefined {
  const ip = parseIp(text)
  if (ip === undefined) return undefined
  if (isMulticast(ip)) return new Set(['MULTICAST'])
  return new Set(ip.family === 4 ? [typeV4(namespace, ip)] : typesV6(namespace, {ip, byRoute}))
}

/** Looked up in the table local. Source: inet_addr_type. */
function typeV4(namespace: NetworkNamespace, ip: Ip): string {
  const routes = namespace.routing[4].routes.filter(({table}) => table === 'local')
  const answer = lookUpTable(routes, {destination: ip, mark: 0, inDevice: 'lo'})
  return answer.kind === 'found' ? answer.route.type.toUpperCase() : 'UNICAST'
}

/** For iptables each IPv6 address that is no multicast is unicast, local ones too. Source: xt_addrtype match_type6, nft_fib6_eval_type. */
function typesV6(namespace: NetworkNamespace, {ip, byRoute}: {readonly ip: Ip; readonly byRoute: boolean}): readonly string[] {
  const {answer} = lookUpRules(namespace.routing[6], {destination: ip, mark: 0, inDevice: 'lo'})
  const found = answer.kind === 'found' ? answer.lookup.answer.route.type.toUpperCase() : 'UNREACHABLE'
  return byRoute ? [found] : ['UNICAST', ...(found === 'UNICAST' ? [] : [found])]
}
