import type {HttpRequest} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {single, type Branch} from '../branch.js'
import type {Stream} from '../connection.js'
import {formatSubstitution} from '../format/substitute.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

type Headers = HttpRequest['headers']

/** header_mutation: request headers changed here are seen by later filters and by the upstream. Source: envoy-2022 D6. */
export function mutateRequest(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const holders = call.perRoute === undefined ? [call.config] : [call.config, call.perRoute]
  const mutations = holders.flatMap((holder) => holder.get('mutations')?.list('request_mutations') ?? [])
  const headers = mutations.reduce<Headers>((list, mutation) => applied(list, {mutation, stream: call.stream}), call.stream.request.headers)
  const stream = {...call.stream, request: {...call.stream.request, headers}}
  return single({kind: 'continue', stream}, [httpStep(call, `${mutations.length} request header mutations`)])
}

function applied(headers: Headers, {mutation, stream}: {mutation: View; stream: Stream}): Headers {
  const removed = mutation.str('remove')?.toLowerCase()
  const append = mutation.get('append')
  if (removed !== undefined) return headers.filter(([name]) => name !== removed)
  return append === undefined ? headers : appended(headers, {append, stream})
}

function appended(headers: Headers, {append, stream}: {append: View; stream: Stream}): Headers {
  const header = append.get('header')
  const name = header?.str('key')?.toLowerCase()
  if (name === undefined) return headers
  const value = formatSubstitution(header?.str('value') ?? '', {connection: stream.connection, stream}).text
  return withValue(headers, {name, value, action: append.str('append_action') ?? 'APPEND_IF_EXISTS_OR_ADD'})
}

function withValue(headers: Headers, change: {name: string; value: string; action: string}): Headers {
  const line = [change.name, change.value] as const
  const present = headers.some(([name]) => name === change.name)
  const others = headers.filter(([name]) => name !== change.name)
  switch (change.action) {
    case 'ADD_IF_ABSENT':
      return present ? headers : [...headers, line]
    case 'OVERWRITE_IF_EXISTS':
      return present ? [...others, line] : headers
    case 'OVERWRITE_IF_EXISTS_OR_ADD':
      return [...others, line]
    default:
      return [...headers, line]
  }
}
