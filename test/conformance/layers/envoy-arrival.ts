import {parseSocket, type SocketAddress} from '../../../src/flow/address.js'
import type {EnvoyHttp, EnvoyInput, EnvoyPayload, EnvoyTls} from './envoy-case.js'
import type {Arrival, HttpRequest, Payload, PeerCertificate} from '../../../src/flow/connection.js'

export function toArrival(input: EnvoyInput): Arrival {
  const destination = socket(input.dst ?? input.arrive ?? '')
  const payload = toPayload(input)
  switch (input.capture) {
    case 'direct':
      return {entry: {kind: 'socket', ...socket(input.arrive ?? '')}, source: socket(input.src), payload}
    case 'redirect':
      return {
        entry: {kind: 'socket', ip: destination.ip, port: input.captured_to ?? 0},
        source: socket(input.src),
        originalDestination: socket(input.arrive ?? ''),
        payload,
      }
    case 'outbound':
    case 'inbound':
      return {
        entry: {kind: 'socket', ip: destination.ip, port: capturePort(input.capture, destination.port)},
        source: socket(input.src),
        originalDestination: destination,
        payload,
      }
    case 'proxy_protocol':
      return {
        entry: {kind: 'socket', ...socket(input.arrive ?? '')},
        source: socket(input.direct_src ?? '127.0.0.1:0'),
        payload: {kind: 'proxy-protocol', source: socket(input.src), destination, tlvs: input.tlvs ?? {}, payload},
      }
    default:
      return input.capture satisfies never
  }
}

function capturePort(capture: 'outbound' | 'inbound', port: number): number {
  if (capture === 'outbound') return 15001
  return port === 15008 ? 15008 : 15006
}

function socket(text: string): SocketAddress {
  return parseSocket(text) ?? {ip: text, port: 0}
}

/** Innermost first: HTTP or raw bytes, then TLS around them. Null and absent mean the same. */
function toPayload(input: EnvoyPayload): Payload {
  const tls = input.tls ?? undefined
  const core = input.http ? httpPayload(input.http, input.inner ?? undefined) : rawPayload(input.raw ?? '')
  return tls === undefined ? core : tlsPayload(tls, core)
}

function tlsPayload(tls: EnvoyTls, payload: Payload): Payload {
  const sni = tls.sni ?? undefined
  const identity = tls.identity ?? undefined
  return {
    kind: 'tls',
    alpn: tls.alpn ?? [],
    trusted: tls.ca !== 'other',
    payload,
    ...(sni === undefined ? {} : {sni}),
    ...(identity === undefined ? {} : {peer: peerOf(identity)}),
  }
}

function httpPayload(http: EnvoyHttp, inner: EnvoyPayload | undefined): Payload {
  const path = http.path ?? undefined
  const request: HttpRequest = {
    method: http.method,
    authority: http.authority,
    headers: (http.headers ?? []).map(([name, value]) => [name.toLowerCase(), value] as const),
    ...(path === undefined ? {} : {path}),
  }
  return {kind: 'http', version: http.version, request, ...(inner === undefined ? {} : {tunneled: toPayload(inner)})}
}

function rawPayload(raw: string): Payload {
  const line = /^([A-Z]+) (\S+) HTTP\/1\.([01])\r?\n/.exec(raw)
  if (line === null) return {kind: 'opaque'}
  return {
    kind: 'http',
    version: 'h1',
    ...(line[3] === '0' ? {http10: true as const} : {}),
    request: {method: line[1] ?? '', path: line[2] ?? '', authority: /\nhost: *(\S+)/i.exec(raw)?.[1] ?? '', headers: []},
  }
}

function peerOf(identity: NonNullable<EnvoyTls['identity']>): PeerCertificate {
  if (typeof identity === 'string') return {uriSans: [identity], dnsSans: []}
  const parts = [...(identity.cn === undefined ? [] : [`CN=${identity.cn}`]), ...(identity.o === undefined ? [] : [`O=${identity.o}`])]
  return {uriSans: identity.uri ?? [], dnsSans: identity.dns ?? [], ...(parts.length === 0 ? {} : {subject: parts.join(',')})}
}
