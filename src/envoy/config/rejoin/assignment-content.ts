import {formatSocket} from '../../../flow/address.js'
import {isObject, type View} from '../../../json/view.js'

/** What a ClusterLoadAssignment holds, with the source identity taken out: one service reads the same under every source. */
export interface AssignmentContent {
  /** Equal keys mean equal endpoint sets; order does not count (envoy-2022 A.3). */
  readonly key: string
  /** `ip:port` of every application or proxy behind the assignment; for a tunnel endpoint its destination. */
  readonly addresses: ReadonlySet<string>
  /** The one identity in the names of the internal listeners; absent without such endpoints. */
  readonly identity?: string
  /** An endpoint is an internal address or carries `tunnel` metadata. */
  readonly tunnelled: boolean
  /** Ports of the plain socket endpoints. */
  readonly ports: ReadonlySet<number>
}

export function readContent(assignment: View): AssignmentContent {
  const endpoints = assignment
    .list('endpoints')
    .flatMap((locality) => locality.list('lb_endpoints').map((endpoint) => readEndpoint(endpoint, locality)))
  const identities = new Set(endpoints.flatMap(({identity}) => identity ?? []))
  const [identity] = identities
  // Several identities in one assignment are no ztunnel's work: their names stay in the key and constrain nothing.
  const single = identities.size === 1 && identity !== undefined
  return {
    key: endpoints
      .map(({text, listener}) => JSON.stringify(single ? text : [text, listener]))
      .toSorted()
      .join('\n'),
    addresses: new Set(endpoints.map(({address}) => address)),
    ...(single ? {identity} : {}),
    tunnelled: endpoints.some(({tunnelled}) => tunnelled),
    ports: new Set(endpoints.flatMap(({port}) => port ?? [])),
  }
}

interface EndpointContent {
  readonly text: string
  readonly address: string
  readonly listener: string
  readonly identity: string | undefined
  readonly tunnelled: boolean
  readonly port: number | undefined
}

function readEndpoint(endpoint: View, locality: View): EndpointContent {
  const listener = internalOf(endpoint)?.str('server_listener_name') ?? ''
  const {prefix, identity} = /^(?<prefix>.*?)(?<identity>spiffe:\/\/.+)$/.exec(listener)?.groups ?? {}
  return {
    text: canonicalText([prefix, internalOf(endpoint)?.str('endpoint_id'), ...hostOf(endpoint), ...groupOf(locality)]),
    address: addressOf(endpoint) ?? '',
    listener,
    identity,
    tunnelled: listener !== '' || tunnelOf(endpoint) !== undefined,
    port: endpoint.path('endpoint', 'address', 'socket_address')?.num('port_value'),
  }
}

function hostOf(endpoint: View): readonly unknown[] {
  const socket = endpoint.path('endpoint', 'address', 'socket_address')
  return [socket?.value, endpoint.get('metadata')?.value, endpoint.str('health_status'), endpoint.num('load_balancing_weight')]
}

function internalOf(endpoint: View): View | undefined {
  return endpoint.path('endpoint', 'address', 'envoy_internal_address')
}

function groupOf(locality: View): readonly unknown[] {
  return [locality.get('locality')?.value, locality.num('priority'), locality.num('load_balancing_weight')]
}

function tunnelOf(endpoint: View): View | undefined {
  return endpoint.path('metadata', 'filter_metadata')?.own('tunnel')
}

/** `ip:port` that an endpoint stands for: tunnel destination, endpoint id, the name of an `inbound-pod` listener, or its own socket (envoy-2022 A.3, B.4). */
export function addressOf(endpoint: View): string | undefined {
  const internal = internalOf(endpoint)
  return (
    tunnelOf(endpoint)?.str('destination') ??
    internal?.str('endpoint_id') ??
    podOfListener(internal?.str('server_listener_name')) ??
    socketOf(endpoint)
  )
}

function socketOf(endpoint: View): string | undefined {
  const socket = endpoint.path('endpoint', 'address', 'socket_address')
  const ip = socket?.str('address')
  return ip === undefined ? undefined : formatSocket({ip, port: socket?.num('port_value') ?? 0})
}

/** `inbound-pod|9080||10.4.0.5` */
function podOfListener(listener: string | undefined): string | undefined {
  const [, port, ip] = /^inbound-pod\|(\d+)\|[^|]*\|(.+)$/.exec(listener ?? '') ?? []
  return port === undefined || ip === undefined ? undefined : formatSocket({ip, port: Number(port)})
}

/** Envoy prints the keys of a map in no fixed order. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}
