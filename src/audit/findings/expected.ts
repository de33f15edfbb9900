import type {ToldService} from '../../flow/control-plane.js'
import type {InventorySource} from '../../flow/inventory.js'
import type {Evidence} from '../../flow/step.js'
import type {MeshService} from '../../mesh/directory.js'
import {askedWaypoint} from './missing-waypoint.js'
import type {Scene} from './scene.js'

/** What a ztunnel should know of something, and who says so. */
export interface Expected<T> {
  readonly value: T
  readonly by: 'istiod' | 'labels' | 'Kubernetes'
  readonly evidence: readonly Evidence[]
}

/** The waypoint of a service as `namespace/name`; the empty text for none. What istiod says it tells goes before labels. */
export function expectedWaypoint(scene: Scene, service: MeshService): Expected<string> | undefined {
  const told = toldService(scene, service)
  if (told !== undefined) return {value: waypointName(told.waypoint), by: 'istiod', evidence: [at(told.recorded)]}
  const {services, namespaces} = scene.inventory
  // Labels of another cluster count too where there are several.
  if (services === undefined || namespaces === undefined || scene.cluster !== undefined || !service.kubernetes) return undefined
  const asked = askedWaypoint(service, scene.inventory)
  if (asked === undefined) return {value: '', by: 'labels', evidence: [service.evidence]}
  return {value: `${asked.gateway.namespace}/${asked.gateway.name}`, by: 'labels', evidence: [asked.evidence]}
}

/** A pod that should be an endpoint, by its full name. */
export interface ExpectedPods {
  /** Those that take part. */
  readonly ready: ReadonlyMap<string, Evidence>
  /** All that exist, whether they take part or not. */
  readonly existing: ReadonlySet<string>
}

/** Pods behind a service: what istiod says it tells, else what Kubernetes has. */
export function expectedPods(scene: Scene, service: MeshService): Expected<ExpectedPods> | undefined {
  const told = toldPods(scene, service)
  return told ?? sliceEndpoints(scene, service)
}

/** `cluster//Pod/namespace/name` as `namespace/name`; of one cluster, where that is told (ambient-ga A.3). */
export function podOfUid(uid: string, cluster?: string): string | undefined {
  const [, of, name] = /^([^/]*)\/\/Pod\/([^/]+\/[^/]+)$/.exec(uid) ?? []
  return cluster === undefined || of === cluster ? name : undefined
}

function toldService({controlPlane}: Scene, {host, namespace}: MeshService): ToldService | undefined {
  return controlPlane?.services.find((one) => one.hostname === host && one.namespace === namespace)
}

/** As people name a Gateway: its service has its name. */
function waypointName(destination = ''): string {
  const [namespace = '', host = ''] = destination.split('/')
  return destination === '' ? '' : `${namespace}/${host.split('.')[0] ?? ''}`
}

function toldPods(scene: Scene, service: MeshService): Expected<ExpectedPods> | undefined {
  const told = toldService(scene, service)
  const cluster = scene.ztunnel?.settings.clusterId
  if (told === undefined || cluster === undefined) return undefined
  const key = `${service.namespace}/${service.host}`
  const members = (scene.controlPlane?.workloads ?? []).filter(({services}) => services.includes(key))
  const pods = members.flatMap((one) => {
    const name = podOfUid(one.uid, cluster)
    return name === undefined ? [] : [{name, healthy: one.healthy, evidence: at(one.recorded)}]
  })
  const ready = new Map(pods.filter(({healthy}) => healthy).map(({name, evidence}) => [name, evidence]))
  return {value: {ready, existing: new Set(pods.map(({name}) => name))}, by: 'istiod', evidence: [at(told.recorded)]}
}

function sliceEndpoints({inventory}: Scene, service: MeshService): Expected<ExpectedPods> | undefined {
  const {endpointSlices, pods} = inventory
  if (endpointSlices === undefined || pods === undefined || !service.kubernetes) return undefined
  const slices = endpointSlices.filter((slice) => slice.service === service.name && slice.namespace === service.namespace)
  const running = new Set(pods.filter(({phase}) => phase === 'Running').map(({namespace, name}) => `${namespace}/${name}`))
  const ready = slices.flatMap(({endpoints, recorded}) =>
    endpoints.flatMap(({ready: isReady, pod}) => {
      const name = pod === undefined ? '' : `${pod.namespace}/${pod.name}`
      return isReady === true && running.has(name) ? [[name, at(recorded)] as const] : []
    }),
  )
  const existing = new Set(pods.map(({namespace, name}) => `${namespace}/${name}`))
  return {value: {ready: new Map(ready), existing}, by: 'Kubernetes', evidence: slices.map(({recorded}) => at(recorded))}
}

function at({file, pointer}: InventorySource): Evidence {
  return {dump: file, pointer, basis: 'recorded'}
}
