import type {Ending} from './ending.js'
import {demand, signatureOf} from './finding.js'
import {demandCleanPrototypes} from './promises.js'
import {caseSeed, Random} from './random.js'
import type {Draft, Target} from './target.js'

/** Which case: everything else about it follows. */
export interface CaseId {
  readonly seed: number
  readonly index: number
}

export type CaseResult =
  | {readonly kind: 'held'; readonly ending: Ending}
  | {readonly kind: 'failed'; readonly signature: string; readonly message: string; readonly draft: Draft}

/** Hops, steps and kilobytes of text that one case may make: far above any real answer, far below what a user would notice as a hang. */
const MAX_WORK = 400_000

export function drawCase(target: Target, {seed, index}: CaseId): Draft {
  return target.draw(new Random(caseSeed(seed, target.name, index)))
}

export async function runCase(target: Target, {id, draft}: {readonly id: CaseId; readonly draft: Draft}): Promise<CaseResult> {
  try {
    const ending = await target.run(draft, new Random(caseSeed(id.seed, target.name, id.index, 'questions')))
    demandCleanPrototypes()
    demand(ending.work <= MAX_WORK, 'too much work', () => String(Math.round(ending.work)))
    return {kind: 'held', ending}
  } catch (thrown) {
    const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    return {kind: 'failed', signature: signatureOf(thrown), message, draft}
  }
}

/** Leaves out edits as long as the same promise stays broken. */
export async function shrink(
  target: Target,
  failed: {readonly id: CaseId; readonly draft: Draft; readonly signature: string},
): Promise<Draft> {
  let {draft} = failed
  for (let size = draft.edits.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < draft.edits.length; ) {
      const smaller = {...draft, edits: draft.edits.toSpliced(at, size)}
      const result = await runCase(target, {id: failed.id, draft: smaller})
      if (result.kind === 'failed' && result.signature === failed.signature) draft = smaller
      else at += size
    }
  }
  return draft
}
