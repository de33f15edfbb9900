import {formatSocket} from '../flow/address.js'
import type {Arrival, HttpRequest, Payload} from '../flow/connection.js'

/** What somebody on the wire could see of a connection, outermost layer first. */
export type Layer =
  | {readonly kind: 'proxy-protocol'; readonly source: string; readonly destination: string}
  /** HTTP/2 CONNECT inside TLS. */
  | {readonly kind: 'hbone'; readonly authority: string; readonly identity?: string; readonly trusted: boolean}
  /** CONNECT without TLS around it. */
  | {readonly kind: 'connect'; readonly authority: string}
  | {readonly kind: 'tls'; readonly sni?: string; readonly identity?: string; readonly trusted: boolean}
  | {readonly kind: 'http'; readonly request: HttpRequest}

type TlsPayload = Extract<Payload, {kind: 'tls'}>
type HttpPayload = Extract<Payload, {kind: 'http'}>

export function layersOf(payload: Payload): readonly Layer[] {
  switch (payload.kind) {
    case 'opaque':
    case 'unknown':
      return []
    case 'proxy-protocol':
      return [
        {kind: 'proxy-protocol', source: formatSocket(payload.source), destination: formatSocket(payload.destination)},
        ...layersOf(payload.payload),
      ]
    case 'tls':
      return tlsLayers(payload)
    case 'http':
      return httpLayers(payload)
    default:
      return payload satisfies never
  }
}

/** Where the sender meant to go: the original destination as far as a redirection kept it, else the socket itself. */
export function reachedAddress(arrival: Arrival): string {
  if (arrival.originalDestination !== undefined) return formatSocket(arrival.originalDestination)
  switch (arrival.entry.kind) {
    case 'socket':
      return formatSocket(arrival.entry)
    case 'internal':
      return 'internal'
    case 'pipe':
      return `unix://${arrival.entry.path}`
    default:
      return arrival.entry satisfies never
  }
}

function tlsLayers(tls: TlsPayload): readonly Layer[] {
  const identity = tls.peer?.uriSans[0] ?? tls.peer?.dnsSans[0]
  const presented = {...(identity === undefined ? {} : {identity}), trusted: tls.trusted}
  if (tls.payload.kind === 'http' && isConnect(tls.payload)) {
    return [{kind: 'hbone', authority: tls.payload.request.authority, ...presented}, ...tunneledLayers(tls.payload)]
  }
  return [{kind: 'tls', ...(tls.sni === undefined ? {} : {sni: tls.sni}), ...presented}, ...layersOf(tls.payload)]
}

function httpLayers(http: HttpPayload): readonly Layer[] {
  const outer: Layer = isConnect(http) ? {kind: 'connect', authority: http.request.authority} : {kind: 'http', request: http.request}
  return [outer, ...tunneledLayers(http)]
}

function tunneledLayers(http: HttpPayload): readonly Layer[] {
  return http.tunneled === undefined ? [] : layersOf(http.tunneled)
}

function isConnect(http: HttpPayload): boolean {
  return http.request.method === 'CONNECT'
}
