import {z} from 'zod'
import {describeFailure, InputError, isExpectedError, type Failure} from '../flow/errors.js'

/** The answer to one line of NDJSON, or why there is none. */
export type LineAnswer<Answer> =
  | {readonly kind: 'answer'; readonly line: number; readonly answer: Answer}
  | {readonly kind: 'failure'; readonly line: number; readonly failure: Failure}

export interface Lines<Answer> {
  readonly lines: AsyncIterable<string>
  /** Answers one line's JSON value. @throws ZodError, UsageError or InputError */
  readonly answer: (value: unknown) => Answer | Promise<Answer>
}

/** Answers line by line, in order. A line that cannot be answered gives its failure and does not stop the rest; a bug does. */
export async function* answerLines<Answer>({lines, answer}: Lines<Answer>): AsyncGenerator<LineAnswer<Answer>> {
  let line = 0
  for await (const text of lines) {
    line += 1
    if (text.trim() !== '') yield await answerLine({line, text}, answer)
  }
}

async function answerLine<Answer>(
  {line, text}: {readonly line: number; readonly text: string},
  answer: Lines<Answer>['answer'],
): Promise<LineAnswer<Answer>> {
  try {
    return {kind: 'answer', line, answer: await answer(JSON.parse(text))}
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
