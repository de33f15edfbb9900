import type {Ending} from './ending.js'
import type {Edit} from './mutate/edit.js'
import type {TextEdit} from './mutate/text-edits.js'
import type {Random} from './random.js'

export type AnyEdit = Edit | TextEdit

/** A case before it is run, as data. */
export interface Draft {
  readonly seed: string
  /** Which file of a seed that has several. */
  readonly part?: string
  readonly edits: readonly AnyEdit[]
}

/** One kind of input, and everything that is asked of it. */
export interface Target {
  readonly name: string
  /** How many of a hundred cases of a whole run. */
  readonly percent: number
  draw(random: Random): Draft
  /** Runs a case. `random` only picks the questions. @throws Finding, or whatever the tool threw: a crash. */
  run(draft: Draft, random: Random): Promise<Ending>
}

export function isTreeOrByteEdit(edit: AnyEdit): edit is Edit {
  return 'path' in edit || edit.op === 'cut' || edit.op === 'bytes'
}

export function isTextEdit(edit: AnyEdit): edit is TextEdit {
  return !isTreeOrByteEdit(edit)
}
