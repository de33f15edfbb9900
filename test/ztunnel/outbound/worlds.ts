import fc from 'fast-check'
import type {SocketAddress} from '../../../src/flow/address.js'
import type {Step} from '../../../src/flow/step.js'
import type {ZtunnelConfig} from '../../../src/ztunnel/config/model.js'
import {outbound, type OutboundAnswer} from '../../../src/ztunnel/outbound/outbound.js'
import type {OutboundOutcome} from '../../../src/ztunnel/outbound/outcome.js'
import type {Semantics} from '../../../src/ztunnel/semantics.js'
import {createState} from '../../../src/ztunnel/state/state.js'
import {configOf, gateway, service, workload, type DumpParts} from '../dump.js'

/** Small meshes full of collisions: addresses, VIPs and gateways that name each other. */
type Fields = Readonly<Record<string, unknown>>

export interface World {
  readonly workloads: readonly Fields[]
  readonly services: readonly Fields[]
}

/** The client, which 1.24 finds by its name and node, older ones by its address. */
export const CLIENT_IP = '10.0.0.100'

const pod = fc.record({
  index: fc.integer({min: 0, max: 4}),
  ip: fc.constantFrom(1, 1, 2, 3, 3, 100),
  dual: fc.boolean(),
  protocol: fc.constantFrom('HBONE', 'TCP'),
  network: fc.constantFrom('', '', 'far'),
  networkMode: fc.constantFrom('Standard', 'Standard', 'HostNetwork'),
  capacity: fc.constantFrom(1, 1, 1, 0, 2),
  region: fc.constantFrom('r1', 'r2'),
  bare: fc.constantFrom(false, false, true),
  host: fc.constantFrom('', '', 'host0'),
  tunnel: fc.constantFrom(undefined, undefined, {protocol: 'PROXY', port: 15_088}),
  waypoint: fc.constantFrom(undefined, undefined, '/10.0.0.1', '/10.0.0.9', 'ns/svc0.ns.svc.cluster.local', 'ns/host0', 'ns/nowhere'),
})

const pods = fc.uniqueArray(pod, {selector: ({index}) => index, maxLength: 5}).map((all) =>
  all.map(({index, ip, dual, region, bare, host, tunnel, waypoint, ...rest}) =>
    workload(`pod${index}`, {
      ...rest,
      hostname: host,
      workloadIps: bare ? [] : [`10.0.0.${ip}`, ...(dual ? [`fd00::${ip}`] : [])],
      locality: {region, zone: '', subzone: ''},
      ...(rest.network === 'far' ? {networkGateway: gateway('/10.0.0.1')} : {}),
      ...(tunnel === undefined ? {} : {applicationTunnel: tunnel}),
      ...(waypoint === undefined ? {} : {waypoint: gateway(waypoint)}),
    }),
  ),
)

const endpoint = fc.record({index: fc.integer({min: 0, max: 5}), named: fc.boolean()})
const svc = fc.record({
  index: fc.integer({min: 0, max: 3}),
  namespace: fc.constantFrom('ns', 'other'),
  vip: fc.integer({min: 1, max: 3}),
  canonical: fc.boolean(),
  port: fc.constantFrom(8080, 0),
  takesTunnels: fc.boolean(),
  block: fc.constantFrom(false, false, true),
  mode: fc.constantFrom(undefined, undefined, 'Standard', 'Strict', 'Failover', 'Failover', 'Passthrough'),
  waypoint: fc.constantFrom(undefined, undefined, '/10.0.0.2', '/10.0.0.9', 'ns/svc1.ns.svc.cluster.local', 'ns/host0'),
  weighted: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 3),
  visibility: fc.constantFrom('Public', 'Public', 'Public', 'Public', 'Namespace'),
  endpoints: fc.uniqueArray(endpoint, {selector: ({index}) => index, maxLength: 4}),
})

const services = fc.uniqueArray(svc, {selector: ({index}) => index, maxLength: 4}).map((all) =>
  all.map(({index, vip, port, takesTunnels, block, mode, waypoint, weighted, endpoints, ...rest}) =>
    service(`svc${index}`, {
      ...rest,
      vips: [`/10.96.0.${vip}`],
      ports: {'80': port, ...(takesTunnels ? {'15008': 15_008} : {})},
      ...(block ? {cidrVips: [{network: '', cidr: '203.0.113.0/24'}]} : {}),
      ...(mode === undefined ? {} : {loadBalancer: {mode, routingPreferences: ['Network', 'Region']}}),
      ...(waypoint === undefined ? {} : {waypoint: gateway(waypoint)}),
      ...(weighted === undefined ? {} : {weightedWaypoints: [{destination: gateway('/10.0.0.1'), weight: weighted}]}),
      endpoints: Object.fromEntries(endpoints.map((one) => [`pod${one.index}`, one.named ? {'80': 9000} : {}])),
    }),
  ),
)

/** Every minor release from 1.18 to the newest. */
export const RELEASES = Array.from({length: 14}, (_, index) => 18 + index)

/** In some all pods are on another network, so that none of them is near. */
export const mesh: fc.Arbitrary<World> = fc
  .record({workloads: pods, services, afar: fc.constantFrom(false, false, true)})
  .map(({workloads, services: all, afar}) => ({workloads: afar ? workloads.map(onOtherNetwork) : workloads, services: all}))

function onOtherNetwork(one: Fields): Fields {
  return {...one, network: 'far', networkGateway: gateway('/10.0.0.1')}
}

export const target: fc.Arbitrary<SocketAddress> = fc.constantFrom(
  ...['10.96.0.1', '10.96.0.2', '10.0.0.1', '10.0.0.3', '203.0.113.7', '192.0.2.1'].map((ip) => ({ip, port: 80})),
  {ip: '127.0.0.1', port: 15_001},
)

const CLIENT = workload('client', {
  workloadIps: [CLIENT_IP],
  protocol: 'HBONE',
  network: '',
  locality: {region: 'r1', zone: 'z1', subzone: ''},
})
const ASKED = {name: 'client', namespace: 'ns', serviceAccount: 'default', ip: CLIENT_IP}

export function withClient<P extends DumpParts>(parts: P): P & Pick<World, 'workloads'> {
  return {...parts, workloads: [...(parts.workloads ?? []), CLIENT]}
}

export function configFor(parts: DumpParts): ZtunnelConfig {
  return configOf(withClient(parts))
}

export interface Asked {
  readonly target: SocketAddress
  /** The release that decides; else the one the dump is of. */
  readonly minor?: number
  /** Rules of another release. */
  readonly semantics?: Partial<Semantics>
}

/** What the client gets for a connection. */
export function answerOf(config: ZtunnelConfig, {target: dialled, minor, semantics}: Asked): OutboundAnswer {
  const state = createState(minor === undefined ? config : {...config, version: {minor, from: 'override'}})
  return outbound({...state, semantics: {...state.semantics, ...semantics}}, {source: ASKED, target: dialled})
}

/** Every outcome with its share, its conditions and the decisions that led to it; not where they were read. */
export function comparable({histories}: OutboundAnswer): string[] {
  return histories
    .flatMap(({value, requires}) =>
      value.map((branch) => JSON.stringify([requires, described(branch.value), branch.share, branch.steps.map(decision)], asText)),
    )
    .toSorted()
}

/** The outcomes alone: what releases do, whatever they say on the way. */
export function outcomesOf({histories}: OutboundAnswer): string[] {
  return histories
    .flatMap(({value, requires}) => value.map((branch) => JSON.stringify([requires, described(branch.value), branch.share], asText)))
    .toSorted()
}

function described(outcome: OutboundOutcome): unknown {
  if (outcome.kind !== 'request') return outcome
  const {nextHop, service: addressed, intended, ...rest} = outcome
  return {...rest, nextHop: nextHop?.uid, addressed: addressed?.hostname, intended: intended?.uid}
}

function decision({evidence, ...step}: Step): unknown {
  return {...step, evidence: evidence.length}
}

function asText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
