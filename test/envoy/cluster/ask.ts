import {formatAddress} from '../../../src/flow/address.js'
import type {Json} from '../../../src/flow/connection.js'
import {formatShare} from '../../../src/flow/share.js'
import {View} from '../../../src/json/view.js'
import type {Branch} from '../../../src/envoy/branch.js'
import {resolveUpstream} from '../../../src/envoy/cluster/resolve.js'
import type {Upstream, UpstreamContext, UpstreamHost} from '../../../src/envoy/cluster/upstream.js'
import type {Connection, Stream} from '../../../src/envoy/connection.js'
import {semanticsOf} from '../../../src/envoy/semantics.js'
import {fakeConfig, type FakeDump} from './fake-config.js'

export const connection: Connection = {
  entry: {kind: 'socket', ip: '127.0.0.1', port: 15_001},
  local: {ip: '10.33.0.1', port: 9000},
  localRestored: true,
  transportProtocol: 'raw_buffer',
  applicationProtocols: [],
  metadata: new Map(),
  filterState: new Map(),
  payload: {kind: 'opaque'},
}

export const stream: Stream = {
  connection,
  version: 'h1',
  scheme: 'http',
  metadata: new Map(),
  filterState: new Map(),
  request: {method: 'GET', authority: 'a.test', path: '/', headers: []},
}

export interface Asking extends FakeDump {
  readonly cluster: string
  readonly connection?: Partial<Connection>
  readonly stream?: Stream
  readonly metadataMatch?: readonly Json[]
  readonly version?: {readonly major: number; readonly minor: number}
}

export function ask(asking: Asking): Branch<Upstream>[] {
  const config = fakeConfig(asking)
  const context: UpstreamContext = {
    config,
    cluster: asking.cluster,
    semantics: semanticsOf(config, asking.version),
    connection: {...connection, ...asking.connection},
    ...(asking.stream === undefined ? {} : {stream: asking.stream}),
    ...(asking.metadataMatch === undefined ? {} : {metadataMatch: asking.metadataMatch.map((value) => new View(value, ''))}),
  }
  return resolveUpstream(context)
}

/** Share by printed host; `none: …` and `undetermined: …` for the rest. */
export function shares(branches: readonly Branch<Upstream>[]): Record<string, string> {
  return Object.fromEntries(branches.map(({value, share}) => [label(value), formatShare(share)]))
}

export function hosts(branches: readonly Branch<Upstream>[]): UpstreamHost[] {
  return branches.flatMap(({value}) => (value.kind === 'host' ? [value] : []))
}

function label(upstream: Upstream): string {
  switch (upstream.kind) {
    case 'host':
      return formatAddress(upstream.address)
    case 'none':
      return `none: ${upstream.text}`
    case 'undetermined':
      return `undetermined: ${upstream.missing.map(({what}) => what).join('; ')}`
    default:
      return upstream satisfies never
  }
}

export interface Endpoint {
  readonly health?: string
  readonly weight?: number
  readonly metadata?: Readonly<Record<string, Json>>
  readonly hostname?: string
}

/** An endpoint `10.0.0.1:80`, or of an internal listener: `envoy://listener/id`. */
export function endpoint(text: string, {health, weight, metadata, hostname}: Endpoint = {}): object {
  return {
    endpoint: {address: addressOf(text), ...(hostname === undefined ? {} : {hostname})},
    ...(health === undefined ? {} : {health_status: health}),
    ...(weight === undefined ? {} : {load_balancing_weight: weight}),
    ...(metadata === undefined ? {} : {metadata: {filter_metadata: metadata}}),
  }
}

function addressOf(text: string): object {
  const [, listener, id] = /^envoy:\/\/(.*)\/([^/]*)$/.exec(text) ?? []
  if (listener !== undefined) return {envoy_internal_address: {server_listener_name: listener, endpoint_id: id}}
  const colon = text.lastIndexOf(':')
  return {socket_address: {address: text.slice(0, colon), port_value: Number(text.slice(colon + 1))}}
}

export interface Locality {
  readonly region?: string
  readonly weight?: number
  readonly priority?: number
  readonly hosts: readonly object[]
}

export function assignment(...localities: readonly Locality[]): object {
  return {
    endpoints: localities.map(({region, weight, priority, hosts: list}) => ({
      locality: region === undefined ? {} : {region},
      lb_endpoints: list,
      ...(weight === undefined ? {} : {load_balancing_weight: weight}),
      ...(priority === undefined ? {} : {priority}),
    })),
    policy: {overprovisioning_factor: 140},
  }
}
