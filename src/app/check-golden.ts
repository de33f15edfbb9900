import type {Finding} from '../audit/expectation.js'
import type {Trace} from '../flow/trace.js'

/** A trace as the text of a golden file, without the newline at its end. */
export type GoldenForm = (trace: Trace) => string

/** Text files, as far as checks read and write them. */
export interface TextFiles {
  read(file: string): Promise<string>
  write(file: string, text: string): Promise<void>
  has(file: string): boolean
}

export interface Compared {
  readonly findings: readonly Finding[]
  readonly updated: readonly string[]
}

/** Compares a text with a golden file, line by line; writes the file instead when asked to. */
export async function compareGolden(options: {file: string; text: string; texts: TextFiles; update: boolean}): Promise<Compared> {
  const {file, text, texts, update} = options
  const golden = texts.has(file) ? (await texts.read(file)).replaceAll('\r\n', '\n') : undefined
  if (golden === text) return {findings: [], updated: []}
  if (!update) return {findings: [golden === undefined ? missingGolden(file) : differingLine({file, golden, text})], updated: []}
  await texts.write(file, text)
  return {findings: [], updated: [file]}
}

function missingGolden(file: string): Finding {
  return {aspect: 'golden', status: 'failed', expected: `the golden file ${file}`, got: 'no such file; --update writes it'}
}

function differingLine({file, golden, text}: {file: string; golden: string; text: string}): Finding {
  const expected = golden.split('\n')
  const got = text.split('\n')
  const at = got.findIndex((line, index) => line !== expected[index])
  const line = at === -1 ? got.length : at
  return {
    aspect: 'golden',
    status: 'failed',
    expected: `${file}:${line + 1}: ${lineAt(expected, line)}`,
    got: lineAt(got, line),
  }
}

/** The text ends with a newline: behind the last one there is no line. */
function lineAt(lines: readonly string[], at: number): string {
  return at >= lines.length - 1 ? '(no line)' : (lines[at] ?? '').trim()
}
