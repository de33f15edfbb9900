import type {ProxyLog} from '../../flow/forwarder.js'
import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {either, single, type Branch} from '../branch.js'
import type {Stream} from '../connection.js'
import {stop, type EngineContext, type Passage} from '../context.js'
import type {RouteChoice} from '../route/choice.js'

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
  readonly name: string
  readonly type: string
}

/** A filter whose answer depends on something outside the data. */
export function mayRefuse(call: HttpFilterCall, refusal: {condition: string; status: number}): readonly Branch<HttpResult>[] {
  const refused: HttpResult = {
    kind: 'ended',
    passage: {
      end: stop({kind: 'denied', layer: 'l7', reason: `not: ${refusal.condition}`}, {kind: 'http', status: refusal.status}),
      log: {...call.log, code: refusal.status},
    },
  }
  const step = httpStep(call, refusal.condition)
  return either<HttpResult>(refusal.condition, {
    yes: single({kind: 'continue', stream: call.stream}, [step]),
    no: single(refused, [step]),
  })
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
