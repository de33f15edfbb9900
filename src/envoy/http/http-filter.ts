import type {ProxyLog} from '../../flow/forwarder.js'
import {fraction, multiplyShares, type Share} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import type {Verdict} from '../../flow/verdict.js'
import type {View} from '../../json/view.js'
import {either, single, type Branch} from '../branch.js'
import type {Stream} from '../connection.js'
import {stop, type EngineContext, type Passage} from '../context.js'
import type {RouteChoice} from '../route/choice.js'
import {runtimeFraction} from '../route/runtime-fraction.js'

export interface HttpFiltersInput {
  readonly context: EngineContext
  readonly manager: View
  readonly stream: Stream
  readonly choice: RouteChoice
  readonly log: ProxyLog
  readonly weightedEntry?: View
  readonly cluster?: string
}

export type HttpResult = {readonly kind: 'continue'; readonly stream: Stream} | {readonly kind: 'ended'; readonly passage: Passage}

/** One HTTP filter asked about one request. */
export interface HttpFilterCall extends HttpFiltersInput {
  readonly config: View
  /** The most specific typed_per_filter_config. */
  readonly perRoute?: View
  /** The typed_per_filter_configs of all levels, the most specific first. */
  readonly overrides: readonly View[]
  readonly name: string
  readonly type: string
}

/** The request goes on as it is. */
export function pass(call: HttpFilterCall, effect: string): Branch<HttpResult>[] {
  return single<HttpResult>({kind: 'continue', stream: call.stream}, [httpStep(call, effect)])
}

/** The filter answers itself. `details` and `flags` are those of the access log. */
export function answer(
  call: HttpFilterCall,
  {verdict, status, effect, ...log}: {verdict: Verdict; status: number; effect: string; details?: string; flags?: string},
): Branch<HttpResult>[] {
  const end = stop(verdict, {kind: 'http', status})
  return single<HttpResult>({kind: 'ended', passage: {end, log: {...call.log, code: status, ...log}}}, [httpStep(call, effect)])
}

/** What a RuntimeFractionalPercent lets through to `inside`; the rest of the requests goes to `outside`. Absent: all of them. */
export function drawn(
  call: HttpFilterCall,
  ends: {percent: View | undefined; inside: () => readonly Branch<HttpResult>[]; outside: () => readonly Branch<HttpResult>[]},
): readonly Branch<HttpResult>[] {
  const {percent} = ends
  const part = percent === undefined ? 'always' : runtimeFraction(percent, call.context.config.runtime)
  if (part === 'always') return ends.inside()
  if (part === 'never') return ends.outside()
  const taking = (share: Share, branches: readonly Branch<HttpResult>[]): Branch<HttpResult>[] =>
    branches.map((branch) => ({...branch, share: multiplyShares(share, branch.share)}))
  const {numerator, denominator} = part
  return [
    ...taking(fraction(numerator, denominator), ends.inside()),
    ...taking(fraction(denominator - numerator, denominator), ends.outside()),
  ]
}

/** A filter whose answer depends on something outside the data. */
export function mayRefuse(
  call: HttpFilterCall,
  refusal: {condition: string; status: number; flags?: string; details?: string},
): readonly Branch<HttpResult>[] {
  const {condition, ...answered} = refusal
  const verdict = {kind: 'denied', layer: 'l7', reason: `not: ${condition}`} as const
  return either<HttpResult>(condition, {yes: pass(call, condition), no: answer(call, {verdict, effect: condition, ...answered})})
}

export function httpStep(call: HttpFilterCall, effect: string): Extract<Step, {kind: 'network-filter' | 'http-filter'}> {
  return {
    kind: 'http-filter',
    name: call.name,
    type: call.type,
    effect,
    because: [],
    evidence: [call.context.evidence(call.perRoute ?? call.config)],
  }
}
