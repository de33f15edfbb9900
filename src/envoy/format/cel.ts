import {formatSocket} from '../../flow/address.js'
import {headerLines} from '../connection.js'
import {filterStateOf} from './filter-state-command.js'
import type {FormatContext} from './context.js'
import {MISSING, textOr, UNKNOWN, type CommandValue} from './value.js'

const STRING = String.raw`r?(?:'[^'\\]*'|"[^"\\]*")`
const CHOICE = new RegExp(String.raw`^(${STRING})\s+in\s+(filter_state|request\.headers)\s*\?([\s\S]+?):([\s\S]+)$`)
const INDEX = new RegExp(String.raw`^(filter_state|request\.headers)\[(${STRING})\]$`)
const LITERAL = new RegExp(`^${STRING}$`)

type Attribute = (context: FormatContext) => CommandValue

const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['xds.virtual_host_name', ({names}) => textOr(names?.virtualHost, UNKNOWN)],
  ['xds.route_name', ({names}) => textOr(names?.route, UNKNOWN)],
  ['xds.filter_chain_name', ({names}) => textOr(names?.filterChain, UNKNOWN)],
  ['request.host', ({stream}) => textOr(stream?.request.authority)],
  ['request.method', ({stream}) => textOr(stream?.request.method)],
  ['request.path', ({stream}) => textOr(stream?.request.path)],
  ['connection.requested_server_name', ({connection}) => textOr(connection.serverName)],
  ['source.address', ({connection, stream}) => textOr(printed(stream?.remote ?? connection.remote), UNKNOWN)],
  ['destination.address', ({connection}) => textOr(printed(connection.local), UNKNOWN)],
])

/**
 * The few CEL shapes generators write: a literal, an attribute, `filter_state['k']`, `request.headers['k']`, and
 * `'k' in filter_state ? … : …` of those. Every other expression is unknown.
 */
export function evaluateCel(expression: string, context: FormatContext): CommandValue {
  const [, key, table, then, otherwise] = CHOICE.exec(expression.trim()) ?? []
  if (key === undefined || table === undefined || then === undefined || otherwise === undefined) return operand(expression.trim(), context)
  const found = lookup({table, key}, context)
  return operand((found.kind === 'missing' ? otherwise : then).trim(), context)
}

function operand(text: string, context: FormatContext): CommandValue {
  if (LITERAL.test(text)) return {kind: 'text', text: unquote(text)}
  const [, table, key] = INDEX.exec(text) ?? []
  if (table !== undefined && key !== undefined) return lookup({table, key}, context)
  return ATTRIBUTES.get(text)?.(context) ?? UNKNOWN
}

function lookup({table, key}: {readonly table: string; readonly key: string}, context: FormatContext): CommandValue {
  const name = unquote(key)
  if (table === 'request.headers') return context.stream === undefined ? MISSING : textOr(joined(headerLines(context.stream.request, name)))
  const object = filterStateOf(name, context)
  return object === undefined ? MISSING : textOr(object.value, UNKNOWN)
}

function joined(lines: readonly string[]): string | undefined {
  return lines.length === 0 ? undefined : lines.join(',')
}

function unquote(literal: string): string {
  return literal.replace(/^r?['"]/, '').slice(0, -1)
}

function printed(socket: {readonly ip: string; readonly port: number} | undefined): string | undefined {
  return socket === undefined ? undefined : formatSocket(socket)
}
