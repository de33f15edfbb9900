import type {NetworkNamespace} from '../config/namespace.js'
import {strongest} from '../config/settings.js'
import {lookUpRules} from './rule-lookup.js'
import type {RouteKey} from './table-lookup.js'
import {isLocalAddress} from './output.js'
import type {Ip} from '../config/ip.js'

export interface Arriving {
  readonly source: Ip
  readonly destination: Ip
  readonly mark: number
  readonly device: string
  /** Where it would be passed on: its answer would come in there. Absent for what stays. */
  readonly onward?: string
  readonly protocol?: string
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly tos?: number
  readonly openPorts?: RouteKey['openPorts']
}

/** Why the kernel would not believe the source of an arriving packet. */
export type SourceProblem = 'martian' | 'reverse-path'

/**
 * Source validation of IPv4: rp_filter and accept_local. Undefined: the source is believed.
 * Source: fib_validate_source and __fib_validate_source (net/ipv4/fib_frontend.c); envoy-2022 H.3.10.
 */
export function sourceProblem(namespace: NetworkNamespace, arriving: Arriving): SourceProblem | undefined {
  const filter = strongest(namespace, {device: arriving.device, key: 'rp_filter'})
  const acceptsLocal = strongest(namespace, {device: arriving.device, key: 'accept_local'}) > 0
  if (filter === 0 && acceptsLocal) return undefined
  if (filter === 0 && !hasOwnRules(namespace)) return isLocalAddress(namespace, arriving.source) ? 'martian' : undefined
  return fullCheck(namespace, {arriving, filter, acceptsLocal})
}

interface Check {
  readonly arriving: Arriving
  readonly filter: number
  readonly acceptsLocal: boolean
}

function fullCheck(namespace: NetworkNamespace, {arriving, filter, acceptsLocal}: Check): SourceProblem | undefined {
  const back = reverseKey(namespace, arriving)
  const {answer} = lookUpRules(namespace.routing[4], back)
  if (answer.kind !== 'found') return filter > 0 ? 'reverse-path' : undefined
  const {route} = answer.lookup.answer
  if (route.type !== 'unicast' && !(route.type === 'local' && acceptsLocal)) return 'martian'
  // fib_info_nh_uses_dev
  const usesDevice = route.nextHops.some(({device}) => device === arriving.device)
  if (usesDevice || (route.type === 'local' && arriving.device === 'lo')) return undefined
  return filter === 1 ? 'reverse-path' : undefined
}

/** The mark counts only with src_valid_mark. */
function reverseKey(namespace: NetworkNamespace, {source, destination, mark, device, onward = 'lo', ...flow}: Arriving): RouteKey {
  const counts = strongest(namespace, {device, key: 'src_valid_mark'}) > 0
  return {
    destination: source,
    source: destination,
    mark: counts ? mark : 0,
    inDevice: onward,
    ...turnedRound(flow),
  }
}

/** Rules that ask for ports see them as the answer would have them (fib4_rules_early_flow_dissect). */
function turnedRound({
  protocol,
  sourcePort,
  destinationPort,
  tos,
  openPorts: open,
}: Pick<Arriving, 'protocol' | 'sourcePort' | 'destinationPort' | 'tos' | 'openPorts'>): Partial<RouteKey> {
  return {
    ...(protocol === undefined ? {} : {protocol}),
    ...(destinationPort === undefined ? {} : {sourcePort: destinationPort}),
    ...(sourcePort === undefined ? {} : {destinationPort: sourcePort}),
    ...(tos === undefined ? {} : {tos}),
    ...(open === undefined ? {} : {openPorts: {source: open.destination, destination: open.source}}),
  }
}

/** With rules or local routes of one's own, the kernel looks closer than at the list of addresses. */
function hasOwnRules({routing}: NetworkNamespace): boolean {
  const {rules, routes} = routing[4]
  return rules.length !== 3 || routes.some(({type, table}) => type === 'local' && table !== 'local')
}
