import type {Answer, Place, ProxyLog} from '../flow/forwarder.js'
import type {Departure} from '../flow/connection.js'
import type {Evidence} from '../flow/step.js'
import type {Missing, Verdict} from '../flow/verdict.js'
import type {View} from '../json/view.js'
import type {EnvoyConfig} from './config/model.js'
import type {Connection} from './connection.js'
import type {Semantics} from './semantics.js'

/** What every stage of the engine needs to know about the proxy. */
export interface EngineContext {
  readonly config: EnvoyConfig
  readonly semantics: Semantics
  readonly place: Place
  readonly evidence: (view: View) => Evidence
}

/** How one passage through a listener ends; the log is what Envoy's access log would hold. */
export interface Passage {
  readonly end: {readonly kind: 'depart'; readonly departure: Departure} | Stop
  readonly log: ProxyLog
}

export interface Stop {
  readonly kind: 'stop'
  readonly verdict: Verdict
  readonly answer: Answer
  readonly dialled?: Departure
}

/** The connection is closed after it was accepted. */
const CLOSED: Answer = {kind: 'closed', accepted: true}
/** The dialling side sees a failed connect. */
export const NOT_ACCEPTED: Answer = {kind: 'closed', accepted: false}

/** How a close looks that needs no more data than the chain choice did. */
export function closedAtOnce(connection: Pick<Connection, 'inspected'>): Answer {
  return connection.inspected === true ? CLOSED : NOT_ACCEPTED
}

export function stop(verdict: Verdict, answer: Answer = CLOSED): Stop {
  return {kind: 'stop', verdict, answer}
}

export function undetermined(...missing: readonly Missing[]): Stop {
  return {kind: 'stop', verdict: {kind: 'undetermined', missing}, answer: {kind: 'unknown'}}
}
