import type {SocketAddress} from '../../flow/address.js'
import type {Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {headerLines, type Connection, type Stream} from '../connection.js'
import {canonicalIp} from '../match/ip.js'
import {jsonAt, printJson} from '../format/value.js'
import {metadataAt} from '../match/metadata.js'

/** What a unified matcher looks at. */
export interface MatcherSubject {
  readonly connection: Connection
  readonly stream?: Stream
  /** The host whose transport socket is chosen. */
  readonly endpoint?: EndpointSubject
}

export interface EndpointSubject {
  readonly metadata: Metadata
  readonly localityMetadata: Metadata
}

/** filter_metadata by namespace. */
type Metadata = ReadonlyMap<string, Json>

/** `undecided`: Envoy itself cannot tell yet; `unknown`: this tool cannot. */
export type InputValue =
  | {readonly kind: 'text'; readonly text: string}
  | {readonly kind: 'absent'}
  | {readonly kind: 'undecided'; readonly why: string}
  | {readonly kind: 'unknown'; readonly why: string}

type Reader = (subject: MatcherSubject, config: View) => InputValue

const ABSENT: InputValue = {kind: 'absent'}
const NETWORK = 'envoy.extensions.matching.common_inputs.network.v3.'
const SOCKET = 'envoy.extensions.matching.common_inputs.transport_socket.v3.'
const SSL = 'envoy.extensions.matching.common_inputs.ssl.v3.'

/** envoy-2022 D2: the network, TLS and HTTP inputs and the text each one gives. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [`${NETWORK}DestinationIPInput`, ({connection}) => ipText(connection.local)],
  [`${NETWORK}DestinationPortInput`, ({connection}) => portText(connection.local)],
  [`${NETWORK}SourceIPInput`, ({connection}) => ipText(connection.remote)],
  [`${NETWORK}SourcePortInput`, ({connection}) => portText(connection.remote)],
  [`${NETWORK}DirectSourceIPInput`, ({connection}) => ipText(connection.directRemote)],
  [`${NETWORK}SourceTypeInput`, ({connection}) => (isLocalSource(connection) ? text('local') : ABSENT)],
  [`${NETWORK}ServerNameInput`, ({connection}) => textOr(connection.serverName)],
  [`${NETWORK}TransportProtocolInput`, ({connection}) => textOr(connection.transportProtocol)],
  [`${NETWORK}ApplicationProtocolInput`, ({connection}) => textOr(connection.applicationProtocols.map((name) => `'${name}'`).join(','))],
  [`${NETWORK}FilterStateInput`, filterStateText],
  [`${NETWORK}DynamicMetadataInput`, dynamicMetadata],
  [`${SSL}UriSanInput`, (subject) => peerText(subject, (peer) => peer.uriSans.join(','))],
  [`${SSL}DnsSanInput`, (subject) => peerText(subject, (peer) => peer.dnsSans.join(','))],
  [`${SSL}SubjectInput`, (subject) => peerText(subject, (peer) => peer.subject ?? '')],
  [`${SOCKET}EndpointMetadataInput`, ({endpoint}, config) => endpointText(endpoint?.metadata, config)],
  [`${SOCKET}LocalityMetadataInput`, ({endpoint}, config) => endpointText(endpoint?.localityMetadata, config)],
  [`${SOCKET}FilterStateInput`, sharedStateText],
  ['envoy.type.matcher.v3.HttpRequestHeaderMatchInput', headerText],
])

/** Reads a matcher input (TypedExtensionConfig) from the connection or request. Source: envoy-2022 D2. */
export function readInput(input: View | undefined, subject: MatcherSubject): InputValue {
  const config = input?.get('typed_config')
  const type = config?.typeName() ?? '(no type)'
  const reader = READERS.get(type)
  return reader === undefined || config === undefined ? {kind: 'unknown', why: `matcher input ${type}`} : reader(subject, config.message())
}

/** envoy-2022 I.5: local means equal addresses, 127.0.0.1 or ::1; the rest of 127/8 is external. */
export function isLocalSource(connection: Connection): boolean {
  const remote = connection.remote?.ip
  if (remote === undefined) return false
  return remote === '127.0.0.1' || remote === '::1' || remote === connection.local?.ip
}

function text(value: string): InputValue {
  return {kind: 'text', text: value}
}

function textOr(value: string | undefined): InputValue {
  return value === undefined || value === '' ? ABSENT : text(value)
}

function ipText(address: SocketAddress | undefined): InputValue {
  return textOr(address === undefined ? undefined : canonicalIp(address.ip))
}

function portText(address: SocketAddress | undefined): InputValue {
  return address === undefined ? ABSENT : text(String(address.port))
}

function filterStateText({connection, stream}: MatcherSubject, config: View): InputValue {
  const key = config.str('key') ?? ''
  const object = stream?.filterState.get(key) ?? connection.filterState.get(key)
  if (object === undefined) return ABSENT
  return object.value === undefined ? {kind: 'unknown', why: `filter state ${key}`} : text(object.value)
}

function dynamicMetadata({connection, stream}: MatcherSubject, config: View): InputValue {
  const found = metadataAt(stream?.metadata ?? connection.metadata, {
    filter: config.str('filter') ?? '',
    path: config.list('path').map((segment) => segment.str('key') ?? ''),
  })
  return typeof found === 'string'
    ? text(found)
    : found === undefined
      ? ABSENT
      : {kind: 'unknown', why: 'dynamic metadata that is no string'}
}

/** Text as it is, anything else as JSON; what is not there reads `null`, unless there is no metadata at all (transport_socket/config.cc). */
function endpointText(metadata: Metadata | undefined, config: View): InputValue {
  if (metadata === undefined || metadata.size === 0) return ABSENT
  const path = config.list('path').map((segment) => segment.str('key') ?? '')
  const found = jsonAt(metadata.get(config.str('filter') ?? LB_FILTER), path) ?? null
  return textOr(typeof found === 'string' ? found : printJson(found))
}

const LB_FILTER = 'envoy.lb'

/** Only objects that are shared with the upstream connection are seen, and an empty one is none. */
function sharedStateText({connection, stream}: MatcherSubject, config: View): InputValue {
  const key = config.str('key') ?? ''
  const object = stream?.filterState.get(key) ?? connection.filterState.get(key)
  if (object === undefined || object.shared === 'none') return ABSENT
  return object.value === undefined ? {kind: 'unknown', why: `filter state ${key}`} : textOr(object.value)
}

/** envoy-2022 I.4: without TLS the input is not available yet; TLS without certificate has no names. */
function peerText({connection}: MatcherSubject, names: (peer: NonNullable<NonNullable<Connection['tls']>['peer']>) => string): InputValue {
  if (connection.tls === undefined) return {kind: 'undecided', why: 'TLS input on a plaintext connection'}
  return connection.tls.peer === undefined ? ABSENT : textOr(names(connection.tls.peer))
}

function headerText({stream}: MatcherSubject, config: View): InputValue {
  if (stream === undefined) return {kind: 'unknown', why: 'request header input without a request'}
  const lines = headerLines(stream.request, config.str('header_name') ?? '')
  return lines.length === 0 ? ABSENT : text(lines.join(','))
}

/** Text form of a value for display. */
export function describeInput(value: InputValue): string | undefined {
  return value.kind === 'text' ? value.text : undefined
}

/** A short name for an input: the wrapper name Istio gives, else the type. */
export function inputName(input: View | undefined): string {
  const config = input?.get('typed_config')
  const name = shortName(input?.str('name'), config?.typeName() ?? 'unknown input')
  const detail = config?.str('header_name') ?? config?.str('key')
  return detail === undefined ? name : `${name}(${detail})`
}

function shortName(name: string | undefined, type: string): string {
  return name === undefined || name.startsWith('envoy.') ? (type.split('.').at(-1) ?? type) : name
}
