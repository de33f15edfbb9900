import type {Condition} from '../../flow/forwarder.js'
import {multiplyShares, oneOf, WHOLE, type Share} from '../../flow/share.js'
import type {View} from '../../json/view.js'
import type {Branch} from '../branch.js'
import type {RouteChoice} from './choice.js'
import type {CompiledRoute} from './compiled-routes.js'
import type {RouteQuestion} from './context.js'
import {ANY_DRAW, restrictDraw, type Draw} from './draw.js'
import {testConditions, type MatchResult} from './route-condition.js'
import {noRouteStep, routeStep, type Skipped} from './route-steps.js'
import {describeFraction, fractionConstraint, runtimeFraction} from './runtime-fraction.js'

/** Open alternatives followed for one request; beyond that the choice is undetermined. */
const MAX_BRANCHES = 64

export interface RouteWalk {
  readonly question: RouteQuestion
  readonly virtualHost: View
  readonly routes: readonly CompiledRoute[]
}

/** How far one alternative has come down the list of routes. */
interface Progress {
  readonly index: number
  readonly share: Share
  readonly draw: Draw
  readonly requires: readonly Condition[]
  readonly skipped: readonly Skipped[]
}

/** Tries the routes in order; each possible way to get one is a branch. */
export function walkRoutes(walk: RouteWalk): Branch<RouteChoice>[] {
  const judge = judgeOnce(walk)
  const branches: Branch<RouteChoice>[] = []
  const open: Progress[] = [{index: 0, share: WHOLE, draw: ANY_DRAW, requires: [], skipped: []}]
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
function judgeOnce({routes, question: {stream, table, context}}: RouteWalk): Judge {
  const ignorePathParameters = table.bool('ignore_path_parameters_in_path_matching') === true
  const subject = {stream, semantics: context.semantics, ignorePathParameters}
  const results: MatchResult[] = []
  return (index) => {
    const conditions = routes[index]?.conditions
    results[index] ??=
      conditions === undefined ? {outcome: 'undetermined', because: ['the match it lacks']} : testConditions(conditions, subject)
    return results[index]
  }
}

interface Advance {
  readonly branch: Branch<RouteChoice>
  readonly alternatives: readonly Progress[]
}

/** Goes on to the next route this alternative can get, and leaves behind what happens if it does not get it. */
function advance(start: Progress, {walk, judge}: {walk: RouteWalk; judge: Judge}): Advance {
  const skipped = [...start.skipped]
  for (const [offset, compiled] of walk.routes.slice(start.index).entries()) {
    const index = start.index + offset
    const result = judge(index)
    const split = result.outcome === 'no' ? undefined : splitByFraction(start.draw, {compiled, walk})
    if (split?.inside !== undefined) {
      return take({start: {...start, index, skipped}, compiled, result, split, inside: split.inside}, walk)
    }
    skipped.push({route: compiled.route, because: split === undefined ? result.because : [`runtime fraction ${split.text}`]})
  }
  return {branch: noRoute({...start, skipped}, walk), alternatives: []}
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

function splitByFraction(draw: Draw, {compiled, walk}: {compiled: CompiledRoute; walk: RouteWalk}): Split {
  const {fraction: percent} = compiled
  const fraction = percent === undefined ? 'always' : runtimeFraction(percent, walk.question.context.runtime)
  const text = describeFraction(fraction)
  if (fraction === 'always') return {text, inside: {draw, share: WHOLE}, outside: undefined}
  if (fraction === 'never') return {text, inside: undefined, outside: undefined}
  const side = (part: 'inside' | 'outside'): DrawPart | undefined => restrictDraw(draw, fractionConstraint(fraction, part))
  return {text, inside: side('inside'), outside: side('outside')}
}

interface Taking {
  readonly start: Progress
  readonly compiled: CompiledRoute
  readonly result: MatchResult
  readonly split: Split
  readonly inside: DrawPart
}

function take(taking: Taking, {question, virtualHost}: RouteWalk): Advance {
  const {start, compiled, result, split, inside} = taking
  const {route} = compiled
  const share = multiplyShares(start.share, inside.share)
  const open = result.outcome === 'undetermined'
  return {
    branch: {
      value: {kind: 'route', route, virtualHost, table: question.table, draw: inside.draw},
      share: open ? multiplyShares(share, oneOf(2)) : share,
      requires: open ? [...start.requires, condition(taking, true)] : start.requires,
      steps: [routeStep(compiled, {question, virtualHost, skipped: start.skipped, fraction: split.text})],
    },
    alternatives: alternativesTo(taking, share),
  }
}

/** What happens when the route is not taken: its open conditions do not hold, or the random value lies outside its fraction. */
function alternativesTo(taking: Taking, share: Share): readonly Progress[] {
  const {start, compiled, result, split, inside} = taking
  const open = result.outcome === 'undetermined'
  const missed = {route: compiled.route, because: open ? result.because : [`runtime fraction ${split.text}`]}
  const next = {...start, index: start.index + 1, skipped: [...start.skipped, missed]}
  const notTaken = {
    ...next,
    draw: inside.draw,
    share: multiplyShares(share, oneOf(2)),
    requires: [...start.requires, condition(taking, false)],
  }
  const {outside} = split
  return [
    ...(open ? [notTaken] : []),
    ...(outside === undefined ? [] : [{...next, draw: outside.draw, share: multiplyShares(start.share, outside.share)}]),
  ]
}

/** Both sides of an open question share a group: exactly one of them holds. */
function condition({result, compiled: {route}}: Taking, holds: boolean): Condition {
  return {what: `${result.because.join(' and ')} must ${holds ? '' : 'not '}hold`, group: route.pointer}
}

function noRoute({skipped, share, requires}: Progress, {virtualHost, question}: RouteWalk): Branch<RouteChoice> {
  const value: RouteChoice = {kind: 'no-route', virtualHost, table: question.table}
  return {value, share, requires, steps: [noRouteStep(virtualHost, {question, skipped})]}
}

function tooMany({virtualHost, question: {table}}: RouteWalk, {share, requires}: Progress): Branch<RouteChoice> {
  const missing = `more than ${MAX_BRANCHES} routes are open alternatives`
  return {value: {kind: 'undetermined', missing, virtualHost, table}, share, requires, steps: []}
}
