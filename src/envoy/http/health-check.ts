import {allOf} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {either, type Branch} from '../branch.js'
import {clusterHealth} from '../cluster/cluster-health.js'
import {matchHeader} from '../match/header.js'
import {answer, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'

/** The health check filter answers requests that match its headers itself, unless it only passes them through. Source: envoy-2022 D6. */
export function answerHealthCheck(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const {config, stream, context} = call
  const other = pass(call, 'no health check request')
  if (config.bool('pass_through_mode') === true) return pass(call, 'health checks go through')
  const matches = allOf(
    config.list('headers').map((matcher) => matchHeader(matcher, {request: stream.request, semantics: context.semantics})),
  )
  switch (matches) {
    case 'yes':
      return answered(call)
    case 'no':
      return other
    case 'undetermined':
      return either('the request is a health check', {yes: answered(call), no: other})
    default:
      return matches satisfies never
  }
}

/** health_check.cc onComplete: every cluster that is named must have enough healthy hosts. While draining it is 503 anyway. */
function answered(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const wanted = call.config.get('cluster_min_healthy_percentages')?.entries() ?? []
  const verdict = {kind: 'responded', status: 200, reason: 'health check (503 while draining)'} as const
  const effect = 'answers the health check'
  const details = wanted.length === 0 ? 'health_check_ok' : 'health_check_ok_cluster_healthy'
  const healthy = answer(call, {verdict, status: 200, effect, details})
  const states = wanted.map(([name, percent]) => enoughHealthy(call, {name, percent}))
  const failing = states.find((state) => state !== 'yes' && state !== 'unknown')
  const sick = (why: string): Branch<HttpResult>[] =>
    answer(call, {verdict: {kind: 'responded', status: 503, reason: why}, status: 503, effect: why, flags: 'LH', details: why})
  if (failing !== undefined) return sick(failing)
  if (!states.includes('unknown')) return healthy
  return either('the clusters of the health check have enough healthy hosts', {
    yes: healthy,
    no: sick('health_check_failed_cluster_unhealthy'),
  })
}

type Enough =
  | 'yes'
  | 'unknown'
  | 'health_check_failed_no_cluster_found'
  | 'health_check_failed_cluster_empty'
  | 'health_check_failed_cluster_unhealthy'

/** Degraded hosts count as healthy ones do. */
function enoughHealthy({context}: HttpFilterCall, {name, percent}: {name: string; percent: View}): Enough {
  const health = clusterHealth(context.config, name)
  if (health === 'absent') return 'health_check_failed_no_cluster_found'
  if (health === 'unknown') return 'unknown'
  const wanted = percent.num('value') ?? 0
  if (health.hosts === 0) return wanted === 0 ? 'yes' : 'health_check_failed_cluster_empty'
  return 100 * health.usable >= health.hosts * wanted ? 'yes' : 'health_check_failed_cluster_unhealthy'
}
