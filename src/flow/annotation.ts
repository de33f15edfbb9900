/** A boolean annotation as Istio reads it (Go's strconv.ParseBool); undefined for what it takes for absent. */
export function readBoolean(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : undefined
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])
