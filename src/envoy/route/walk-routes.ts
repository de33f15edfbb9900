import type {Condition} from '../../flow/forwarder.js'
import {multiplyShares, oneOf, WHOLE, type Share} from '../../flow/share.js'
import type {Rejected, Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {Branch} from '../branch.js'
import type {RouteChoice} from './choice.js'
import type {RouteQuestion} from './context.js'
import {describeAction, describeMatch, routeName} from './describe-route.js'
import {ANY_DRAW, restrictDraw, type Draw} from './draw.js'
import {matchRoute, type MatchResult} from './route-condition.js'
import {describeFraction, fractionConstraint, runtimeFraction, type Fraction} from './runtime-fraction.js'

/** Rejected routes listed in a step; the last entry then counts the others. */
const MAX_REJECTED = 20
/** Open alternatives followed for one request; beyond that the choice is undetermined. */
const MAX_BRANCHES = 64

export interface RouteWalk extends RouteQuestion {
  readonly virtualHost: View
  readonly routes: readonly View[]
}

/** How far one alternative has come down the list of routes. */
interface Progress {
  readonly index: number
  readonly share: Share
  readonly draw: Draw
  readonly requires: readonly Condition[]
  readonly rejected: readonly Rejected[]
}

/** Tries the routes in order; each possible way to get one is a branch. */
export function walkRoutes(walk: RouteWalk): Branch<RouteChoice>[] {
  const judge = judgeOnce(walk)
  const branches: Branch<RouteChoice>[] = []
  const open: Progress[] = [{index: 0, share: WHOLE, draw: ANY_DRAW, requires: [], rejected: []}]
  for (let progress = open.shift(); progress !== undefined; progress = open.shift()) {
    if (branches.length + open.length >= MAX_BRANCHES) branches.push(tooMany(walk, progress))
    else {
      const {branch, alternatives} = advance(progress, {walk, judge})
      branches.push(branch)
      open.unshift(...alternatives)
    }
  }
  return branches
}

type Judge = (index: number) => MatchResult

/** Conditions do not depend on the alternative, only on the request. */
function judgeOnce({routes, stream, table, context}: RouteWalk): Judge {
  const subject = {
    stream,
    semantics: context.semantics,
    ignorePathParameters: table.bool('ignore_path_parameters_in_path_matching') === true,
  }
  const results = new Map<number, MatchResult>()
  return (index) => {
    const match = routes[index]?.get('match')
    const result =
      results.get(index) ??
      (match === undefined ? ({outcome: 'undetermined', because: ['a route without match']} as const) : matchRoute(match, subject))
    results.set(index, result)
    return result
  }
}

interface Advance {
  readonly branch: Branch<RouteChoice>
  readonly alternatives: readonly Progress[]
}

/** Goes on to the next route this alternative can get, and leaves behind what happens if it does not get it. */
function advance(start: Progress, {walk, judge}: {walk: RouteWalk; judge: Judge}): Advance {
  const rejected = [...start.rejected]
  for (let index = start.index; index < walk.routes.length; index++) {
    const route = walk.routes[index]
    if (route === undefined) continue
    const result = judge(index)
    const split = result.outcome === 'no' ? undefined : splitByFraction(start.draw, {route, walk})
    if (split?.inside === undefined) {
      rejected.push({
        candidate: routeName(route),
        because: result.outcome === 'no' ? result.because.join(', ') : `runtime fraction ${split?.text ?? ''}`,
      })
      continue
    }
    return take({start: {...start, index, rejected}, route, result, split, inside: split.inside}, walk)
  }
  return {branch: noRoute({...start, rejected}, walk), alternatives: []}
}

interface DrawPart {
  readonly draw: Draw
  readonly share: Share
}

interface Split {
  readonly text: string
  readonly inside: DrawPart | undefined
  readonly outside: DrawPart | undefined
}

function splitByFraction(draw: Draw, {route, walk}: {route: View; walk: RouteWalk}): Split {
  const percent = route.path('match', 'runtime_fraction')
  const fraction = percent === undefined ? 'always' : runtimeFraction(percent, walk.context.runtime)
  const text = describeFraction(fraction)
  if (fraction === 'always') return {text, inside: {draw, share: WHOLE}, outside: undefined}
  if (fraction === 'never') return {text, inside: undefined, outside: {draw, share: WHOLE}}
  const side = (part: 'inside' | 'outside', of: Fraction): DrawPart | undefined => restrictDraw(draw, fractionConstraint(of, part))
  return {text, inside: side('inside', fraction), outside: side('outside', fraction)}
}

interface Taking {
  readonly start: Progress
  readonly route: View
  readonly result: MatchResult
  readonly split: Split
  readonly inside: DrawPart
}

function take({start, route, result, split, inside}: Taking, walk: RouteWalk): Advance {
  const open = result.outcome === 'undetermined'
  const share = multiplyShares(start.share, inside.share)
  const group = route.pointer
  const missed = {candidate: routeName(route), because: open ? result.because.join(', ') : `runtime fraction ${split.text}`}
  const next = {...start, index: start.index + 1, rejected: [...start.rejected, missed]}
  const notTaken: Progress[] = open
    ? [
        {
          ...next,
          draw: inside.draw,
          share: multiplyShares(share, oneOf(2)),
          requires: [...start.requires, condition(result, {group, holds: false})],
        },
      ]
    : []
  const outside =
    split.outside === undefined ? [] : [{...next, draw: split.outside.draw, share: multiplyShares(start.share, split.outside.share)}]
  return {
    branch: {
      value: {kind: 'route', route, virtualHost: walk.virtualHost, table: walk.table, draw: inside.draw},
      share: open ? multiplyShares(share, oneOf(2)) : share,
      requires: open ? [...start.requires, condition(result, {group, holds: true})] : start.requires,
      steps: [routeStep(route, {walk, start, fraction: split.text})],
    },
    alternatives: [...notTaken, ...outside],
  }
}

/** Both sides of an open question share a group: exactly one of them holds. */
function condition({because}: MatchResult, {group, holds}: {group: string; holds: boolean}): Condition {
  return {what: `${because.join(' and ')} must ${holds ? '' : 'not '}hold`, group}
}

function routeStep(route: View, {walk, start, fraction}: {walk: RouteWalk; start: Progress; fraction: string}): Step {
  const {request} = walk.stream
  const rejected = cut(start.rejected)
  return {
    kind: 'route',
    name: routeName(route),
    match: describeMatch(route, walk.context.runtime),
    action: describeAction(route),
    because: [`${request.method} ${request.path ?? request.authority}`, ...(fraction === '100 %' ? [] : [`runtime fraction ${fraction}`])],
    evidence: [walk.context.evidence(route)],
    ...(rejected.length === 0 ? {} : {rejected}),
  }
}

function noRoute(end: Progress, {virtualHost, table, stream, context}: RouteWalk): Branch<RouteChoice> {
  const rejected = cut(end.rejected)
  const step: Step = {
    kind: 'route',
    name: 'none',
    match: 'no route matches',
    action: '404 route_not_found',
    because: [`${stream.request.method} ${stream.request.path ?? stream.request.authority}`],
    evidence: [context.evidence(virtualHost)],
    ...(rejected.length === 0 ? {} : {rejected}),
  }
  return {value: {kind: 'no-route', virtualHost, table}, share: end.share, requires: end.requires, steps: [step]}
}

function tooMany({virtualHost, table}: RouteWalk, {share, requires}: Progress): Branch<RouteChoice> {
  const missing = `more than ${MAX_BRANCHES} routes are open alternatives`
  return {value: {kind: 'undetermined', missing, virtualHost, table}, share, requires, steps: []}
}

function cut(rejected: readonly Rejected[]): readonly Rejected[] {
  const left = rejected.length - MAX_REJECTED
  return left <= 0
    ? rejected
    : [...rejected.slice(0, MAX_REJECTED), {candidate: `${left} more routes`, because: 'their match does not hold'}]
}
