import type {Place} from '../../flow/forwarder.js'
import type {Inventory} from '../../flow/inventory.js'
import type {Finding} from '../../flow/finding.js'
import type {Hop, Trace} from '../../flow/trace.js'
import type {Destination} from '../../mesh/destination-names.js'
import {fullName, type Directory, type Workload} from '../../mesh/directory.js'
import type {ZtunnelConfig} from '../../ztunnel/config/model.js'

/** A trace, and what else is known of the cluster it starts in. */
export interface Scene {
  readonly trace: Pick<Trace, 'flow' | 'start' | 'hops' | 'outcomes' | 'verdict'>
  /** The pod that connects. */
  readonly source?: Workload
  readonly destination: Destination
  readonly directory: Directory
  readonly inventory: Inventory
  /** The name of the cluster, where there are several. */
  readonly cluster?: string
  /** What ztunnels know of services and waypoints: the one of the client, else one on the way. */
  readonly ztunnel?: ZtunnelConfig
  /** The ztunnel that holds the sockets of a pod. */
  readonly ztunnelOf: (pod: Workload) => ZtunnelConfig | undefined
}

/** One question to a scene; no answer where there is nothing surprising. */
export type FindingRule = (scene: Scene) => readonly Finding[]

/** Hops at places of one kind, in the order of the trace. */
export function hopsAt({trace}: Scene, kind: Place['kind']): readonly Hop[] {
  return Object.values(trace.hops).filter(({place}) => place.kind === kind)
}

export function passesWaypoint(scene: Scene): boolean {
  return hopsAt(scene, 'waypoint').length > 0
}

/** Pods of the own cluster that a path ends in, each once, in the order of the trace. */
export function targetsOf(scene: Scene): readonly Workload[] {
  const {trace, cluster, directory} = scene
  const ends = hopsAt(scene, 'app').filter(({id, place}) => id !== trace.start && place.cluster === cluster)
  const pods = ends.flatMap(({place: {name, namespace}}) => (namespace === undefined ? [] : (directory.workload({name, namespace}) ?? [])))
  return [...new Map(pods.map((pod) => [fullName(pod), pod])).values()]
}

/** `a`, `a and b`, `a, b and 3 more`: lists in findings stay short. */
export function listText(names: readonly string[]): string {
  const [first = '', second, ...others] = names
  if (second === undefined) return first
  return others.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${others.length} more`
}
