import type {Trace} from '../flow/trace.js'

/**
 * A trace without the places where it can be checked, and without warnings about data that decided nothing: equal texts are equal
 * answers, with the same hops, reasons, shares, verdicts and findings.
 */
export function answerText(trace: Trace): string {
  return JSON.stringify({...trace, warnings: undefined}, (key, value: unknown) => (key === 'evidence' ? undefined : plain(value)))
}

/** Whether each answer is as it was. */
export function areSame(answers: readonly Trace[] | undefined, expected: readonly string[]): boolean {
  return answers?.every((answer, at) => answerText(answer) === expected[at]) ?? false
}

/** All texts of answers, but for those that say where they can be checked. */
export function textsIn(answers: readonly Trace[]): readonly string[] {
  const texts = new Set<string>()
  JSON.stringify(answers, (key, value: unknown) => {
    if (typeof value === 'string') texts.add(value)
    return key === 'evidence' ? undefined : plain(value)
  })
  return [...texts]
}

/** Where answers can be checked: the pointers by file. */
export function evidenceIn(answers: readonly Trace[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  JSON.stringify(answers, (_, value: unknown) => {
    const {dump, pointer} = evidenceFrom(value)
    if (dump !== undefined && pointer !== undefined) found.set(dump, (found.get(dump) ?? new Set()).add(pointer))
    return plain(value)
  })
  return found
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Map || value instanceof Set ? [...value] : value
}

function evidenceFrom(value: unknown): {readonly dump?: string; readonly pointer?: string} {
  if (typeof value !== 'object' || value === null || !('dump' in value) || !('pointer' in value)) return {}
  const {dump, pointer} = value
  return typeof dump === 'string' && typeof pointer === 'string' ? {dump, pointer} : {}
}
