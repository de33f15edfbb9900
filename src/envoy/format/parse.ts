/** One piece of a format string. `source` is the command as written, without the percent signs. */
export type FormatPart = {readonly kind: 'literal'; readonly text: string} | FormatCommand

export interface FormatCommand {
  readonly kind: 'command'
  readonly source: string
  readonly name: string
  readonly argument?: string
  /** `:N` after the command: at most so many characters are printed. */
  readonly length?: number
}

/** `%NAME%`, `%NAME(argument)%`, `%NAME(argument):length%`; the argument ends at the first `)%` or `):N%`. */
const COMMAND = /%(([A-Z0-9_]+)(?:\(([\s\S]*?)\))?(?::(\d{1,9}))?)%/y

/** Splits a format string; `%%` is a percent sign. Undefined when a `%` starts no command: Envoy rejects such a string. */
export function parseFormat(text: string): readonly FormatPart[] | undefined {
  const parts: FormatPart[] = []
  let position = 0
  while (position < text.length) {
    const step = text[position] === '%' ? readPercent(text, position) : readLiteral(text, position)
    if (step === undefined) return undefined
    parts.push(step.part)
    position = step.end
  }
  return parts
}

interface Reading {
  readonly part: FormatPart
  readonly end: number
}

function readLiteral(text: string, position: number): Reading {
  const next = text.indexOf('%', position)
  const end = next === -1 ? text.length : next
  return {part: {kind: 'literal', text: text.slice(position, end)}, end}
}

function readPercent(text: string, position: number): Reading | undefined {
  if (text[position + 1] === '%') return {part: {kind: 'literal', text: '%'}, end: position + 2}
  COMMAND.lastIndex = position
  const match = COMMAND.exec(text)
  if (match === null) return undefined
  const [whole, source = '', name = '', argument, length] = match
  return {
    part: {
      kind: 'command',
      source,
      name,
      ...(argument === undefined ? {} : {argument}),
      ...(length === undefined ? {} : {length: Number(length)}),
    },
    end: position + whole.length,
  }
}
