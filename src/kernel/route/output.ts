import {contains, isLoopback, isUnspecified, parseIp, type Ip} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {strongest} from '../config/settings.js'
import type {RouteAnswer, RouteRequest} from './route.js'
import {lookUpRules, type PolicyLookup} from './rule-lookup.js'
import {selectSource} from './source-address.js'
import type {TableAnswer} from './table-lookup.js'

export interface OutputRequest extends RouteRequest {
  /** FLOWI_FLAG_ANYSRC: transparent sockets and re-routing may use a source that is not local. */
  readonly anySource?: boolean
}

/**
 * The route of a packet that a socket of this namespace sends.
 * Source: ip_route_output_key_hash_rcu (net/ipv4/route.c), envoy-2022 C.4.
 */
export function routeOutput(namespace: NetworkNamespace, request: OutputRequest): RouteAnswer {
  const {source} = request
  // IPv6 asks only sockets that bind (ip6_route_output), IPv4 every packet.
  if (source?.family === 4 && request.anySource !== true && !isLocalAddress(namespace, source)) {
    return {kind: 'refused', error: 'ENETUNREACH', why: 'the source address belongs to no device'}
  }
  const policy = lookUpRules(namespace.routing[request.destination.family], {...request, inDevice: 'lo'})
  const {answer} = policy
  if (answer.kind === 'undetermined') return answer
  if (answer.kind === 'refused') return {kind: 'refused', error: answer.error, why: 'no table has a route', policy}
  return outputAnswer({namespace, request, policy, found: answer.lookup.answer})
}

interface Found {
  readonly namespace: NetworkNamespace
  readonly request: OutputRequest
  readonly policy: PolicyLookup
  readonly found: Extract<TableAnswer, {kind: 'found'}>
}

function outputAnswer({namespace, request, policy, found}: Found): RouteAnswer {
  const {route, hop, open} = found
  if (open !== undefined) return {kind: 'undetermined', why: open}
  const device = route.type === 'local' || route.type === 'anycast' ? 'lo' : (hop.device ?? '')
  const source = selectSource(namespace, {destination: request.destination, found})
  if (leaksLoopback({namespace, request, device})) {
    return {kind: 'refused', error: 'EINVAL', why: 'a loopback source may not leave through a device', policy}
  }
  return {
    kind: 'route',
    type: route.type,
    device,
    ...(hop.via === undefined || route.type === 'local' ? {} : {via: hop.via}),
    ...(source === undefined ? {} : {source}),
    policy,
  }
}

/** __mkroute_output: 127.0.0.0/8 as source leaves through real devices only with route_localnet. */
function leaksLoopback({namespace, request, device}: {namespace: NetworkNamespace; request: OutputRequest; device: string}): boolean {
  const {source} = request
  if (source?.family !== 4 || !isLoopback(source) || device === 'lo') return false
  return strongest(namespace, {device, key: 'route_localnet'}) === 0
}

/** Whether a socket may use the address: it is configured, or covered by a local route of the table local (127.0.0.0/8). */
export function isLocalAddress(namespace: NetworkNamespace, ip: Ip): boolean {
  if (isUnspecified(ip)) return true
  const configured = namespace.devices.some(({addresses}) => addresses.some((address) => sameIp(parseIp(address.ip), ip)))
  return configured || namespace.routing[ip.family].routes.some((route) => isLocalRoute(route) && contains(route.destination, ip))
}

function isLocalRoute({type, table}: {readonly type: string; readonly table: string}): boolean {
  return type === 'local' && table === 'local'
}

function sameIp(a: Ip | undefined, b: Ip): boolean {
  return a?.family === b.family && a.value === b.value
}
