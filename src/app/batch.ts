import {z} from 'zod'
import {describeFailure, InputError, isExpectedError, type Failure} from '../flow/errors.js'
import {EXIT_CODES, exitCodeOf, type ExitCode} from '../flow/exit-code.js'
import {traceOutlook, type Trace} from '../flow/trace.js'
import type {VerdictKind} from '../flow/verdict.js'

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
  let line = 0
  for await (const text of batch.lines) {
    line += 1
    if (text.trim() === '') continue
    const answer = await answerLine({line, text}, batch)
    answers.push(answer)
    await handOn(answer)
  }
  return answers
}

/** The exit code of a batch: a line that failed, else a negative (or unexpected) trace, else an undetermined one. */
export function batchExitCode(answers: readonly BatchAnswer[]): ExitCode {
  const codes = answers.map(codeOf)
  const failed = codes.find((code) => code > EXIT_CODES.undetermined)
  const bad = [EXIT_CODES.negative, EXIT_CODES.undetermined].find((code) => codes.includes(code))
  return failed ?? bad ?? EXIT_CODES.ok
}

function codeOf(answer: BatchAnswer): ExitCode {
  return answer.kind === 'failure' ? answer.failure.exitCode : exitCodeOf(traceOutlook(answer.trace, answer.expected))
}

async function answerLine<T>({line, text}: {readonly line: number; readonly text: string}, batch: Batch<T>): Promise<BatchAnswer> {
  try {
    const question = batch.read(JSON.parse(text))
    const expected = batch.expected?.(question)
    return {kind: 'trace', line, trace: await batch.answer(question), ...(expected === undefined ? {} : {expected})}
  } catch (thrown) {
    const failure = thrown instanceof SyntaxError || thrown instanceof z.ZodError ? badLine(line, thrown) : thrown
    if (!isExpectedError(failure)) throw failure
    return {kind: 'failure', line, failure: describeFailure(failure)}
  }
}

function badLine(line: number, cause: Error): InputError {
  const got = cause instanceof z.ZodError ? z.prettifyError(cause) : cause.message
  return new InputError({what: 'This line is no question.', file: '--batch', line, expected: 'one JSON object per line', got, cause})
}
