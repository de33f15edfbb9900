import type {Failure} from '../flow/errors.js'
import {exitCodeOf, worstExitCode, type ExitCode} from '../flow/exit-code.js'
import {traceOutlook, type Trace} from '../flow/trace.js'
import type {VerdictKind} from '../flow/verdict.js'
import {answerLines} from './answer-lines.js'

/** The answer to one line of a batch. */
export type BatchAnswer =
  | {readonly kind: 'trace'; readonly line: number; readonly trace: Trace; readonly expected?: VerdictKind}
  | {readonly kind: 'failure'; readonly line: number; readonly failure: Failure}

export interface Batch<T> {
  readonly lines: AsyncIterable<string>
  /** Reads one line's JSON value. @throws ZodError or UsageError */
  readonly read: (value: unknown) => T
  readonly answer: (question: T) => Promise<Trace>
  /** The verdict a line asks for, whatever it means for the traffic. */
  readonly expected?: (question: T) => VerdictKind | undefined
}

/**
 * Answers questions line by line, in order, and hands on each answer as it comes. A line that cannot be answered gives
 * its failure and does not stop the rest; a bug does. Empty lines count, but ask nothing.
 */
export async function answerBatch<T>(batch: Batch<T>, handOn: (answer: BatchAnswer) => Promise<void>): Promise<readonly BatchAnswer[]> {
  const answers: BatchAnswer[] = []
  for await (const one of answerLines({lines: batch.lines, answer: (value) => answerOf(value, batch)})) {
    const answer: BatchAnswer = one.kind === 'failure' ? one : {kind: 'trace', line: one.line, ...one.answer}
    answers.push(answer)
    await handOn(answer)
  }
  return answers
}

/** The exit code of a batch: a line that failed, else a negative (or unexpected) trace, else an undetermined one. */
export function batchExitCode(answers: readonly BatchAnswer[]): ExitCode {
  return worstExitCode(answers.map(codeOf))
}

function codeOf(answer: BatchAnswer): ExitCode {
  return answer.kind === 'failure' ? answer.failure.exitCode : exitCodeOf(traceOutlook(answer.trace, answer.expected))
}

async function answerOf<T>(value: unknown, batch: Batch<T>): Promise<{readonly trace: Trace; readonly expected?: VerdictKind}> {
  const question = batch.read(value)
  const expected = batch.expected?.(question)
  return {trace: await batch.answer(question), ...(expected === undefined ? {} : {expected})}
}
