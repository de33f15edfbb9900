import type {Tri} from '../../flow/tri.js'
import type {Stream} from '../connection.js'
import type {Semantics} from '../semantics.js'

export interface RouteSubject {
  readonly stream: Stream
  readonly semantics: Semantics
  /** RouteConfiguration.ignore_path_parameters_in_path_matching */
  readonly ignorePathParameters: boolean
}

/** One thing a RouteMatch asks for, in words and as a test. */
export interface RouteCondition {
  readonly text: string
  readonly test: (subject: RouteSubject) => Tri
}
