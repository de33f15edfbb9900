/** A broken promise of the tool, found by a fuzzed case. What is thrown and is no expected error is one as well: a crash. */
class Finding extends Error {
  constructor(
    /** Which promise: equal findings have an equal signature. */
    readonly signature: string,
    detail: string,
  ) {
    super(`${signature}: ${detail.slice(0, MAX_DETAIL)}`)
    this.name = 'Finding'
  }
}

const MAX_DETAIL = 600

export function demand(holds: boolean, signature: string, detail: () => string): void {
  if (!holds) throw new Finding(signature, detail())
}

/** The promise, or for a crash its kind and the first place in src. */
export function signatureOf(thrown: unknown): string {
  if (thrown instanceof Finding) return thrown.signature
  if (!(thrown instanceof Error)) return `crash: ${String(thrown)}`
  const frame = /(src\/[^\s:)]+)/.exec(thrown.stack ?? '')?.[1] ?? 'no frame of src'
  return `crash: ${thrown.name} in ${frame}`
}
