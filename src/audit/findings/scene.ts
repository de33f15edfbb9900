import type {ControlPlane} from '../../flow/control-plane.js'
import type {Place} from '../../flow/forwarder.js'
import type {Inventory} from '../../flow/inventory.js'
import type {Finding} from '../../flow/finding.js'
import type {Step} from '../../flow/step.js'
import type {Hop, Trace} from '../../flow/trace.js'
import type {Verdict} from '../../flow/verdict.js'
import type {Admission} from '../../mesh/admission.js'
import type {Destination} from '../../mesh/destination-names.js'
import {fullName, type Directory, type Workload} from '../../mesh/directory.js'
import {ZTUNNEL_PORTS} from '../../mesh/ztunnel-ports.js'
import type {EnvoyConfig} from '../../envoy/config/model.js'
import type {Generation} from '../../mesh/generation.js'
import type {ZtunnelConfig} from '../../ztunnel/config/model.js'

/** A trace, and what else is known of the cluster it starts in. */
export interface Scene {
  readonly generation: Generation
  readonly trace: Pick<Trace, 'flow' | 'start' | 'hops' | 'outcomes' | 'verdict'>
  /** The pod that connects. */
  readonly source?: Workload
  readonly destination: Destination
  readonly directory: Directory
  readonly inventory: Inventory
  /** What istiod says that it tells ztunnels, where that was recorded. */
  readonly controlPlane?: ControlPlane
  /** The name of the cluster, where there are several. */
  readonly cluster?: string
  /** What ztunnels know of services and waypoints: the one of the client, else one on the way. */
  readonly ztunnel?: ZtunnelConfig
  /** The ztunnel that holds the sockets of a pod. */
  readonly ztunnelOf: (pod: Workload) => ZtunnelConfig | undefined
  /** The same, where its own dump is there: another node's may stand in for it else. */
  readonly ownZtunnelOf: (pod: Workload) => ZtunnelConfig | undefined
  /** The configuration of an Envoy on the way, of whichever cluster. */
  readonly envoyOf: (place: Place) => EnvoyConfig | undefined
  /** What NetworkPolicies say about a TCP connection; absent where they were not recorded. */
  readonly admission?: Admission
}

/** One question to a scene; no answer where there is nothing surprising. */
export type FindingRule = (scene: Scene) => readonly Finding[]

/** Hops that the traffic itself passes, in the order of the trace: no copies of it, and no calls a proxy makes of its own. */
export function hopsOf({trace: {start, hops}}: Scene): readonly Hop[] {
  const passed = new Set<string>()
  const pending = [start]
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const hop = hops[id]
    if (hop === undefined || passed.has(id)) continue
    passed.add(id)
    pending.push(...hop.next.filter(({mirror}) => mirror !== true).map(({to}) => to))
  }
  return Object.values(hops).filter(({id}) => passed.has(id))
}

/** Those at places of one kind. */
export function hopsAt(scene: Scene, kind: Place['kind']): readonly Hop[] {
  return hopsOf(scene).filter(({place}) => place.kind === kind)
}

export function passesWaypoint(scene: Scene): boolean {
  return hopsAt(scene, 'waypoint').length > 0
}

/** Pods of the own cluster whose application or ztunnel a path comes to, each once, in the order of the trace. */
export function targetsOf(scene: Scene): readonly Workload[] {
  const {trace, cluster, directory} = scene
  const hops = hopsOf(scene).filter(({place}) => place.cluster === cluster)
  const pods = hops.flatMap((hop) => (hop.id === trace.start ? [] : (podAt(hop, directory) ?? [])))
  return [...new Map(pods.map((pod) => [fullName(pod), pod])).values()]
}

/** ambient-ga 0.1: ztunnel's sockets are inside the pod, so the address tells for whom it takes a connection in. */
function podAt(hop: Hop, directory: Directory): Workload | undefined {
  const {kind, name, namespace} = hop.place
  if (kind === 'app') return namespace === undefined ? undefined : directory.workload({name, namespace})
  const {entry} = hop.arrival
  return isInbound(hop) && entry.kind === 'socket' ? directory.podAt(entry.ip) : undefined
}

/** A ztunnel that takes a connection in for a pod of its node, by HBONE or in plaintext. */
export function isInbound({place, arrival: {entry}}: Hop): boolean {
  return place.kind === 'ztunnel' && entry.kind === 'socket' && entry.port !== ZTUNNEL_PORTS.outbound
}

/** Hops whose proxy ends the connection with a denial, and why. */
export function denials(scene: Scene): readonly Denial[] {
  return hopsOf(scene).flatMap((hop) =>
    hop.next.flatMap(({to, steps}) => {
      const verdict = scene.trace.outcomes[to]?.verdict
      return verdict?.kind === 'denied' ? [{hop, verdict, steps: [...hop.steps, ...steps]}] : []
    }),
  )
}

export interface Denial {
  readonly hop: Hop
  readonly verdict: Extract<Verdict, {kind: 'denied'}>
  readonly steps: readonly Step[]
}

/** Who the other side of a tunnel says it is. */
export function tunnelIdentity({arrival: {payload}}: Hop): string | undefined {
  return payload.kind === 'tls' ? payload.peer?.uriSans[0] : undefined
}

/** `a`, `a and b`, `a, b and 3 more`: lists in findings stay short. */
export function listText(names: readonly string[]): string {
  const [first = '', second, ...others] = names
  if (second === undefined) return first
  return others.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${others.length} more`
}
