import type {HttpRequest} from '../../../src/flow/connection.js'
import type {Evidence} from '../../../src/flow/step.js'
import {View} from '../../../src/json/view.js'
import type {Connection, Stream} from '../../../src/envoy/connection.js'
import type {Semantics} from '../../../src/envoy/semantics.js'

/** A view at a pointer that a step's evidence can name. */
export function view(value: unknown, pointer = ''): View {
  return new View(value, pointer)
}

export function semanticsFor(change: Partial<Semantics> = {}): Semantics {
  return {
    version: {major: 1, minor: 40},
    nestedMiss: 'resume',
    prefixMiss: 'resume',
    headerLines: 'single',
    originalDstMetadataKey: true,
    originalDstSeesRouteHeaders: true,
    internalByDefault: 'none',
    internalOriginalDst: true,
    ...change,
  }
}

/** Semantics of a dump that does not tell its version. */
export function unknownVersion(): Semantics {
  return {
    nestedMiss: 'undetermined',
    prefixMiss: 'undetermined',
    headerLines: 'undetermined',
    originalDstMetadataKey: undefined,
    originalDstSeesRouteHeaders: undefined,
    internalByDefault: 'undetermined',
    internalOriginalDst: undefined,
  }
}

export function requestOf(change: Partial<HttpRequest> = {}): HttpRequest {
  return {method: 'GET', authority: 'a.test', path: '/', headers: [], ...change}
}

/** A CONNECT as HTTP/2 sends it, without path. */
export function connectTo(authority: string): HttpRequest {
  return {method: 'CONNECT', authority, headers: []}
}

export function connectionOf(change: Partial<Connection> = {}): Connection {
  return {
    entry: {kind: 'socket', ip: '0.0.0.0', port: 15080},
    remote: {ip: '10.1.2.3', port: 4444},
    directRemote: {ip: '127.0.0.1', port: 5555},
    local: {ip: '10.96.0.1', port: 80},
    localRestored: true,
    transportProtocol: 'raw_buffer',
    applicationProtocols: [],
    metadata: new Map(),
    filterState: new Map(),
    payload: {kind: 'unknown'},
    ...change,
  }
}

/** A connection inside one Envoy whose addresses nobody restored. */
export function internalConnection(): Connection {
  return {
    entry: {kind: 'internal', listener: 'main_internal'},
    localRestored: false,
    transportProtocol: 'raw_buffer',
    applicationProtocols: [],
    metadata: new Map(),
    filterState: new Map(),
    payload: {kind: 'unknown'},
  }
}

export function streamOf(request: HttpRequest = requestOf(), change: Partial<Stream> = {}): Stream {
  const connection = change.connection ?? connectionOf()
  return {
    connection,
    version: 'h1',
    request,
    scheme: 'http',
    ...(connection.remote === undefined ? {} : {remote: connection.remote}),
    metadata: new Map(),
    filterState: new Map(),
    ...change,
  }
}

export function evidenceOf({pointer}: View): Evidence {
  return {dump: 'sample', pointer, basis: 'recorded'}
}
