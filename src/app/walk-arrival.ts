import type {EnvoyConfig} from '../envoy/config/model.js'
import type {Address, SocketAddress} from '../flow/address.js'
import type {Arrival, Payload} from '../flow/connection.js'
import {UsageError} from '../flow/errors.js'
import type {VerdictKind} from '../flow/verdict.js'
import {similarNames} from '../mesh/similar-names.js'

/** One connection or request at one proxy. */
export interface WalkQuestion {
  /** Pod, `namespace/pod`, or the name given with `--file`; a unique beginning is enough. */
  readonly proxy: string
  /** Listener by name; internal listeners too. */
  readonly listener?: string
  /** Port the connection arrives at, instead of a listener's name. */
  readonly port?: number
  readonly source?: SocketAddress
  /** The address that was dialled, before redirection. */
  readonly destination?: SocketAddress
  readonly sni?: string
  readonly alpn?: readonly string[]
  /** SPIFFE identity of the client certificate. */
  readonly identity?: string
  readonly method?: string
  readonly authority?: string
  readonly path?: string
  readonly headers?: readonly (readonly [string, string])[]
  /** The request inside an accepted CONNECT. */
  readonly inner?: InnerRequest
  /** The verdict that is wished for, in a batch. */
  readonly expect?: VerdictKind
}

export interface InnerRequest {
  readonly method: string
  readonly authority: string
  readonly path: string
  readonly headers?: readonly (readonly [string, string])[]
}

/** Any address, any port. */
export const ANY_SOCKET: SocketAddress = {ip: '0.0.0.0', port: 0}

/** @throws UsageError when the proxy has no such listener, or none is named. */
export function walkArrival(question: WalkQuestion, config: EnvoyConfig): Arrival {
  const entry = entryOf(question, config)
  const payload = walkPayload(question)
  if (entry.kind === 'internal') return {entry, payload, internal: {metadata: new Map(), filterState: new Map()}}
  const {source = ANY_SOCKET, destination} = question
  return {entry, payload, source, ...(destination === undefined ? {} : {originalDestination: destination})}
}

function entryOf({listener, port, destination}: WalkQuestion, config: EnvoyConfig): Address {
  const ip = config.node.ip ?? destination?.ip ?? ANY_SOCKET.ip
  if (port !== undefined) return {kind: 'socket', ip, port}
  if (listener !== undefined) return namedListener(listener, {config, ip})
  throw new UsageError({
    what: 'Where the connection enters the proxy is not said.',
    expected: '--listener or --port',
    help: listenersOf(config),
  })
}

function namedListener(name: string, {config, ip}: {readonly config: EnvoyConfig; readonly ip: string}): Address {
  const found = config.listener(name)
  if (found === undefined) throw unknownListener(name, config)
  const socket = found.view.path('address', 'socket_address')
  if (socket?.str('protocol') === 'UDP') {
    throw new UsageError({what: `Listener "${name}" takes UDP.`, where: '--listener', help: 'Only TCP connections can be walked.'})
  }
  const port = socket?.port('port_value')
  const bound = socket?.str('address') ?? ''
  return port === undefined ? {kind: 'internal', listener: name} : {kind: 'socket', ip: WILDCARDS.has(bound) ? ip : bound, port}
}

function unknownListener(name: string, config: EnvoyConfig): UsageError {
  const rejected = config.rejectedListeners().find((listener) => listener.name === name)
  const similar = similarNames(
    name,
    config.listeners().map((listener) => listener.name),
  )
  return new UsageError({
    what: `The proxy has no listener "${name}".`,
    where: '--listener',
    ...(rejected === undefined ? {} : {got: `the update that would add it was rejected: ${rejected.details}`}),
    help: similar.length === 0 ? listenersOf(config) : `Did you mean ${similar.join(' or ')}?`,
  })
}

const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])

const MAX_LISTED = 8

function listenersOf(config: EnvoyConfig): string {
  const names = config
    .listeners()
    .map(({name, view}) => ({name, port: view.path('address', 'socket_address')?.port('port_value')}))
    .filter(({name, port}) => name !== '' || port !== undefined)
    .map(({name, port}) => [name, ...(port === undefined ? [] : [`(port ${port})`])].filter((part) => part !== '').join(' '))
  const more = names.length > MAX_LISTED ? `, and ${names.length - MAX_LISTED} more` : ''
  return `Its listeners: ${names.slice(0, MAX_LISTED).join(', ')}${more}.`
}

/** What the connection carries: a request, TLS around it, or nobody said what. */
export function walkPayload(question: WalkQuestion): Payload {
  const {sni, alpn, identity} = question
  const inner = requestPayload(question)
  if (sni === undefined && alpn === undefined && identity === undefined) return inner
  return {
    kind: 'tls',
    alpn: alpn ?? [],
    trusted: true,
    payload: inner,
    ...(sni === undefined ? {} : {sni}),
    ...(identity === undefined ? {} : {peer: {uriSans: [identity], dnsSans: []}}),
  }
}

function requestPayload(question: WalkQuestion): Payload {
  const {method, authority = '', path = '/', headers = [], alpn = [], inner} = question
  const isRequest = [method, question.authority, question.path, question.headers].some((part) => part !== undefined)
  if (!isRequest) return {kind: 'unknown'}
  if (method === 'CONNECT') return connectPayload({authority, headers, inner})
  return plainRequest({method: method ?? 'GET', authority, path, headers}, alpn.includes('h2') ? 'h2' : 'h1')
}

/** A plain CONNECT has no path. */
function connectPayload({
  authority,
  headers,
  inner,
}: Pick<InnerRequest, 'authority'> & {readonly headers: Lines; readonly inner: InnerRequest | undefined}): Payload {
  const request = {method: 'CONNECT', authority, headers: lowerCase(headers)}
  return {kind: 'http', version: 'h2', request, tunneled: inner === undefined ? {kind: 'unknown'} : plainRequest(inner, 'h1')}
}

function plainRequest({method, authority, path, headers = []}: InnerRequest, version: 'h1' | 'h2'): Payload {
  return {kind: 'http', version, request: {method, authority, path, scheme: 'http', headers: lowerCase(headers)}}
}

type Lines = readonly (readonly [string, string])[]

function lowerCase(headers: Lines): Lines {
  return headers.map(([name, value]) => [name.toLowerCase(), value])
}
