export interface Head {
  /** Request or status line. */
  readonly first: string
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Length up to and with the empty line. */
  readonly length: number
}

/** The head of an HTTP/1 message; undefined while its empty line has not come. */
export function parseHead(text: string): Head | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  return {first, headers: lines.map(parseHeader), length: end + 4}
}

function parseHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

export function headerOf(head: Pick<Head, 'headers'>, name: string): string | undefined {
  return head.headers.find(([key]) => key === name)?.[1]
}
