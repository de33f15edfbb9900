import {isIP} from 'node:net'
import {formatAddress, type Address} from '../../flow/address.js'
import type {Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {localityText} from '../config/locality.js'
import {filterMetadata} from './metadata.js'

export type Health = 'healthy' | 'degraded' | 'unhealthy'

/** One host of a cluster, as the dump lists it. */
export interface Host {
  readonly address: Address
  /** Printed address: hosts of one cluster with the same text are the same host. */
  readonly text: string
  readonly hostname?: string
  readonly health: Health
  /** Status as dumped, for print. */
  readonly status: string
  /** The status that was configured, where it is known: the endpoints section tells healthy, degraded and unhealthy apart, and no more. */
  readonly configured?: string
  /** Counts nowhere when the usable hosts are set against all of them. */
  readonly excluded: boolean
  readonly weight: number
  readonly locality: string
  readonly metadata: ReadonlyMap<string, Json>
  readonly localityMetadata: ReadonlyMap<string, Json>
  readonly view: View
}

/** The hosts of one priority level. */
export interface HostSet {
  readonly hosts: readonly Host[]
  /** Localities that have a host, in the cluster as a whole: a subset keeps those it is not in. */
  readonly localities: readonly string[]
  /** Weights by locality, where they are above 0; undefined in a subset that does not carry them over. */
  readonly localityWeights: ReadonlyMap<string, number> | undefined
  /** Per cent: 140 unless configured otherwise. */
  readonly overprovisioning: number
  readonly weightedHealth: boolean
}

const OVERPROVISIONING = 140
/** The hosts that a share of usable ones is a share of. */
export function countedHosts(hosts: readonly Host[]): readonly Host[] {
  return hosts.filter((host) => !host.excluded)
}

/** Envoy allows priorities 0 to 128. */
const MAX_PRIORITY = 128

export interface ListedHosts {
  /** By priority. */
  readonly sets: readonly HostSet[]
  /** Endpoints named by DNS names, of which no host can be made: `name:port`, sorted. */
  readonly names: readonly string[]
}

/** Reads a ClusterLoadAssignment; `distinct` keeps one host per address. */
export function readHostSets(assignment: View, options: {readonly distinct: boolean}): ListedHosts {
  const groups = assignment.list('endpoints').map(readGroup)
  const names = groups.flatMap((group) => group.names)
  const kept = options.distinct ? distinctHosts(groups) : groups
  const top = Math.max(-1, ...kept.map((group) => group.priority))
  const policy = assignment.get('policy')
  const shared = {
    overprovisioning: wholeNumber(policy?.num('overprovisioning_factor') ?? OVERPROVISIONING),
    weightedHealth: policy?.bool('weighted_priority_health') === true,
  }
  const sets = Array.from({length: top + 1}, (_, priority) => {
    const level = kept.filter((group) => group.priority === priority)
    return {...hostSet(level), ...shared}
  })
  return {sets, names: [...new Set(names)].sort()}
}

interface Group {
  readonly priority: number
  readonly locality: string
  readonly weight: number
  readonly hosts: readonly Host[]
  readonly names: readonly string[]
}

function readGroup(group: View): Group {
  const locality = localityText(group.get('locality'))
  const localityMetadata = filterMetadata(group)
  const endpoints = group.list('lb_endpoints').map((view) => ({view, address: readAddress(view.path('endpoint', 'address'))}))
  return {
    priority: wholeNumber(group.num('priority') ?? 0, MAX_PRIORITY),
    locality,
    weight: wholeNumber(group.num('load_balancing_weight') ?? 0),
    hosts: endpoints.flatMap(({view, address}) => (address === undefined ? [] : [readHost({view, address, locality, localityMetadata})])),
    names: endpoints.flatMap(({view, address}) => (address === undefined ? [dnsName(view)] : [])),
  }
}

function readHost({view, address, locality, localityMetadata}: Pick<Host, 'view' | 'address' | 'locality' | 'localityMetadata'>): Host {
  const status = view.str('health_status') ?? 'UNKNOWN'
  const hostname = view.path('endpoint')?.str('hostname')
  return {
    address,
    view,
    locality,
    localityMetadata,
    status,
    text: formatAddress(address),
    health: healthOf(status),
    excluded: false,
    weight: Math.max(1, wholeNumber(view.num('load_balancing_weight') ?? 1)),
    metadata: filterMetadata(view),
    ...(hostname === undefined || hostname === '' ? {} : {hostname}),
  }
}

/** Weights and priorities are uint32; a dump may hold anything. */
function wholeNumber(value: number, most = 0xffff_ffff): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(0, Math.trunc(value))) : 0
}

/** envoy-2022 D9: UNKNOWN counts as healthy. */
function healthOf(status: string): Health {
  switch (status) {
    case 'UNHEALTHY':
    case 'TIMEOUT':
    case 'DRAINING':
      return 'unhealthy'
    case 'DEGRADED':
      return 'degraded'
    default:
      return 'healthy'
  }
}

/** A core.v3.Address; undefined when it is a name that DNS would have to resolve, or nothing that can be dialled. */
function readAddress(address: View | undefined): Address | undefined {
  const socket = address?.get('socket_address')
  if (socket !== undefined) return readSocket(socket)
  const internal = address?.get('envoy_internal_address')
  if (internal !== undefined) return readInternal(internal)
  const path = address?.get('pipe')?.str('path')
  return path === undefined ? undefined : {kind: 'pipe', path}
}

function readSocket(socket: View): Address | undefined {
  const ip = socket.str('address') ?? ''
  const port = socket.port('port_value')
  return isIP(ip) === 0 || port === undefined ? undefined : {kind: 'socket', ip, port}
}

function readInternal(internal: View): Address {
  const endpointId = internal.str('endpoint_id')
  const listener = internal.str('server_listener_name') ?? ''
  return {kind: 'internal', listener, ...(endpointId === undefined ? {} : {endpointId})}
}

function dnsName(endpoint: View): string {
  const socket = endpoint.path('endpoint', 'address', 'socket_address')
  const port = socket?.num('port_value')
  return `${socket?.str('address') ?? 'an endpoint without address'}${port === undefined ? '' : `:${port}`}`
}

function hostSet(groups: readonly Group[]): Pick<HostSet, 'hosts' | 'localities' | 'localityWeights'> {
  return {
    localities: [...new Set(groups.filter(({hosts}) => hosts.length > 0).map(({locality}) => locality))].sort(),
    hosts: groups.flatMap((group) => group.hosts),
    localityWeights: new Map(groups.filter((group) => group.weight > 0).map((group) => [group.locality, group.weight])),
  }
}

/** EDS keeps the first of several endpoints with one address (ambient-ga I.21; Envoy eds.cc updateLocalityEndpoints). */
function distinctHosts(groups: readonly Group[]): Group[] {
  const seen = new Set<string>()
  const isNew = (host: Host): boolean => !seen.has(host.text) && seen.add(host.text).size > 0
  return groups.map((group) => ({...group, hosts: group.hosts.filter(isNew)}))
}
