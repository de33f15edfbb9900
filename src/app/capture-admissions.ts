import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {EndpointSlice, Inventory, Service} from '../flow/inventory.js'
import type {Tri} from '../flow/tri.js'
import {canonicalIp, familyOf} from '../kernel/config/ip.js'
import {admit, type Admission as PolicyAdmission, type DirectionAdmission} from '../kernel/network-policy/admit.js'
import {pluginOn} from '../kernel/network-policy/enforcer.js'
import type {HopEnd, Policy} from '../kernel/network-policy/model.js'
import type {CapturePlace} from './capture-shelf.js'
import {doubtOf, endsOf} from './network-policies.js'

/** What policies say about one port at one end of the connection. */
export interface PortAdmission {
  readonly admitted: Tri
  readonly directions: readonly PortDirection[]
  readonly port: number
  /** The address as the network carries it: after NAT. */
  readonly destination: string
  /** `asked`: the port of the packet itself. The others are those of proxies: of tunnels, and of waypoints of 2022. */
  readonly use: 'asked' | 'hbone' | 'waypoint'
  /** What a `no` depends on, where the network plugin is not known to enforce policies. */
  readonly provided?: string
}

/** Of the policies only where they are. */
export interface PortDirection extends Omit<DirectionAdmission, 'isolatedBy' | 'admittedBy' | 'unread'> {
  readonly isolatedBy: readonly PolicyPlace[]
  readonly admittedBy: readonly PolicyPlace[]
  readonly unread: readonly PolicyPlace[]
}

/** The kind is that of a policy that is not judged here. */
export interface PolicyPlace extends Pick<Policy, 'name' | 'place' | 'pointer'> {
  readonly namespace?: string
  readonly kind?: string
}

/** Where a packet comes out of the rules of its node. */
export interface WireEnd extends SocketAddress {
  /** ztunnel takes it, and dials something instead. */
  readonly taken: boolean
}

export interface PolicyQuestion {
  readonly place: CapturePlace
  /** Absent: the address of the place. */
  readonly source: string | undefined
  readonly wires: readonly WireEnd[]
  /** Capture by the node, as in 2022. */
  readonly byNode: boolean
  readonly protocol: 'tcp' | 'udp' | 'icmp'
}

export interface PortAdmissions {
  readonly admissions: readonly PortAdmission[]
  /** Where policies judge an address that is not known here. */
  readonly unjudged?: string
}

interface Known {
  readonly policies: readonly Policy[]
  readonly inventory: Inventory
}

/** What the policies say about the asked port, and about those that capture uses. Nothing for ICMP, which policies do not name. */
export function admissionsFor({policies, inventory}: Known, question: PolicyQuestion): PortAdmissions {
  const {wires, protocol} = question
  if (protocol === 'icmp') return {admissions: []}
  const ends = wires.map((wire) => ({wire, targets: targetsOf(wire, inventory)}))
  const targets = new Map(ends.flatMap((one) => (one.targets ?? []).map((target) => [formatSocket(target), target])))
  const open = ends.find((one) => one.targets === undefined)
  const asked = {policies, question, endAt: endsOf(inventory), inventory}
  return {
    admissions: [...targets.values()].flatMap((target) => portsAt(target, asked)),
    ...(open === undefined ? {} : {unjudged: unjudgedText(open.wire)}),
  }
}

/** ambient-ga E: ztunnel takes the connection inside the pod; what it sends instead has a port of its own. */
export function decisive({admissions = []}: Partial<PortAdmissions>, wires: readonly WireEnd[]): readonly PortAdmission[] {
  return admissions.filter(
    ({use, destination, port}) => use === 'asked' && wires.some((wire) => !wire.taken && wire.ip === destination && wire.port === port),
  )
}

function unjudgedText(wire: WireEnd): string {
  const what = wire.taken ? `ztunnel dials instead of ${formatSocket(wire)}` : `becomes of ${formatSocket(wire)}`
  return `policies judge what ${what}: \`ambientctl trace\` tells`
}

/** Itself, or the backends of a service; undefined where they are not known. */
function targetsOf({ip, port, taken}: WireEnd, inventory: Inventory): readonly SocketAddress[] | undefined {
  const {pods = [], services, endpointSlices} = inventory
  const isOwn = (own: string): boolean => canonicalIp(own) === ip
  if (pods.some(({ips}) => ips.some(isOwn))) return [{ip, port}]
  const service = services?.find(({clusterIPs}) => clusterIPs.some(isOwn))
  if (service !== undefined) return backendsOf(service, {port, endpointSlices})
  // What ztunnel takes may be for a service, where services were not recorded.
  return taken && services === undefined ? undefined : [{ip, port}]
}

function backendsOf(
  {name: service, namespace, ports}: Service,
  {port, endpointSlices}: {readonly port: number; readonly endpointSlices: Inventory['endpointSlices'] | undefined},
): readonly SocketAddress[] | undefined {
  const name = ports.find((one) => one.port === port)?.name ?? ''
  const slices = endpointSlices?.filter((one) => one.service === service && one.namespace === namespace)
  return slices?.flatMap((slice) => socketsOf(slice, {name, port}))
}

function socketsOf(
  {ports, endpoints}: EndpointSlice,
  {name, port}: {readonly name: string; readonly port: number},
): readonly SocketAddress[] {
  const target = ports.find((one) => (one.name ?? '') === name)?.port ?? port
  return endpoints.flatMap(({addresses}) => addresses.map((address) => ({ip: canonicalIp(address), port: target})))
}

interface Asked extends Known {
  readonly question: PolicyQuestion
  readonly endAt: (ip: string) => HopEnd
}

const HBONE = {port: 15_008, use: 'hbone'} as const
/** envoy-2022 [I] 2022-12-21: before that day waypoints took tunnels on 15006; in GA it is never seen outside a pod. */
const WAYPOINT = {port: 15_006, use: 'waypoint'} as const

function portsAt(target: SocketAddress, asked: Asked): readonly PortAdmission[] {
  const {policies, question, endAt} = asked
  const source = question.source === undefined ? ownEnd(target.ip, asked) : endAt(question.source)
  const destination = endAt(target.ip)
  const protocol = question.protocol === 'tcp' ? 'TCP' : 'UDP'
  const proxied = [HBONE, ...(question.byNode ? [WAYPOINT] : [])].filter(({port}) => port !== target.port)
  return [{port: target.port, use: 'asked' as const}, ...(protocol === 'TCP' ? proxied : [])].map(({port, use}) => {
    const said = admit(policies, {source, destination, port, protocol})
    const {admitted, directions} = said
    return {
      destination: destination.ip,
      port,
      use,
      admitted,
      directions: directions.map(placed),
      ...providedBy(said, {source, destination}),
    }
  })
}

function placed({isolatedBy, admittedBy, unread, ...said}: DirectionAdmission): PortDirection {
  return {...said, isolatedBy: isolatedBy.map(placeOf), admittedBy: admittedBy.map(placeOf), unread: unread.map(placeOf)}
}

function placeOf({name, namespace, place, pointer, unread}: Policy): PolicyPlace {
  return {
    name,
    place,
    ...(namespace === undefined ? {} : {namespace}),
    ...(pointer === undefined ? {} : {pointer}),
    ...(unread === undefined ? {} : {kind: unread}),
  }
}

interface Ends {
  readonly source: HopEnd
  readonly destination: HopEnd
}

function providedBy({directions}: PolicyAdmission, {source, destination}: Ends): Pick<PortAdmission, 'provided'> {
  const denials = directions.filter(({admitted}) => admitted === 'no')
  const doubts = denials.flatMap((said) => doubtOf(said, said.direction === 'egress' ? source : destination)?.holds ?? [])
  const [provided] = doubts
  return provided === undefined || doubts.length < denials.length ? {} : {provided}
}

/** The place itself, with an address of the family it sends with. */
function ownEnd(other: string, {question: {place}, inventory: {pods = []}, endAt}: Asked): HopEnd {
  if (place.kind === 'node') return {ip: '', hostOf: place.name, plugin: pluginOn(pods, place.name)}
  const pod = pods.find(({namespace, name}) => `${namespace}/${name}` === place.name)
  const ip = pod?.ips.find((one) => familyOf(one) === familyOf(other)) ?? pod?.ips[0]
  return ip === undefined ? {ip: '', unknown: true} : endAt(ip)
}
