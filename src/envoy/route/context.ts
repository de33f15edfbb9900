import type {Evidence} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {MatcherAnswer} from '../authorization/engine.js'
import type {Stream} from '../connection.js'
import type {Semantics} from '../semantics.js'

/** What routing needs beside the request and the route table. */
export interface RouteContext {
  readonly semantics: Semantics
  readonly evidence: (view: View) => Evidence
  /** Runtime values of the bootstrap; they override runtime fractions and weights. */
  readonly runtime?: ReadonlyMap<string, unknown>
  /** Evaluates the unified matcher of a virtual host or cluster specifier. */
  readonly evaluateMatcher?: (matcher: View, stream: Stream) => MatcherAnswer
  /** Evaluates a substitution format string; `complete` is false when a part of it is not known. */
  readonly format?: (template: string, stream: Stream) => {readonly text: string; readonly complete: boolean}
}

export interface RouteQuestion {
  /** A RouteConfiguration. */
  readonly table: View
  /** The request after normalizeRequest. */
  readonly stream: Stream
  readonly context: RouteContext
}
