import type {View} from '../../../json/view.js'

/** What the name of a 2022 ztunnel's EDS cluster says (envoy-2022 A.1, A.8). */
export interface NamelessCluster {
  readonly name: string
  /** Identity of the client whose traffic it carries; absent when the name does not tell. */
  readonly source?: string
  readonly target: Target
}

export type Target =
  | {
      readonly kind: 'service'
      readonly host: string
      readonly portName: string
      /** Service ports that lead here, as far as the dump's matcher tree says so. */
      readonly ports: readonly number[]
    }
  | {readonly kind: 'waypoint'; readonly side: 'server' | 'client'; readonly identity: string}
  | {readonly kind: 'other'}

const WAYPOINT = /^(server|client)_(?:waypoint_proxy|pep)_(.+)$/
/** Hosts have no underscore, port names may. */
const SERVICE = /^(.+)_([^_]+)_outbound_internal$/

/** Splits `<source>_to_<target>`; the source is empty where a client waypoint is the target. */
export function describeCluster(name: string): NamelessCluster {
  const at = name.indexOf('_to_')
  if (at < 0) return {name, target: {kind: 'other'}}
  return {name, ...(at === 0 ? {} : {source: name.slice(0, at)}), target: readTarget(name.slice(at + '_to_'.length))}
}

/** Clusters of one family carry the same endpoint set for different sources (envoy-2022 D8 step 3). */
export function familyOf(cluster: NamelessCluster): string {
  return cluster.source === undefined ? cluster.name : cluster.name.slice(cluster.source.length)
}

/** Ports a waypoint listens on for its own side: 15006 for servers, 15001 for clients, until the Envoy ztunnel went away (envoy-2022 A.3). */
export function waypointPort(side: 'server' | 'client'): number {
  return side === 'server' ? 15_006 : 15_001
}

/** Whether endpoints with tunnel metadata can be reached through this cluster at all. */
export function takesTunnels(cluster: View): boolean {
  return cluster
    .list('transport_socket_matches')
    .some((match) => match.get('transport_socket')?.str('name') === 'envoy.transport_sockets.internal_upstream')
}

function readTarget(text: string): Target {
  const [, side, identity] = WAYPOINT.exec(text) ?? []
  if (side !== undefined && identity !== undefined) return {kind: 'waypoint', side: side === 'server' ? 'server' : 'client', identity}
  const [, portName, host] = SERVICE.exec(text) ?? []
  return portName === undefined || host === undefined ? {kind: 'other'} : {kind: 'service', host, portName, ports: []}
}
