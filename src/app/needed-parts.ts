import {InputError, UsageError} from '../flow/errors.js'
import type {Trace} from '../flow/trace.js'
import {ElementSet, WHOLE, type Element} from '../snapshot/minimize/element.js'
import type {SnapshotParts} from '../snapshot/minimize/parts.js'
import {rankElements, tokensOf} from '../snapshot/minimize/relevance.js'
import {findSmall} from '../snapshot/minimize/search.js'
import type {Snapshot} from '../snapshot/snapshot.js'
import {answerText, areSame, evidenceIn, textsIn} from './same-answer.js'

export interface Asking {
  /** The answers of a snapshot to the questions that count. */
  readonly ask: (snapshot: Snapshot) => Promise<readonly Trace[]>
  readonly progress: (line: string) => void
}

/** What of a snapshot the answers need. */
export interface Needed {
  /** The answers of the whole snapshot. */
  readonly answers: readonly Trace[]
  readonly keeps: (element: Element) => boolean
  /** The same, but whole files. */
  readonly keepsFile: (element: Element) => boolean
  /** Files and elements of those that were read. */
  readonly elements: {readonly kept: number; readonly of: number}
  readonly warnings: readonly string[]
}

/** Named limit: traces that may be made in one pass to find out what is needed. Most snapshots need less than a hundred. */
const MAX_TRIES = 2000

/**
 * Finds a small part of a snapshot that gives the same answers: what their evidence points to, and what else they turn out to need.
 * What is left is looked at again until nothing more can go, so that a snapshot that was made so stays as it is.
 */
export async function findNeeded(parts: SnapshotParts, asking: Asking): Promise<Needed> {
  const first = await reduce(parts, {...asking, scope: () => true})
  let last = first
  for (let before = first.of; last.isSmallest && last.kept.size < before; ) {
    before = last.kept.size
    const {kept} = last
    last = await reduce(parts, {...asking, scope: (element) => kept.has(element)})
  }
  const {kept, isSmallest} = last
  return {
    answers: first.answers,
    keeps: (element) => kept.has(element),
    keepsFile: ({file}) => kept.has({file, id: WHOLE}),
    elements: {kept: kept.size, of: first.of},
    warnings: isSmallest ? [] : [`more may be kept than is needed: nobody looked further after ${MAX_TRIES} traces`],
  }
}

interface Scope extends Asking {
  readonly scope: (element: Element) => boolean
}

interface Reduced {
  readonly answers: readonly Trace[]
  readonly kept: ElementSet
  /** Elements of the scope. */
  readonly of: number
  readonly isSmallest: boolean
}

/** Looks once for what is needed among the elements of the scope. */
async function reduce(parts: SnapshotParts, {ask, progress, scope}: Scope): Promise<Reduced> {
  const read = new ElementSet()
  const answers = await ask(await parts.view({keeps: scope, noteRead: (element) => read.add(element)}))
  const required = pointedAt(answers, parts)
  const elements = [...parts.elements()].filter(scope)
  progress(`looking for what is needed among ${elements.length} elements`)
  const expected = answers.map(answerText)
  const isEnough = async (chosen: readonly Element[]): Promise<boolean> => {
    const kept = new ElementSet([...required, ...chosen])
    const view = await parts.view({keeps: (element) => kept.has(element), noteRead: () => undefined})
    return areSame(await answersOrNone(() => ask(view)), expected)
  }
  const candidates = candidatesAmong(elements, {parts, answers, required: new ElementSet(required), read})
  const {kept, isSmallest} = await findSmall({candidates, isEnough, maxTries: MAX_TRIES})
  const all = new ElementSet([...required, ...kept])
  return {answers, kept: all, of: new ElementSet(elements).size, isSmallest}
}

function pointedAt(answers: readonly Trace[], parts: SnapshotParts): readonly Element[] {
  return [...evidenceIn(answers)].flatMap(([file, pointers]) => [...parts.pointedAt(file, pointers)])
}

interface Surroundings {
  readonly parts: SnapshotParts
  readonly answers: readonly Trace[]
  readonly required: ElementSet
  readonly read: ElementSet
}

function candidatesAmong(elements: readonly Element[], {parts, answers, required, read}: Surroundings): readonly Element[] {
  return rankElements({
    parts,
    elements: elements.filter((element) => !required.has(element)),
    terms: new Set(textsIn(answers).flatMap((text) => [...tokensOf(text)])),
    wasRead: (element) => read.has(element),
  })
}

/** Undefined where so little is left that a question cannot even be asked. */
export async function answersOrNone(ask: () => Promise<readonly Trace[]>): Promise<readonly Trace[] | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof UsageError || error instanceof InputError) return undefined
    throw error
  }
}
