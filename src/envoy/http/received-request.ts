import type {HttpRequest} from '../../flow/connection.js'
import {asciiLower} from '../match/text.js'

type HeaderList = HttpRequest['headers']

/**
 * Header lines as the codec hands them over: repeated lines of a header that Envoy keeps a slot for become one, and HTTP/2 puts cookie
 * crumbs together. Source: header_map_impl.cc insertByKey, http2/codec_impl.cc; each name tried on Envoy 1.40.0.
 */
export function receivedHeaders({headers: sent}: HttpRequest, version: 'h1' | 'h2'): HeaderList {
  const headers = version === 'h1' ? withoutH2c(sent) : sent
  const delimiterOf = (name: string): string | undefined =>
    SLOTTED.has(name) ? ',' : version === 'h2' && name === 'cookie' ? '; ' : undefined
  const lines = new Map<string, number>()
  const merged: (readonly [string, string])[] = []
  for (const [name, value] of headers) {
    const delimiter = delimiterOf(name)
    const first = delimiter === undefined ? undefined : lines.get(name)
    const before = first === undefined ? undefined : merged[first]
    if (first === undefined || before === undefined) {
      lines.set(name, merged.length)
      merged.push([name, value])
    } else merged[first] = [name, `${before[1]}${delimiter ?? ''}${value}`]
  }
  return merged
}

const SLOTTED: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method', 'authorization', 'cache-control'],
  ...['content-encoding', 'content-type', 'expect', 'grpc-accept-encoding', 'grpc-timeout', 'if-match', 'if-modified-since'],
  ...['if-none-match', 'if-range', 'if-unmodified-since', 'origin', 'pragma', 'proxy-status', 'referer', 'user-agent', 'via'],
  ...['x-client-trace-id', 'x-envoy-attempt-count', 'x-envoy-decorator-operation', 'x-envoy-downstream-service-cluster'],
  ...['x-envoy-downstream-service-node', 'x-envoy-external-address', 'x-envoy-is-timeout-retry', 'x-envoy-original-host'],
  ...['x-envoy-original-path', 'x-forwarded-client-cert', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port'],
  ...['x-forwarded-proto', 'x-request-id'],
])

/** Headers for one hop only, which Envoy drops before it looks at a request: conn_manager_utility.cc mutateRequestHeaders. */
export function withoutHopHeaders(headers: HeaderList): HeaderList {
  const kept = headers.filter(([name, value]) => !HOP_HEADERS.has(name) && !(name === 'te' && value !== 'trailers'))
  return upgradeOf(kept) === undefined ? kept.filter(([name]) => name !== 'connection' && name !== 'upgrade') : kept
}

/** The protocol that an HTTP/1 request wants to change to: the Upgrade header, where Connection names it. */
export function upgradeOf(headers: HeaderList): string | undefined {
  const values = (wanted: string): string[] => headers.filter(([name]) => name === wanted).map(([, value]) => value)
  const tokens = values('connection')
    .join(',')
    .split(',')
    .map((token) => asciiLower(token.trim()))
  return tokens.includes('upgrade') ? values('upgrade').map(asciiLower)[0] : undefined
}

/** http1/codec_impl.cc: nobody is asked about h2c, its headers are taken away. */
function withoutH2c(headers: HeaderList): HeaderList {
  if (upgradeOf(headers) !== 'h2c') return headers
  return headers.flatMap(([name, value]): HeaderList => {
    if (name === 'upgrade' || name === 'http2-settings') return []
    const left = name === 'connection' ? withoutTokens(value) : value
    return name === 'connection' && left === '' ? [] : [[name, left]]
  })
}

function withoutTokens(value: string): string {
  const tokens = value.split(',').map((token) => token.trim())
  return tokens.filter((token) => !['upgrade', 'http2-settings', ''].includes(asciiLower(token))).join(',')
}

const HOP_HEADERS: ReadonlySet<string> = new Set(['keep-alive', 'proxy-connection', 'transfer-encoding', 'x-envoy-internal'])
