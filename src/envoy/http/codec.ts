import type {HttpRequest, Payload} from '../../flow/connection.js'
import type {ProxyLog} from '../../flow/forwarder.js'
import type {View} from '../../json/view.js'
import type {Connection} from '../connection.js'
import {stop, type Passage} from '../context.js'

type HttpVersion = Extract<Payload, {kind: 'http'}>['version']

/**
 * The HTTP version a connection manager reads: the one it is told, else the one that ALPN agreed on, else the one the first bytes show.
 * Source: conn_manager_utility.cc determineNextProtocol, autoCreateCodec; each pair tried on Envoy 1.40.0.
 */
export function codecOf(manager: View, {tls, payload}: Pick<Connection, 'tls' | 'payload'>): HttpVersion {
  const told = CODECS.get(manager.str('codec_type') ?? '')
  if (told !== undefined) return told
  if (tls?.agreed !== undefined) return tls.agreed === 'h2' ? 'h2' : 'h1'
  return payload.kind === 'http' ? payload.version : 'h1'
}

const CODECS: ReadonlyMap<string, HttpVersion> = new Map([
  ['HTTP1', 'h1'],
  ['HTTP2', 'h2'],
])

/** What a codec says to bytes it does not understand: HTTP/1 answers 400 and closes, HTTP/2 closes without a word (seen on Envoy 1.40.0). */
export function notUnderstood({codec, payload, log}: {codec: HttpVersion; payload: Payload; log: ProxyLog}): Passage {
  const sent = payload.kind === 'http' ? SPOKEN[payload.version] : 'something else'
  const reason = `the connection manager expects ${payload.kind === 'http' ? SPOKEN[codec] : 'HTTP'}, the client sends ${sent}`
  return codec === 'h2'
    ? {end: stop({kind: 'refused', reason}), log: {...log, flags: 'DPE'}}
    : {end: stop({kind: 'refused', reason}, {kind: 'data'}), log: {...log, code: 400, flags: 'DPE', details: 'http1.codec_error'}}
}

/**
 * HTTP/1 wants `host:port` behind CONNECT, IPv6 in brackets; HTTP/2 takes any authority.
 * Source: http_parser.c http_parser_parse_url; http1/codec_impl.cc; tried on Envoy 1.40.0.
 */
export function refusesTarget(codec: HttpVersion, {method, authority}: HttpRequest): boolean {
  if (codec === 'h2' || method !== 'CONNECT') return false
  const port = CONNECT_TARGET.exec(authority)?.[1]
  return port === undefined || Number(port) > 65_535
}

const CONNECT_TARGET = /^(?:[\w.-]+|\[[\da-fA-F:.]+(?:%[\w%.~-]+)?\]):(\d{1,20})$/

export function targetRefused(log: ProxyLog, {authority}: HttpRequest): Passage {
  const reason = `"${authority}" is no host:port, which CONNECT needs in HTTP/1`
  return {
    end: stop({kind: 'refused', reason}, {kind: 'http', status: 400}),
    log: {...log, code: 400, flags: 'DPE', details: 'http1.invalid_url'},
  }
}

const SPOKEN = {h1: 'HTTP/1', h2: 'HTTP/2'} as const
