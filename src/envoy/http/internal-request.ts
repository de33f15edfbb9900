import {tri, type Tri} from '../../flow/tri.js'
import type {HttpRequest} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {matchCidr} from '../match/cidr.js'
import {inRange, ipBytes, parseRange, type Range} from '../match/ip.js'
import type {Semantics} from '../semantics.js'
import type {Client} from './client-address.js'

type HeaderList = HttpRequest['headers']

/**
 * Whether a request counts as one from inside: its only address in X-Forwarded-For, or its peer, must be an internal one.
 * Undetermined where the version decides what is internal by default. Source: Envoy conn_manager_utility.cc mutateRequestHeaders.
 */
export function isInternal(manager: View, {client, semantics}: {readonly client: Client; readonly semantics: Semantics}): Tri {
  const ip = client.trusted ? client.address?.ip : undefined
  if (ip === undefined) return 'no'
  const config = manager.get('internal_address_config')
  if (config !== undefined) return tri(config.list('cidr_ranges').some((range) => matchCidr({range, ip}) === 'yes'))
  if (!isPrivate(ip)) return 'no'
  switch (semantics.internalByDefault) {
    case 'private':
      return 'yes'
    case 'none':
      return 'no'
    default:
      return semantics.internalByDefault satisfies 'undetermined'
  }
}

/** RFC 1918 and 4193, and the loopback address itself: Envoy network/utility.cc isInternalAddress. */
const PRIVATE: readonly Range[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.1/32', 'fd00::/8', '::1/128'].flatMap(
  (text) => {
    const [prefix = '', length] = text.split('/')
    return parseRange({prefix, length: Number(length)}) ?? []
  },
)

function isPrivate(ip: string): boolean {
  const bytes = ipBytes(ip)
  return bytes !== undefined && PRIVATE.some((range) => inRange(bytes, range))
}

interface Marking {
  readonly internal: boolean
  /** use_remote_address: the first proxy of ours that the request meets. */
  readonly edge: boolean
  readonly address: string | undefined
}

/** What the connection manager takes away from requests from outside, and how it marks both kinds. */
export function markOrigin(headers: HeaderList, {internal, edge, address}: Marking): HeaderList {
  if (internal) return [...headers, [INTERNAL, 'true']]
  const kept = headers.filter(([name]) => !INTERNAL_ONLY.has(name) && !(edge && EDGE_ONLY.has(name)))
  if (!edge || address === undefined) return kept
  return [...kept.filter(([name]) => name !== EXTERNAL_ADDRESS), [EXTERNAL_ADDRESS, address]]
}

/** RouteConfiguration.internal_only_headers: taken from requests from outside. */
export function withoutInternalOnly(request: HttpRequest, table: View): HttpRequest {
  const names = new Set(table.list('internal_only_headers').flatMap((name) => name.text()?.toLowerCase() ?? []))
  const internal = request.headers.some(([name, value]) => name === INTERNAL && value === 'true')
  return names.size === 0 || internal ? request : {...request, headers: request.headers.filter(([name]) => !names.has(name))}
}

const INTERNAL = 'x-envoy-internal'
const EXTERNAL_ADDRESS = 'x-envoy-external-address'

const EDGE_ONLY: ReadonlySet<string> = new Set(
  ['decorator-operation', 'downstream-service-cluster', 'downstream-service-node'].map((name) => `x-envoy-${name}`),
)

const INTERNAL_ONLY: ReadonlySet<string> = new Set(
  [
    ...['retriable-status-codes', 'retriable-header-names', 'retry-on', 'retry-grpc-on', 'max-retries', 'upstream-alt-stat-name'],
    ...['upstream-rq-timeout-ms', 'upstream-rq-per-try-timeout-ms', 'upstream-rq-timeout-alt-response', 'expected-rq-timeout-ms'],
    ...['force-trace', 'ip-tags', 'original-url', 'hedge-on-per-try-timeout'],
  ].map((name) => `x-envoy-${name}`),
)
