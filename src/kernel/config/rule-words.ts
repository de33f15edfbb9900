/** Words of a rule; quotes group, a backslash inside quotes takes the next character as it is. Undefined: a quote is left open. */
export function ruleWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))/gy
  const trimmed = text.trim()
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed)
    if (match === null) return undefined
    if (match[1] === undefined && match[2]?.startsWith('"') === true) return undefined
    words.push(match[1]?.replace(/\\(.)/g, '$1') ?? match[2] ?? '')
  }
  return words
}

/** Reads the words of a rule from left to right. */
export interface WordReader {
  /** The next word, or one further ahead. */
  readonly peek: (ahead?: number) => string | undefined
  readonly next: () => string | undefined
  readonly done: () => boolean
}

export function wordReader(words: readonly string[]): WordReader {
  let at = 0
  return {
    peek: (ahead = 0) => words[at + ahead],
    next: () => {
      at += 1
      return words[at - 1]
    },
    done: () => at >= words.length,
  }
}

/** The values of an option that is not known: everything up to the next option or negation. */
export function restOfOption(reader: WordReader): readonly string[] {
  const values: string[] = []
  for (let word = reader.peek(); word !== undefined && !/^(-|!$)/.test(word); word = reader.peek()) {
    values.push(word)
    reader.next()
  }
  return values
}
