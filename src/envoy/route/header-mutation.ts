import type {View} from '../../json/view.js'
import type {Stream} from '../connection.js'
import {asciiLower} from '../match/text.js'
import type {RouteContext} from './context.js'

/** A stream on its way to the upstream, with notes on what could not be evaluated. */
export interface Prepared {
  readonly stream: Stream
  readonly notes: readonly string[]
}

type HeaderList = Stream['request']['headers']

interface Addition {
  readonly name: string
  readonly value: string
  readonly action: string
  readonly complete: boolean
}

/**
 * Applies request_headers_to_remove and request_headers_to_add of a message: removals first, every value from the headers as they are then,
 * overwrites before additions. Source: envoy-2022 D5 (header_parser.cc evaluateHeaders).
 */
export function mutateHeaders(prepared: Prepared, {holder, context}: {holder: View | undefined; context: RouteContext}): Prepared {
  const removed = new Set(holder?.list('request_headers_to_remove').map((name) => asciiLower(name.text() ?? '')))
  const options = holder?.list('request_headers_to_add') ?? []
  if (removed.size === 0 && options.length === 0) return prepared
  const kept = withHeaders(
    prepared.stream,
    prepared.stream.request.headers.filter(([name]) => !removed.has(name)),
  )
  const additions = options.map((option) => evaluate(option, {stream: kept, context})).filter((addition) => addition !== undefined)
  const notes = additions.filter(({complete}) => !complete).map(({name}) => `header ${name} is not fully known`)
  return {stream: withHeaders(kept, apply(kept.request.headers, additions)), notes: [...prepared.notes, ...notes]}
}

/** A header that turns out empty is left out, unless keep_empty_value says otherwise. */
function evaluate(option: View, {stream, context}: {stream: Stream; context: RouteContext}): Addition | undefined {
  const template = option.path('header')?.str('value') ?? ''
  const {text, complete} = formatValue(template, {stream, context})
  if (text === '' && option.bool('keep_empty_value') !== true) return undefined
  return {name: asciiLower(option.path('header')?.str('key') ?? ''), value: text, action: appendAction(option), complete}
}

/** A format string of a route; without a formatter only text without commands is known. */
export function formatValue(
  template: string,
  {stream, context}: {stream: Stream; context: RouteContext},
): {text: string; complete: boolean} {
  if (!template.includes('%')) return {text: template, complete: true}
  return context.format?.(template, stream) ?? {text: template, complete: false}
}

/** The deprecated `append` says the same as append_action. */
function appendAction(option: View): string {
  const append = option.bool('append')
  if (append !== undefined) return append ? 'APPEND_IF_EXISTS_OR_ADD' : 'OVERWRITE_IF_EXISTS_OR_ADD'
  return option.str('append_action') ?? 'APPEND_IF_EXISTS_OR_ADD'
}

function apply(headers: HeaderList, additions: readonly Addition[]): HeaderList {
  const present = new Set(headers.map(([name]) => name))
  const overwrites = additions.filter(
    ({name, action}) => action === 'OVERWRITE_IF_EXISTS_OR_ADD' || (action === 'OVERWRITE_IF_EXISTS' && present.has(name)),
  )
  const appends = additions.filter(
    ({name, action}) => action === 'APPEND_IF_EXISTS_OR_ADD' || (action === 'ADD_IF_ABSENT' && !present.has(name)),
  )
  const overwritten = overwrites.reduce<HeaderList>((list, {name, value}) => setHeader(list, [name, value]), headers)
  return [...overwritten, ...appends.map(({name, value}) => [name, value] as const)]
}

/** The header with this value alone, where its first line stood. */
export function setHeader(headers: HeaderList, [name, value]: readonly [string, string]): HeaderList {
  const first = headers.findIndex(([other]) => other === name)
  if (first < 0) return [...headers, [name, value]]
  return headers.flatMap((line, index) => (index === first ? [[name, value] as const] : line[0] === name ? [] : [line]))
}

function withHeaders(stream: Stream, headers: HeaderList): Stream {
  return {...stream, request: {...stream.request, headers}}
}
