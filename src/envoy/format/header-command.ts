import {headerLines, type Stream} from '../connection.js'
import type {FormatContext} from './context.js'
import {MISSING, textOr, UNKNOWN, type CommandValue} from './value.js'

/** Headers that Envoy itself makes up, so that their absence in the question proves nothing. */
const GENERATED: ReadonlySet<string> = new Set(['x-request-id', 'x-forwarded-for', 'x-forwarded-client-cert'])

/** `%REQ(X?Y)%`: the first line of header X, else of Y. Without an HTTP request both are missing. */
export function headerCommand(argument: string, {stream}: FormatContext): CommandValue {
  if (stream === undefined) return MISSING
  const names = argument.split('?').map((name) => name.toLowerCase())
  const name = names.find((candidate) => firstLine(stream, candidate) !== undefined)
  if (name !== undefined) return textOr(firstLine(stream, name))
  return names.some((candidate) => GENERATED.has(candidate)) ? UNKNOWN : MISSING
}

/** `%REQ_WITHOUT_QUERY(X?Y)%`: the same, cut at the first `?`. */
export function headerWithoutQuery(argument: string, context: FormatContext): CommandValue {
  const value = headerCommand(argument, context)
  return value.kind === 'text' ? {kind: 'text', text: value.text.replace(/\?[\s\S]*$/, '')} : value
}

function firstLine(stream: Stream, name: string): string | undefined {
  const [line] = headerLines(stream.request, name)
  return line ?? (name === ':scheme' || name === 'x-forwarded-proto' ? stream.scheme : undefined)
}
