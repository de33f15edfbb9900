import {formatSocket} from '../flow/address.js'
import type {Departure, Ingress} from '../flow/connection.js'
import type {Forwarder, Place} from '../flow/forwarder.js'
import {createBalancer, createBorder} from './between-clusters.js'
import {createNode, enrolmentIn} from './create-node.js'
import {beyondSnapshot, createProxy, deadEnd, homeless, missingZtunnel, unknownVisit, ztunnelPlace} from './dead-ends.js'
import {fullName, type MeshService, type Workload} from './directory.js'
import {createApplication, createUnknown, isTunnel} from './ends.js'
import {isSocketOfZtunnel, mayBeDns, rulesOnOwnPackets, type OwnPacket} from './inside-pod.js'
import {isLoopback} from './ip.js'
import type {Listening} from './listening.js'
import {outsideVisit} from './outside-visit.js'
import {arrivalOf, internalArrival, packetFrom, type Packet} from './packet.js'
import {checkPeer} from './peer-check.js'
import {placeOf} from './place-of.js'
import type {Station, Visit} from './station.js'
import {nameOf, type World} from './world.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'

/**
 * Who owns an address and how traffic gets there: turns what leaves one place into the arrival at the next.
 * Source: envoy-2022 0 (8), C; ambient-ga 0, E.
 */
export class Topology {
  readonly #world: World
  readonly #all: () => readonly Topology[]
  readonly #nodes = new Map<string, Station>()

  /** `all` are the topologies of the clusters of the mesh, this one among them. */
  constructor(world: World, all: () => readonly Topology[] = () => []) {
    this.#world = world
    this.#all = all
  }

  /** A process in a pod connects: its node decides, unless a sidecar does. */
  client(workload: Workload, forwarder: Forwarder): Station {
    const [ip = '0.0.0.0'] = workload.ips
    return {
      key: this.#key(`client ${fullName(workload)}`),
      forwarder,
      next: (departure) => this.#fromPod(workload, packetFrom(ip, departure)),
    }
  }

  /** A pod whose sidecar takes everything its processes send (port 15001 of the pod). */
  sidecarClient(workload: Workload, forwarder: Forwarder): Station {
    const [ip = '0.0.0.0'] = workload.ips
    return {
      key: this.#key(`client ${fullName(workload)}`),
      forwarder,
      next: (departure) => {
        const packet = packetFrom(ip, departure)
        const entry = {ip, port: ZTUNNEL_PORTS.outbound}
        return {
          station: this.proxy(workload),
          arrival: {...arrivalOf(packet), entry: {kind: 'socket', ...entry}, originalDestination: packet.to},
        }
      },
    }
  }

  /** A process of a node connects. */
  nodeClient(node: {readonly name: string; readonly ip: string}, forwarder: Forwarder): Station {
    return {
      key: this.#key(`client node ${node.name}`),
      forwarder,
      next: (departure) => this.#across(node.name, {...packetFrom(node.ip, departure), ingress: 'host'}),
    }
  }

  /** Something outside the cluster connects. */
  outsideClient(ip: string, forwarder: Forwarder): Station {
    return {key: this.#key(`client outside ${ip}`), forwarder, next: (departure) => this.#fromNetwork(packetFrom(ip, departure))}
  }

  /** A proxy pod, by its dump; without one a place where nothing more is known. */
  proxy(workload: Workload): Station {
    const place = placeOf(workload, this.#world.cluster)
    const station: Station = {
      key: this.#key(`proxy ${fullName(workload)}`),
      forwarder: createProxy(place, {workload, forwarder: this.#world.forwarderOf(workload)}),
      next: (departure) => this.#fromProxy({workload, station}, departure),
    }
    return station
  }

  /** The place of a process in a pod. */
  appPlace(workload: Workload): Place {
    return {...placeOf(workload, this.#world.cluster), kind: 'app'}
  }

  #key(text: string): string {
    return this.#world.cluster === undefined ? text : `${this.#world.cluster} ${text}`
  }

  #fromProxy({workload, station}: {readonly workload: Workload; readonly station: Station}, departure: Departure): Visit {
    const {to} = departure
    if (to.kind === 'internal') return {station, arrival: internalArrival(departure)}
    if (to.kind === 'pipe') {
      return unknownVisit({kind: 'outside', name: to.path}, {departure, missing: {what: `who listens on the unix socket ${to.path}`}})
    }
    const [ip = '0.0.0.0'] = workload.ips
    const packet = packetFrom(ip, departure)
    const isOwn = isLoopback(to.ip) || workload.ips.includes(to.ip)
    if (workload.role === 'sidecar' && isOwn && !SIDECAR_PORTS.has(to.port)) {
      return {station: this.#application(workload), arrival: arrivalOf(packet)}
    }
    if (isOwn) return this.#intoOwnPod({workload, station}, packet)
    return this.#fromPod(workload, packet)
  }

  /** Back into the proxy, if it listens there; other processes of its pod, the Istio agent above all, are in no dump. */
  #intoOwnPod({workload, station}: {readonly workload: Workload; readonly station: Station}, packet: Packet): Visit {
    const arrival = arrivalOf(packet)
    const {exits} = station.forwarder.forward(arrival)
    if (!exits.some((exit) => exit.kind === 'stop' && exit.verdict.kind === 'no-listener')) return {station, arrival}
    const missing = {what: `what listens on ${formatSocket(packet.to)} in pod ${fullName(workload)} beside the proxy`}
    return unknownVisit(this.appPlace(workload), {departure: packet.departure, missing})
  }

  #fromPod(workload: Workload, packet: Packet): Visit {
    if (isLoopback(packet.to.ip) || workload.ips.includes(packet.to.ip)) return this.#toItself({pod: workload, packet, ingress: 'workload'})
    if (workload.node === undefined) return this.#fromNetwork(packet)
    return this.#across(workload.node, {...packet, ingress: ingressOf(workload)})
  }

  #across(node: string, packet: Packet & {readonly ingress: Ingress}): Visit {
    return {station: this.#node(node), arrival: {...arrivalOf(packet), ingress: packet.ingress}}
  }

  #node(name: string): Station {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const forwarder = createNode(this.#world, name)
    const station: Station = {key: this.#key(`node ${name}`), forwarder, next: (departure) => this.#fromNode(name, departure)}
    this.#nodes.set(name, station)
    return station
  }

  #fromNode(node: string, departure: Departure): Visit {
    const packet = packetFrom('0.0.0.0', departure)
    const owner = this.#world.directory.podAt(packet.to.ip)
    if (departure.originalDestination !== undefined) return this.#intoZtunnel({node, pod: owner}, packet)
    return owner === undefined || owner.node === node ? this.#byAddress(packet, owner) : this.#fromNetwork(packet)
  }

  /** Packets that other machines route: the node that owns the target sees them next. */
  #fromNetwork(packet: Packet): Visit {
    const owner = this.#world.directory.podAt(packet.to.ip)
    return owner?.node === undefined ? this.#byAddress(packet, owner) : this.#across(owner.node, {...packet, ingress: 'network'})
  }

  #intoZtunnel({node, pod}: {readonly node: string; readonly pod: Workload | undefined}, packet: Packet): Visit {
    if (this.#isGa() && pod !== undefined) {
      const presented = this.#world.captureOf?.(pod).presents ?? pod.identity
      return checkPeer({station: this.#ztunnelIn(pod), arrival: arrivalOf(packet)}, presented)
    }
    const ztunnel = this.#world.directory.ztunnelOf(node)
    if (ztunnel !== undefined) return {station: this.proxy(ztunnel), arrival: arrivalOf(packet)}
    return unknownVisit(ztunnelPlace(node), {departure: packet.departure, missing: missingZtunnel(node)})
  }

  /** ambient-ga 0.1: the ztunnel of the node has its sockets inside the pod, so what it dials leaves the pod. */
  #ztunnelIn(pod: Workload): Station {
    const {node = ''} = pod
    const {cluster, ztunnelFor} = this.#world
    const place: Place = {...ztunnelPlace(node), ...(cluster === undefined ? {} : {cluster})}
    return {
      key: this.#key(`ztunnel in ${fullName(pod)}`),
      forwarder: ztunnelFor?.(pod) ?? createUnknown(place, missingZtunnel(node)),
      next: (departure) => this.#fromZtunnel(pod, departure),
    }
  }

  #fromZtunnel(pod: Workload, departure: Departure): Visit {
    const [ip = '0.0.0.0'] = pod.ips
    const packet = packetFrom(ip, departure)
    const isOwn = isLoopback(packet.to.ip) || pod.ips.includes(packet.to.ip)
    if (isOwn && packet.to.port === ZTUNNEL_PORTS.inbound) return this.#intoZtunnel({node: '', pod}, packet)
    if (isOwn) return this.#toItself({pod, packet, ingress: 'ztunnel'})
    return this.#across(pod.node ?? '', {...packet, ingress: 'ztunnel'})
  }

  #byAddress(packet: Packet, owner: Workload | undefined): Visit {
    const {directory, cluster} = this.#world
    if (owner !== undefined) {
      const [ip = owner.name] = owner.ips
      return this.#isHomeless(owner) ? homeless(placeOf(owner, cluster), {packet, ip}) : this.#into(owner, packet)
    }
    const node = directory.nodeAt(packet.to.ip)
    return node === undefined ? this.#unowned(packet) : this.#intoNode(node.name, packet)
  }

  #isHomeless(workload: Workload): boolean {
    return workload.node === undefined && workload.evidence.basis === 'inferred' && workload.role === 'app'
  }

  /** What stays in a pod: rules inside it may take it all the same (ambient-ga E, H.1). */
  #toItself(own: OwnPacket): Visit {
    const {pod, packet} = own
    const {directory, rulesOf} = this.#world
    const rules = this.#isGa() && pod.role === 'app' ? rulesOf?.(pod.node ?? '') : undefined
    const forwarder = rulesOnOwnPackets(own, {directory, rules})
    if (forwarder === undefined) {
      const isOpen = this.#isCaptured(pod) && enrolmentIn(this.#world, pod).capturesDns !== false && mayBeDns(own, rules)
      return isOpen ? this.#across(pod.node ?? '', {...packet, ingress: own.ingress}) : this.#into(pod, packet)
    }
    const station: Station = {
      key: this.#key(`rules in ${fullName(pod)} for ${own.ingress}`),
      forwarder,
      next: (departure) => {
        const taken = packetFrom(packet.source.ip, departure)
        return departure.originalDestination === undefined ? this.#into(pod, taken) : this.#intoZtunnel({node: '', pod}, taken)
      },
    }
    return {station, arrival: arrivalOf(packet)}
  }

  #isGa(): boolean {
    return this.#world.generation === 'ga'
  }

  /** A pod takes the connection: its proxy if it is one or has one, else the application. */
  #into(workload: Workload, packet: Packet): Visit {
    const isZtunnels = workload.role === 'app' && this.#holdsZtunnelAt(workload, packet)
    if (isZtunnels) return this.#intoZtunnel({node: '', pod: workload}, dialled(packet))
    if (workload.role === 'app') return {station: this.#application(workload), arrival: arrivalOf(packet)}
    const arrival = arrivalOf(packet)
    if (workload.role !== 'sidecar' || SIDECAR_OPEN_PORTS.has(packet.to.port)) {
      return checkPeer({station: this.proxy(workload), arrival}, workload.identity)
    }
    const entry = {kind: 'socket' as const, ip: packet.to.ip, port: ZTUNNEL_PORTS.inboundPlaintext}
    return {station: this.proxy(workload), arrival: {...arrival, entry, originalDestination: packet.to}}
  }

  /** Whoever gets to a captured pod past its rules finds ztunnel's sockets there. */
  #holdsZtunnelAt(pod: Workload, {to}: Packet): boolean {
    return isSocketOfZtunnel(to.port) && this.#isCaptured(pod)
  }

  #isCaptured(pod: Workload): boolean {
    return this.#isGa() && enrolmentIn(this.#world, pod).captured === 'yes'
  }

  #application(workload: Workload): Station {
    const listensAt = this.#world.listensAt ?? this.#recordedListeners(workload)
    const application = {place: this.appPlace(workload), workload, ...(listensAt === undefined ? {} : {listensAt})}
    return deadEnd(this.#key(`app ${fullName(workload)}`), createApplication(application))
  }

  #recordedListeners({node, name, namespace}: Workload): Listening | undefined {
    return node === undefined ? undefined : this.#world.rulesOf?.(node)?.pod(`${namespace}/${name}`)?.listensAt
  }

  /** Pods on the host network and the node's own processes share its address; the declared port tells who listens. */
  #intoNode(node: string, packet: Packet): Visit {
    const onHost = this.#world.directory.workloadsAt(packet.to.ip).filter(({hostNetwork}) => hostNetwork)
    const listener = onHost.find(({containerPorts}) => containerPorts?.some(({port}) => port === packet.to.port) === true)
    if (listener !== undefined) return this.#into(listener, packet)
    const place: Place = {kind: 'app', name: `node ${node}`, node}
    return {station: deadEnd(this.#key(`app node ${node}`), createApplication({place})), arrival: arrivalOf(packet)}
  }

  /** An address that no pod, node or service of this cluster has. */
  #unowned(packet: Packet): Visit {
    const entered = [this, ...this.#all().filter((other) => other !== this)].flatMap((one) => one.#entrance(packet, this) ?? [])[0]
    if (entered !== undefined) return entered
    if (this.#isGa() && isTunnel(packet.departure.payload)) return beyondSnapshot(packet)
    return outsideVisit(this.#world, packet)
  }

  /** How packets from another cluster, or from outside, get in: by a load balancer, or by routing to the pod itself. */
  #entrance(packet: Packet, from: Topology): Visit | undefined {
    const {directory} = this.#world
    const {to} = packet
    const service = directory.externalServiceAt(to.ip)
    if (service !== undefined) return this.#gate(packet, createBalancer({place: this.#balancerPlace(service), service, to}))
    if (from === this || directory.podAt(to.ip) === undefined) return undefined
    const place: Place = {kind: 'node', name: `network between ${nameOf(from.#world)} and ${nameOf(this.#world)}`}
    const isShared = from.#world.network !== undefined && from.#world.network === this.#world.network
    const condition = {what: `${to.ip} of cluster ${nameOf(this.#world)} is routed from cluster ${nameOf(from.#world)}`}
    return this.#gate(packet, createBorder({place, to, ...(isShared ? {} : {condition})}))
  }

  #balancerPlace({namespace, name}: MeshService): Place {
    const {cluster} = this.#world
    return {kind: 'node', name: `load balancer ${namespace}/${name}`, ...(cluster === undefined ? {} : {cluster})}
  }

  #gate(packet: Packet, forwarder: Forwarder): Visit {
    const key = this.#key(`entrance ${packet.to.ip} ${forwarder.place.name}`)
    return {station: {key, forwarder, next: (departure) => this.#fromNetwork(packetFrom('0.0.0.0', departure))}, arrival: arrivalOf(packet)}
  }
}

/** Topologies of the clusters of one mesh: what one cluster does not know, another may own. */
export function connectClusters(worlds: readonly World[]): readonly Topology[] {
  const all: readonly Topology[] = worlds.map((world) => new Topology(world, () => all))
  return all
}

/** As ztunnel sees it: the address that was dialled is the original one. */
function dialled({to, source, departure}: Packet): Packet {
  return {to, source, departure: {...departure, originalDestination: departure.originalDestination ?? to}}
}

/** Ports that the sidecar's own rules leave alone: HBONE, and its status and metrics ports. */
const SIDECAR_OPEN_PORTS: ReadonlySet<number> = new Set([ZTUNNEL_PORTS.inbound, 15_020, 15_021, 15_090])

/** Ports at which nobody but the sidecar and its agent listens: those, its admin port, its debug port, and where it takes the pod's traffic. */
const SIDECAR_PORTS: ReadonlySet<number> = new Set([
  ...SIDECAR_OPEN_PORTS,
  15_000,
  15_004,
  ZTUNNEL_PORTS.outbound,
  ZTUNNEL_PORTS.inboundPlaintext,
])

function ingressOf(workload: Workload): Ingress {
  if (workload.hostNetwork) return 'host'
  return workload.role === 'ztunnel' ? 'ztunnel' : 'workload'
}
