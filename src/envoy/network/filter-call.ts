import type {ProxyLog} from '../../flow/forwarder.js'
import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {single, type Branch} from '../branch.js'
import type {Connection} from '../connection.js'
import type {EngineContext, Passage, Stop} from '../context.js'

/** A connection on its way through the network filters of a chain. */
export interface Progress {
  readonly connection: Connection
  /** The connection will be ended, but only after the upstream was dialled: some filters act on the first byte (envoy-2022 I.9). */
  readonly denied?: Stop
}

/** One network filter asked about one connection. */
export interface FilterCall {
  readonly context: EngineContext
  readonly config: View
  readonly name: string
  readonly type: string
  readonly progress: Progress
  readonly log: ProxyLog
  /** The filter state when the first byte comes: all filters of the chain have seen the new connection. */
  readonly settledState: Connection['filterState']
}

export type Result = {readonly kind: 'continue'; readonly progress: Progress} | {readonly kind: 'ended'; readonly passage: Passage}

export function proceed(progress: Progress, steps: readonly Step[] = []): Branch<Result>[] {
  return single<Result>({kind: 'continue', progress}, steps)
}

export function ended(passage: Passage, steps: readonly Step[] = []): Branch<Result>[] {
  return single<Result>({kind: 'ended', passage}, steps)
}

export function stepOf(
  call: Pick<FilterCall, 'context' | 'config' | 'name' | 'type'>,
  effect: string,
): Extract<Step, {kind: 'network-filter' | 'http-filter'}> {
  return {kind: 'network-filter', name: call.name, type: call.type, effect, because: [], evidence: [call.context.evidence(call.config)]}
}
