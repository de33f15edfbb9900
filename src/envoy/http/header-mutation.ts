import type {HttpRequest} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {single, type Branch} from '../branch.js'
import type {Stream} from '../connection.js'
import {formatSubstitution} from '../format/substitute.js'
import {setHeader} from '../route/header-mutation.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

type Headers = HttpRequest['headers']

/**
 * header_mutation: request headers changed here are seen by later filters and by the upstream. The filter's own mutations come first, then
 * those of every level, the most specific first unless it is to win. Source: envoy-2022 D6; header_mutation.cc decodeHeaders.
 */
export function mutateRequest(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const wins = call.config.bool('most_specific_header_mutations_wins') === true
  const levels = wins ? call.overrides.toReversed() : call.overrides
  const mutations = [call.config, ...levels].flatMap((holder) => holder.get('mutations')?.list('request_mutations') ?? [])
  const stream = mutations.reduce((before, mutation) => mutated(before, {call, mutation}), call.stream)
  return single({kind: 'continue', stream}, [httpStep(call, `${mutations.length} request header mutations`)])
}

/** Each mutation sees what the ones before it did. */
function mutated(stream: Stream, {call, mutation}: {call: HttpFilterCall; mutation: View}): Stream {
  const {headers} = stream.request
  const removed = mutation.str('remove')?.toLowerCase()
  const append = mutation.get('append')
  const changed =
    removed === undefined
      ? append === undefined
        ? headers
        : appended(headers, {append, stream, call})
      : headers.filter(([name]) => name !== removed)
  return {...stream, request: {...stream.request, headers: changed}}
}

function appended(headers: Headers, {append, stream, call}: {append: View; stream: Stream; call: HttpFilterCall}): Headers {
  const header = append.get('header')
  const name = header?.str('key')?.toLowerCase()
  const {node} = call.context.config
  const value = formatSubstitution(header?.str('value') ?? '', {connection: stream.connection, stream, node, omitEmptyValues: true}).text
  // A header that turns out empty is left out, as one of a route is.
  if (name === undefined || (value === '' && append.bool('keep_empty_value') !== true)) return headers
  return withValue(headers, {name, value, action: append.str('append_action') ?? 'APPEND_IF_EXISTS_OR_ADD'})
}

function withValue(headers: Headers, {name, value, action}: {name: string; value: string; action: string}): Headers {
  const present = headers.some(([other]) => other === name)
  switch (action) {
    case 'ADD_IF_ABSENT':
      return present ? headers : [...headers, [name, value]]
    case 'OVERWRITE_IF_EXISTS':
      return present ? setHeader(headers, [name, value]) : headers
    case 'OVERWRITE_IF_EXISTS_OR_ADD':
      return setHeader(headers, [name, value])
    default:
      return [...headers, [name, value]]
  }
}
