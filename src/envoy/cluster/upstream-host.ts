import type {Address} from '../../flow/address.js'
import type {Resource} from '../config/model.js'
import {filterStateOf} from '../format/filter-state-command.js'
import type {Host} from './host.js'
import {alpnOf, autoSni, readHttpProtocol} from './http-protocol.js'
import {internalContext} from './internal-context.js'
import {socketOf} from './transport-socket.js'
import type {TlsSettings} from './upstream-tls.js'
import type {UpstreamContext, UpstreamHost, UpstreamProtocol, UpstreamSocket} from './upstream.js'

const SERVER_NAME_KEY = 'envoy.network.upstream_server_name'
const ALPN_KEY = 'envoy.network.application_protocols'

interface Building {
  readonly context: UpstreamContext
  readonly cluster: Resource
  readonly address: Address
  /** Absent for hosts made on the fly. */
  readonly host?: Host
}

/** A host with everything that follows from its cluster and its metadata. */
export function upstreamHost(building: Building): UpstreamHost {
  const {context, cluster, address, host} = building
  const http = readHttpProtocol(cluster.view)
  const metadata = host?.metadata ?? new Map()
  const socket = hostSocket(building, http)
  const shared = {connection: context.connection, ...(context.stream === undefined ? {} : {stream: context.stream})}
  return {
    kind: 'host',
    cluster,
    address,
    metadata,
    socket,
    http,
    ...(host?.hostname === undefined ? {} : {hostname: host.hostname}),
    ...(host === undefined ? {} : {host: host.view}),
    ...(address.kind === 'internal' ? {internal: internalContext({socket, cluster: cluster.view, hostMetadata: metadata, ...shared})} : {}),
  }
}

function hostSocket({context, cluster, host}: Building, http: UpstreamProtocol): UpstreamSocket {
  return socketOf(cluster.view, {
    host: host ?? {metadata: new Map(), localityMetadata: new Map()},
    connection: context.connection,
    ...(context.stream === undefined ? {} : {stream: context.stream}),
    tls: tlsSettings({context, cluster, ...(host?.hostname === undefined ? {} : {hostname: host.hostname})}, http),
  })
}

/** Filter state overrides SNI and ALPN of any upstream (Envoy upstream_server_name.h, application_protocols.h). */
function tlsSettings(input: Pick<Building, 'context' | 'cluster'> & {readonly hostname?: string}, http: UpstreamProtocol): TlsSettings {
  const {
    context: {config, stream},
    cluster,
    hostname,
  } = input
  const state = (key: string): string | undefined => filterStateOf(key, input.context)?.value
  const given = state(SERVER_NAME_KEY)
  const name = given ?? (stream === undefined ? undefined : autoSni(cluster.view, stream))
  const alpn = state(ALPN_KEY)?.split(',')
  return {
    config,
    ...(name === undefined ? {} : {serverName: {name, from: given === undefined ? 'auto-sni' : 'sni'}}),
    ...(hostname === undefined ? {} : {hostname}),
    ...(alpn === undefined ? {} : {alpnOverride: alpn}),
    alpn: stream === undefined ? [] : alpnOf(http, stream),
  }
}
