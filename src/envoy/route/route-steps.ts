import type {Rejected, Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {CompiledRoute} from './compiled-routes.js'
import type {RouteQuestion} from './context.js'
import {describePolicies} from './describe-policies.js'
import {describeAction, describeMatch, routeName} from './describe-route.js'

/** Rejected routes listed in a step; the last entry then counts the others. */
const MAX_REJECTED = 20

/** A route that was passed over, and the conditions that ruled it out. */
export interface Skipped {
  readonly route: View
  readonly because: readonly string[]
}

interface Passing {
  readonly question: RouteQuestion
  readonly skipped: readonly Skipped[]
}

interface Taken extends Passing {
  readonly virtualHost: View
  readonly fraction: string
}

/** The step of a route that was taken: what it asks for, where it leads, and how often and how long it tries. */
export function routeStep(compiled: CompiledRoute, {question, virtualHost, skipped, fraction}: Taken): Step {
  const {stream, context} = question
  const {route} = compiled
  return {
    kind: 'route',
    name: routeName(route),
    match: describeMatch(compiled, context.runtime),
    action: [describeAction(route), ...describePolicies({route, virtualHost})].join(', '),
    because: [describeRequest(stream), ...(fraction === '100 %' ? [] : [`runtime fraction ${fraction}`])],
    evidence: [context.evidence(route)],
    ...rejectedOf(skipped),
  }
}

/** The step of a request that no route takes. */
export function noRouteStep(virtualHost: View, {question, skipped}: Passing): Step {
  const {stream, context} = question
  return {
    kind: 'route',
    name: 'none',
    match: 'no route matches',
    action: '404 route_not_found',
    because: [describeRequest(stream)],
    evidence: [context.evidence(virtualHost)],
    ...rejectedOf(skipped),
  }
}

function describeRequest({request}: RouteQuestion['stream']): string {
  return `${request.method} ${request.path ?? request.authority}`
}

function rejectedOf(skipped: readonly Skipped[]): {rejected?: readonly Rejected[]} {
  const listed = skipped
    .slice(0, MAX_REJECTED)
    .map(({route, because}) => ({candidate: routeName(route), because: `wants ${because.join(', ')}`}))
  const left = skipped.length - listed.length
  if (listed.length === 0) return {}
  return {rejected: left === 0 ? listed : [...listed, {candidate: `+${left} more`, because: 'their match does not hold'}]}
}
