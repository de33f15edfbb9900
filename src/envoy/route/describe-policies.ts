import type {View} from '../../json/view.js'

/**
 * Retries and timeouts of a route, in words: they change how often and how long a request is tried, not where it goes, for a retry stays
 * with the cluster. A virtual host's retry policy counts where the route has none. Source: envoy-2022 D5 (actions).
 */
export function describePolicies({route, virtualHost}: {route: View; virtualHost: View}): readonly string[] {
  const action = route.get('route')
  if (action === undefined) return []
  return [...describeRetries(action.get('retry_policy') ?? virtualHost.get('retry_policy')), ...describeTimeouts(action)]
}

/** A policy that names no occasion never retries; without a number it retries once. */
function describeRetries(policy: View | undefined): readonly string[] {
  const occasions = policy?.str('retry_on') ?? ''
  if (policy === undefined || occasions === '') return []
  const perTry = policy.str('per_try_timeout')
  return [`retries ${policy.num('num_retries') ?? 1} on ${occasions}`, ...(perTry === undefined ? [] : [`timeout per try ${perTry}`])]
}

/** Zero lifts a limit: worth a word where Envoy would have one of 15 s by itself. */
function describeTimeouts(action: View): readonly string[] {
  const timeout = action.str('timeout')
  const limits = [
    {text: 'idle timeout', value: action.str('idle_timeout')},
    {text: 'stream duration limit', value: action.path('max_stream_duration')?.str('max_stream_duration')},
  ]
  return [
    ...(timeout === undefined ? [] : [timeout === '0s' ? 'no timeout' : `timeout ${timeout}`]),
    ...limits.flatMap(({text, value}) => (value === undefined || value === '0s' ? [] : [`${text} ${value}`])),
  ]
}
