import {anyOf} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {either, type Branch} from '../branch.js'
import {headerLines} from '../connection.js'
import {matchString} from '../match/string.js'
import {runtimeFraction} from '../route/runtime-fraction.js'
import {answer, drawn, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'

/** CORS answers a preflight itself; every other request passes. Source: envoy-2022 D6; cors_filter.cc. */
export function corsPreflight(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const policies = policiesOf(call)
  const [origin] = headerLines(call.stream.request, 'origin')
  if (policies.length === 0 || origin === undefined || !isPreflight(call)) return pass(call, 'no preflight')
  // The most specific level that has a policy switches it; a shadow works the headers out, but never answers.
  return drawn(call, {
    percent: policies[0]?.get('filter_enabled'),
    inside: () => answerPreflight(call, {policies, origin}),
    outside: () => shadowed(call, {policies, origin}),
  })
}

/** A CorsPolicy of a level, or the route's older `cors` field. Only a route that forwards has one. */
function policiesOf(call: HttpFilterCall): readonly View[] {
  const action = 'route' in call.choice ? call.choice.route.get('route') : undefined
  if (action === undefined) return []
  const older = [action.get('cors'), 'virtualHost' in call.choice ? call.choice.virtualHost.get('cors') : undefined]
  return [...call.overrides, ...older.filter((view) => view !== undefined)]
}

function isPreflight({stream: {request}}: HttpFilterCall): boolean {
  return request.method === 'OPTIONS' && (headerLines(request, 'access-control-request-method')[0] ?? '') !== ''
}

interface Asked {
  readonly policies: readonly View[]
  readonly origin: string
}

function answerPreflight(call: HttpFilterCall, {policies, origin}: Asked): readonly Branch<HttpResult>[] {
  const verdict = {kind: 'responded', status: 200, reason: 'CORS preflight'} as const
  const answered = answer(call, {verdict, status: 200, effect: `answers the preflight of ${origin}`, details: 'cors_response'})
  // Each setting comes from the most specific level that has it.
  const origins = policies.map((policy) => policy.list('allow_origin_string_match')).find((list) => list.length > 0) ?? []
  const forwards = policies.map((policy) => policy.bool('forward_not_matching_preflights')).find((value) => value !== undefined) ?? true
  const unmatched = forwards ? pass(call, `does not know origin ${origin}`) : answered
  const allowed = anyOf(origins.map((matcher) => matchString(matcher, origin)))
  switch (allowed) {
    case 'yes':
      return answered
    case 'no':
      return unmatched
    case 'undetermined':
      return either(`CORS allows origin ${origin}`, {yes: answered, no: unmatched})
    default:
      return allowed satisfies never
  }
}

function shadowed(call: HttpFilterCall, {policies, origin}: Asked): readonly Branch<HttpResult>[] {
  const shadow = policies[0]?.get('shadow_enabled')
  const on = shadow !== undefined && runtimeFraction(shadow, call.context.config.runtime) !== 'never'
  return pass(call, on ? `only counts the preflight of ${origin}` : 'switched off')
}
