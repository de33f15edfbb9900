import {parseSocket, type SocketAddress} from '../../../src/flow/address.js'
import type {Arrival, HttpRequest, Payload, PeerCertificate} from '../../../src/flow/connection.js'

/** `input` of a case of the envoy layer, see the README of that layer. */
export interface EnvoyInput {
  readonly arrive?: string
  readonly capture: 'direct' | 'proxy_protocol' | 'redirect' | 'outbound' | 'inbound'
  readonly captured_to?: number
  readonly src: string
  readonly dst?: string
  readonly direct_src?: string
  readonly tlvs?: Readonly<Record<string, string>>
  readonly tls?: EnvoyTls
  readonly http?: EnvoyHttp
  readonly raw?: string
  readonly inner?: EnvoyInput
}

interface EnvoyTls {
  readonly sni?: string
  readonly alpn?: readonly string[]
  readonly identity?: string | {readonly uri?: readonly string[]; readonly dns?: readonly string[]; readonly cn?: string; readonly o?: string}
  readonly ca?: string
}

interface EnvoyHttp {
  readonly version: 'h1' | 'h2'
  readonly method: string
  readonly authority: string
  readonly path?: string | null
  readonly headers?: readonly (readonly [string, string])[]
}

export function toArrival(input: EnvoyInput): Arrival {
  const destination = socket(input.dst ?? input.arrive ?? '')
  const {payload} = {payload: toPayload(input)}
  switch (input.capture) {
    case 'direct': return {entry: {kind: 'socket', ...socket(input.arrive ?? '')}, source: socket(input.src), payload}
    case 'redirect': return {
      entry: {kind: 'socket', ip: destination.ip, port: input.captured_to ?? 0}, source: socket(input.src), originalDestination: socket(input.arrive ?? ''), payload,
    }
    case 'outbound':
    case 'inbound': return {
      entry: {kind: 'socket', ip: destination.ip, port: capturePort(input.capture, destination.port)}, source: socket(input.src), originalDestination: destination, payload,
    }
    case 'proxy_protocol': return {
      entry: {kind: 'socket', ...socket(input.arrive ?? '')}, source: socket(input.direct_src ?? '127.0.0.1:0'),
      payload: {kind: 'proxy-protocol', source: socket(input.src), destination, tlvs: input.tlvs ?? {}, payload},
    }
    default: return input.capture satisfies never
  }
}

function capturePort(capture: 'outbound' | 'inbound', port: number): number {
  if (capture === 'outbound') return 15001
  return port === 15008 ? 15008 : 15006
}

function socket(text: string): SocketAddress {
  return parseSocket(text) ?? {ip: text, port: 0}
}

/** Innermost first: HTTP or raw bytes, then TLS around them. */
function toPayload(input: Pick<EnvoyInput, 'http' | 'raw' | 'inner' | 'tls'>): Payload {
  const {tls} = input
  const core = input.http === undefined ? rawPayload(input.raw) : httpPayload(input.http, input.inner)
  if (tls === undefined) return core
  return {
    kind: 'tls', alpn: tls.alpn ?? [], trusted: tls.ca !== 'other', payload: core,
    ...(tls.sni === undefined ? {} : {sni: tls.sni}), ...(tls.identity === undefined ? {} : {peer: peerOf(tls.identity)}),
  }
}

function httpPayload(http: EnvoyHttp, inner: EnvoyInput | undefined): Payload {
  const request: HttpRequest = {
    method: http.method, authority: http.authority, headers: (http.headers ?? []).map(([name, value]) => [name.toLowerCase(), value] as const),
    ...(http.path === undefined || http.path === null ? {} : {path: http.path}),
  }
  return {kind: 'http', version: http.version, request, ...(inner === undefined ? {} : {tunneled: toPayload(inner)})}
}

function rawPayload(raw: string | undefined): Payload {
  const line = /^([A-Z]+) (\S+) HTTP\/1\.([01])\r?\n/.exec(raw ?? '')
  if (line === null) return {kind: 'opaque'}
  return {
    kind: 'http', version: 'h1', ...(line[3] === '0' ? {http10: true as const} : {}),
    request: {method: line[1] ?? '', path: line[2] ?? '', authority: /\nhost: *(\S+)/i.exec(raw ?? '')?.[1] ?? '', headers: []},
  }
}

function peerOf(identity: NonNullable<EnvoyTls['identity']>): PeerCertificate {
  if (typeof identity === 'string') return {uriSans: [identity], dnsSans: []}
  const parts = [...(identity.cn === undefined ? [] : [`CN=${identity.cn}`]), ...(identity.o === undefined ? [] : [`O=${identity.o}`])]
  return {uriSans: identity.uri ?? [], dnsSans: identity.dns ?? [], ...(parts.length === 0 ? {} : {subject: parts.join(',')})}
}
