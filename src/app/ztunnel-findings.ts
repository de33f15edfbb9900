import {workloadsByAddress} from '../audit/findings/shared-address.js'
import type {DumpStore} from '../json/store.js'
import {
  evidenceOf,
  policyKey,
  serviceKey,
  type GatewayAddress,
  type Recorded,
  type Workload,
  type ZtunnelConfig,
} from '../ztunnel/config/model.js'

/** Something in a dump that looks wrong, with everything it is true of. */
export interface Finding {
  readonly kind: string
  readonly what: string
  readonly items: readonly FindingItem[]
}

export interface FindingItem {
  readonly name: string
  /** Where it stands in the dump; absent of what is missing there. */
  readonly pointer?: string
}

/** Checks one ztunnel's dump against itself. What an extract of a dump lacks is not held against it. */
export function findingsOf(config: ZtunnelConfig, store: DumpStore): readonly Finding[] {
  const has = new Set([...store.documentKeys()])
  const isWhole =
    config.shape === 'flattened' || config.shape === 'vips' || (has.has('workloads') && has.has('services') && has.has('policies'))
  const findings: readonly Finding[] = [
    {
      kind: 'not-captured',
      what: 'HBONE workloads of this node that the ztunnel does not hold: their capture is broken',
      items: notCaptured(config),
    },
    {kind: 'pending', what: 'pods whose capture is not done', items: pending(config)},
    {kind: 'certificate', what: 'certificates that are not available: HBONE as these identities fails', items: badCertificates(config)},
    {
      kind: 'staged',
      what: 'services that did not arrive, though endpoints of them did',
      items: config.stagedServices.map((name) => ({name})),
    },
    {kind: 'shared-address', what: 'addresses that several workloads have', items: sharedAddresses(config)},
    {kind: 'no-endpoints', what: 'services without endpoints', items: withoutEndpoints(config)},
    ...(isWhole ? danglingReferences(config) : []),
  ]
  return findings.filter(({items}) => items.length > 0)
}

/** ambient-ga A.8: the list of held pods is what is really captured; only pods of the own node can be on it. */
function notCaptured(config: ZtunnelConfig): readonly FindingItem[] {
  const {capturedPods, settings, workloads} = config
  const {localNode} = settings
  if (capturedPods === undefined || localNode === undefined || capturedPods.some(({name}) => name === undefined)) return []
  const held = new Set(capturedPods.map(({namespace, name}) => `${namespace ?? ''}/${name ?? ''}`))
  const here = workloads.filter(
    ({node, protocol, uid, hostNetwork}) => node === localNode && protocol === 'HBONE' && isPod(uid) && !hostNetwork,
  )
  return here.filter((workload) => !held.has(nameOf(workload))).map((workload) => itemOf(config, {name: nameOf(workload), of: workload}))
}

/** ambient-ga A.3: only pods have namespaces of their own for ztunnel to enter. */
function isPod(uid: string): boolean {
  return uid.includes('//Pod/')
}

function pending(config: ZtunnelConfig): readonly FindingItem[] {
  const waiting = (config.capturedPods ?? []).filter(({up}) => !up)
  return waiting.map((pod) => itemOf(config, {name: pod.name === undefined ? pod.uid : `${pod.namespace ?? ''}/${pod.name}`, of: pod}))
}

function badCertificates(config: ZtunnelConfig): readonly FindingItem[] {
  const bad = config.certificates.filter(({state}) => state !== 'Available')
  return bad.map((certificate) => itemOf(config, {name: `${certificate.identity}: ${certificate.state}`, of: certificate}))
}

function sharedAddresses(config: ZtunnelConfig): readonly FindingItem[] {
  return [...workloadsByAddress(config)].flatMap(([address, [first, ...others]]) => {
    if (others.length === 0) return []
    const names = [first, ...others].map(nameOf).toSorted()
    return [itemOf(config, {name: `${address.replace(/^\//, '')}: ${names.join(', ')}`, of: first})]
  })
}

/** ambient-ga B.10: a service that passes traffic on to the address that was dialled needs none. */
function withoutEndpoints(config: ZtunnelConfig): readonly FindingItem[] {
  const empty = config.services.filter(({endpoints, loadBalancer}) => endpoints.length === 0 && loadBalancer?.mode !== 'Passthrough')
  return empty.map((service) => itemOf(config, {name: serviceKey(service), of: service}))
}

function danglingReferences(config: ZtunnelConfig): readonly Finding[] {
  const policies = new Set(config.policies.map(policyKey))
  const unknown = config.workloads.flatMap((workload) =>
    workload.authorizationPolicies
      .filter((key) => !policies.has(key))
      .map((key) => itemOf(config, {name: `${key}, of workload ${nameOf(workload)}`, of: workload})),
  )
  return [
    {kind: 'unknown-policy', what: 'policies that select workloads and did not arrive: they are not enforced', items: unknown},
    {kind: 'unknown-waypoint', what: 'waypoints that are not there: connections through them fail', items: unknownWaypoints(config)},
  ]
}

function unknownWaypoints(config: ZtunnelConfig): readonly FindingItem[] {
  const hosts = new Set([
    ...config.services.map(serviceKey),
    ...config.workloads.map(({namespace, hostname}) => `${namespace}/${hostname}`),
  ])
  const ips = new Set([...config.workloads.flatMap(({ips: own}) => own), ...config.services.flatMap(({vips}) => vips.map(({ip}) => ip))])
  const isThere = (gateway: GatewayAddress): boolean =>
    gateway.kind === 'address' ? ips.has(gateway.ip) : hosts.has(`${gateway.namespace}/${gateway.hostname}`)
  const users: readonly (Recorded & {readonly name: string; readonly gateways: readonly GatewayAddress[]})[] = [
    ...config.services.map((service) => ({name: `service ${serviceKey(service)}`, view: service.view, gateways: gatewaysOf(service)})),
    ...config.workloads.map((workload) => ({name: `workload ${nameOf(workload)}`, view: workload.view, gateways: workload.waypoints})),
  ]
  return users.flatMap(({name, view, gateways}) =>
    gateways
      .filter((gateway) => !isThere(gateway))
      .map((gateway) => itemOf(config, {name: `${gatewayName(gateway)}, of ${name}`, of: {view}})),
  )
}

function gatewaysOf({waypoint, weightedWaypoints}: ZtunnelConfig['services'][number]): readonly GatewayAddress[] {
  return [...(waypoint === undefined ? [] : [waypoint]), ...weightedWaypoints.map(({gateway}) => gateway)]
}

function gatewayName(gateway: GatewayAddress): string {
  return gateway.kind === 'address' ? gateway.ip : `${gateway.namespace}/${gateway.hostname}`
}

function nameOf({namespace, name}: Pick<Workload, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

function itemOf(config: ZtunnelConfig, {name, of}: {readonly name: string; readonly of: Recorded}): FindingItem {
  return {name, pointer: evidenceOf(config, of).pointer}
}
