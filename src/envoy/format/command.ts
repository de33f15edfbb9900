import {addressCommand} from './address-command.js'
import {evaluateCel} from './cel.js'
import {filterStateCommand, requestStateCommand} from './filter-state-command.js'
import {headerCommand, headerWithoutQuery} from './header-command.js'
import {metadataCommand} from './metadata-command.js'
import {certificateCommand} from './certificate-command.js'
import type {FormatCommand} from './parse.js'
import type {FormatContext} from './context.js'
import {formatAddress} from '../../flow/address.js'
import {MISSING, textOr, UNKNOWN, type CommandValue} from './value.js'

type Evaluate = (argument: string, context: FormatContext) => CommandValue

/**
 * Commands whose data a connection, a request or the configuration holds. All others (START_TIME, HOSTNAME,
 * ENVIRONMENT, responses, byte counts …) are unknown offline. Source: Envoy stream_info_formatter.cc, http_formatter.cc.
 */
const COMMANDS: ReadonlyMap<string, Evaluate> = new Map<string, Evaluate>([
  ['DYNAMIC_METADATA', metadataCommand('dynamic')],
  ['CLUSTER_METADATA', metadataCommand('cluster')],
  ['UPSTREAM_METADATA', metadataCommand('host')],
  ['METADATA', metadataCommand('any')],
  ['FILTER_STATE', filterStateCommand],
  ['PER_REQUEST_STATE', requestStateCommand],
  ['REQ', headerCommand],
  ['REQUEST_HEADER', headerCommand],
  ['REQ_WITHOUT_QUERY', headerWithoutQuery],
  ['CEL', evaluateCel],
  ['REQUESTED_SERVER_NAME', serverName],
  ['PROTOCOL', protocol],
  ['FILTER_CHAIN_NAME', (_, {names}) => textOr(names?.filterChain, names === undefined ? UNKNOWN : MISSING)],
  ['ROUTE_NAME', (_, {names}) => textOr(names?.route, names === undefined ? UNKNOWN : MISSING)],
  ['VIRTUAL_HOST_NAME', (_, {names}) => textOr(names?.virtualHost, names === undefined ? UNKNOWN : MISSING)],
  ['UPSTREAM_CLUSTER', (_, {upstream}) => textOr(upstream?.cluster, UNKNOWN)],
  ['UPSTREAM_CLUSTER_RAW', (_, {upstream}) => textOr(upstream?.cluster, UNKNOWN)],
  ['UPSTREAM_HOST', (_, {upstream}) => textOr(upstream?.host && formatAddress(upstream.host), UNKNOWN)],
])

export function evaluateCommand(command: FormatCommand, context: FormatContext): CommandValue {
  const evaluate = COMMANDS.get(command.name)
  if (evaluate !== undefined) return evaluate(command.argument ?? '', context)
  return addressCommand(command.name, context) ?? certificateCommand(command.name, context) ?? UNKNOWN
}

/** envoy-2022 I.9: the name tls_inspector found, not the one of the TLS handshake. Options (new, for HTTP hosts) are not evaluated. */
function serverName(argument: string, {connection}: FormatContext): CommandValue {
  return argument === '' || argument === 'SNI_ONLY' ? textOr(connection.serverName) : UNKNOWN
}

function protocol(_: string, {stream}: FormatContext): CommandValue {
  return stream === undefined ? MISSING : {kind: 'text', text: stream.version === 'h2' ? 'HTTP/2' : 'HTTP/1.1'}
}
