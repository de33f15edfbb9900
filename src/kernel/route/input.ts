import {isLoopback, isMulticast} from '../config/ip.js'
import type {RouteType} from '../config/model.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {forwards, strongest} from '../config/settings.js'
import {sourceProblem} from './reverse-path.js'
import type {RouteAnswer, RouteRequest} from './route.js'
import {lookUpRules, type PolicyLookup, type RuleAnswer} from './rule-lookup.js'

export interface InputRequest extends RouteRequest {
  readonly source: NonNullable<RouteRequest['source']>
  /** The device the packet came in on. */
  readonly device: string
}

/**
 * The route of a packet that arrives on a device.
 * Source: ip_route_input_slow and ip_mkroute_input (net/ipv4/route.c), ip6_route_input (net/ipv6/route.c), envoy-2022 C.4.
 */
export function routeInput(namespace: NetworkNamespace, request: InputRequest): RouteAnswer {
  const martian = martianAddress(namespace, request)
  if (martian !== undefined) return {kind: 'refused', error: 'EINVAL', why: martian}
  const policy = lookUpRules(namespace.routing[request.destination.family], {...request, inDevice: request.device})
  const {answer} = policy
  if (answer.kind === 'undetermined') return answer
  if (answer.kind === 'refused') {
    return {kind: 'refused', error: noRouteError(namespace, {request, error: answer.error}), why: 'no table has a route', policy}
  }
  return inputAnswer(namespace, {request, policy, found: answer})
}

interface Found {
  readonly request: InputRequest
  readonly policy: PolicyLookup
  readonly found: Extract<RuleAnswer, {kind: 'found'}>
}

function inputAnswer(namespace: NetworkNamespace, {request, policy, found}: Found): RouteAnswer {
  const {route, hop, open} = found.lookup.answer
  if (open !== undefined) return {kind: 'undetermined', why: open}
  const refusal = refusalOf(namespace, {request, type: route.type, onward: stays(route.type) ? undefined : hop.device})
  if (refusal !== undefined) return {kind: 'refused', ...refusal, policy}
  const local = route.type === 'local' || route.type === 'anycast'
  return {
    kind: 'route',
    type: route.type,
    device: local ? 'lo' : (hop.device ?? ''),
    ...(hop.via === undefined || local ? {} : {via: hop.via}),
    policy,
  }
}

interface Refusal {
  readonly error: 'EINVAL' | 'EHOSTUNREACH'
  readonly why: string
}

function stays(type: RouteType): boolean {
  return type === 'local' || type === 'anycast' || type === 'broadcast' || type === 'multicast'
}

interface Forwarded {
  readonly request: InputRequest
  readonly type: RouteType
  readonly onward: string | undefined
}

function refusalOf(namespace: NetworkNamespace, {request, type, onward}: Forwarded): Refusal | undefined {
  const {device, destination} = request
  // ip -6 route get answers whether or not the namespace forwards; a real packet is dropped in ip6_forward.
  if (destination.family === 6) return undefined
  if (!stays(type) && !forwards(namespace, {family: 4, device})) return {error: 'EHOSTUNREACH', why: `forwarding is off for ${device}`}
  const problem = sourceProblem(namespace, onward === undefined ? request : {...request, onward})
  if (problem === undefined) return undefined
  return {
    error: 'EINVAL',
    why: problem === 'martian' ? 'the source address is one of this namespace' : `rp_filter of ${device}: the way back leaves elsewhere`,
  }
}

/** ip_route_input_slow looks at no table for addresses that cannot have come from outside. */
function martianAddress(namespace: NetworkNamespace, {source, destination, device}: InputRequest): string | undefined {
  if (destination.family === 6) return undefined
  if (isMulticast(source)) return 'a multicast source'
  if (strongest(namespace, {device, key: 'route_localnet'}) > 0) return undefined
  if (isLoopback(destination)) return 'a loopback target from a device'
  return isLoopback(source) ? 'a loopback source from a device' : undefined
}

function noRouteError(
  namespace: NetworkNamespace,
  {request, error}: {request: InputRequest; error: 'ENETUNREACH' | 'EHOSTUNREACH' | 'EACCES' | 'EINVAL'},
): typeof error {
  const {family} = request.destination
  return family === 4 && !forwards(namespace, {family, device: request.device}) ? 'EHOSTUNREACH' : error
}
