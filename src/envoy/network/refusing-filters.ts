import {either, type Branch} from '../branch.js'
import {clusterHealth} from '../cluster/cluster-health.js'
import {stop} from '../context.js'
import {runtimeFlag} from './runtime-flag.js'
import {ended, proceed, stepOf, type FilterCall, type Result} from './filter-call.js'

/** connection_limit: how many connections there are is not in the data. One too many is closed before any dial. Source: connection_limit.cc. */
export function limitConnections(call: FilterCall): readonly Branch<Result>[] {
  if (runtimeFlag(call.config.get('runtime_enabled'), call.context.config.runtime) === false) return switchedOff(call)
  const condition = `the limit of ${call.config.num('max_connections') ?? 0} connections must not be reached`
  return either(condition, {yes: passes(call, condition), no: closesAtOnce(call, condition)})
}

/** local_ratelimit: how many tokens are left is not in the data; without one the connection is closed before any dial. Source: local_ratelimit.cc. */
export function limitRate(call: FilterCall): readonly Branch<Result>[] {
  if (runtimeFlag(call.config.get('runtime_enabled'), call.context.config.runtime) === false) return switchedOff(call)
  const condition = 'the local rate limit must not be used up'
  return either(condition, {yes: passes(call, condition), no: closesAtOnce(call, condition)})
}

/** ratelimit: a connection waits for the answer of the service, and is closed before any dial. Source: ratelimit.cc onNewConnection. */
export function askRateLimit(call: FilterCall): readonly Branch<Result>[] {
  if (call.config.list('descriptors').length === 0) return passes(call, 'has no descriptors')
  const condition = 'the rate limit service must allow the connection'
  // While the service is asked the first byte may come, and with it the denial of an earlier filter.
  const no =
    call.progress.denied === undefined
      ? closesAtOnce(call, condition)
      : ended({end: call.progress.denied, log: call.log}, [stepOf(call, condition)])
  return either(condition, {yes: passes(call, condition), no})
}

/**
 * ext_authz acts on the first byte: the upstream was dialled before. Where the service has no host the outcome is certain.
 * Source: envoy-2022 D6; network/ext_authz/ext_authz.cc onData.
 */
export function askAuthorization(call: FilterCall): readonly Branch<Result>[] {
  const condition = 'the external authorization service must allow the connection'
  const cluster = call.config.path('grpc_service', 'envoy_grpc')?.str('cluster_name')
  const health = cluster === undefined ? 'unknown' : clusterHealth(call.context.config, cluster)
  if (health === 'absent' || (health !== 'unknown' && health.hosts === 0)) {
    const effect = 'the authorization service has no host'
    return call.config.bool('failure_mode_allow') === true ? passes(call, `${effect}; failure_mode_allow`) : closesAfterDial(call, effect)
  }
  return either(condition, {yes: passes(call, condition), no: closesAfterDial(call, condition)})
}

function passes(call: FilterCall, effect: string): Branch<Result>[] {
  return proceed(call.progress, [stepOf(call, effect)])
}

function switchedOff(call: FilterCall): Branch<Result>[] {
  return passes(call, 'switched off')
}

/** On accept: filters that act on the first byte, before it or behind it in the chain, never get one (seen on Envoy 1.40.0). */
function closesAtOnce(call: FilterCall, condition: string): Branch<Result>[] {
  return ended({end: stop({kind: 'refused', reason: `not: ${condition}`}), log: call.log}, [stepOf(call, condition)])
}

function closesAfterDial(call: FilterCall, effect: string): Branch<Result>[] {
  const denied = call.progress.denied ?? stop({kind: 'refused', reason: `not allowed: ${effect}`})
  return proceed({...call.progress, denied}, [stepOf(call, effect)])
}
