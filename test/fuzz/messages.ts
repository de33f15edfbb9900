import type {Ending} from './ending.js'
import type {Plan} from './plan.js'
import type {Draft} from './target.js'

export interface ToWorker {
  readonly plan: Plan
  readonly number: number
  /** The case at which a process before this one ended: its share goes on behind it. */
  readonly after?: CasePlace
}

export interface CasePlace {
  readonly target: string
  readonly index: number
}

export interface Failure {
  readonly target: string
  readonly index: number
  readonly signature: string
  readonly message: string
  /** Shrunk: what is left breaks the same promise. */
  readonly draft?: Draft
}

export type FromWorker =
  | {readonly kind: 'begin'; readonly target: string; readonly index: number}
  | {readonly kind: 'held'; readonly target: string; readonly ending: Ending}
  | {readonly kind: 'failed'; readonly failure: Failure}
  | {readonly kind: 'done'; readonly peakBytes: number}
