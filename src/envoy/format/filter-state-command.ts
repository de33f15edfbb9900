import type {FilterStateValue} from '../../flow/connection.js'
import {readSocketText} from '../match/socket-text.js'
import type {FormatContext} from './context.js'
import {MISSING, textOr, UNKNOWN, type CommandValue} from './value.js'

/** Objects that are addresses: they have fields, and no typed form. */
export const ADDRESS_KEYS: ReadonlySet<string> = new Set([
  'envoy.filters.listener.original_dst.local_ip',
  'envoy.filters.listener.original_dst.remote_ip',
  'envoy.network.transport_socket.original_dst_address',
])

/** `%FILTER_STATE(key:PLAIN)%`; TYPED (the default) prints the object as JSON, so that a string gets quotes. */
export function filterStateCommand(argument: string, context: FormatContext): CommandValue {
  const [key = '', form = 'TYPED', field] = argument.split(':')
  const object = filterStateOf(key, context)
  if (object === undefined) return MISSING
  if (object.value === undefined) return UNKNOWN
  if (form === 'PLAIN') return {kind: 'text', text: object.value}
  const address = ADDRESS_KEYS.has(key)
  if (form === 'FIELD') return address ? addressField(object.value, field) : UNKNOWN
  return address ? MISSING : {kind: 'text', text: quote(object.value)}
}

/** `%PER_REQUEST_STATE(key)%`, the older header form of `%FILTER_STATE(key:PLAIN)%`. */
export function requestStateCommand(argument: string, context: FormatContext): CommandValue {
  const object = filterStateOf(argument, context)
  return object === undefined ? MISSING : textOr(object.value, UNKNOWN)
}

/** The request's filter state has the connection's as its parent. */
export function filterStateOf(
  key: string,
  {connection, stream}: Pick<FormatContext, 'connection' | 'stream'>,
): FilterStateValue | undefined {
  return stream?.filterState.get(key) ?? connection.filterState.get(key)
}

function addressField(value: string, field: string | undefined): CommandValue {
  const socket = readSocketText(value)
  if (socket === undefined) return MISSING
  return field === 'ip' ? {kind: 'text', text: socket.ip} : field === 'port' ? {kind: 'text', text: String(socket.port)} : MISSING
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')
}
