import {formatSocket} from '../flow/address.js'
import {COLLECT_INVENTORY, COLLECT_ZTUNNEL} from './collect.js'
import type {Departure, Ingress} from '../flow/connection.js'
import type {Forwarder, Place} from '../flow/forwarder.js'
import type {Missing} from '../flow/verdict.js'
import {fullName, type Directory, type Enrolment, type Workload} from './directory.js'
import {createApplication, createDeadEnd, createOutside, createUnknown} from './ends.js'
import {isInside, isLoopback, isPublic} from './ip.js'
import {createNodeCapture, ZTUNNEL_PORTS} from './node-capture.js'
import {arrivalOf, internalArrival, packetFrom, type Packet} from './packet.js'
import type {Station, Visit} from './station.js'

export interface World {
  readonly directory: Directory
  /** The engine of a proxy pod; undefined when its dump is not there. */
  readonly forwarderOf: (workload: Workload) => Forwarder | undefined
  /** What the question says about a pod's capture, against the data. */
  readonly enrolmentOverride?: ReadonlyMap<string, Enrolment>
}

/**
 * Who owns an address and how traffic gets there: turns what leaves one place into the arrival at the next.
 * Source: envoy-2022 0 (8), C.
 */
export class Topology {
  readonly #world: World
  readonly #nodes = new Map<string, Station>()

  constructor(world: World) {
    this.#world = world
  }

  /** A process in a pod connects: its node decides, unless a sidecar does. */
  client(workload: Workload, forwarder: Forwarder): Station {
    const [ip = '0.0.0.0'] = workload.ips
    return {key: `client ${fullName(workload)}`, forwarder, next: (departure) => this.#fromPod(workload, packetFrom(ip, departure))}
  }

  /** A pod whose sidecar takes everything its processes send (port 15001 of the pod). */
  sidecarClient(workload: Workload, forwarder: Forwarder): Station {
    const [ip = '0.0.0.0'] = workload.ips
    return {
      key: `client ${fullName(workload)}`,
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
      key: `client node ${node.name}`,
      forwarder,
      next: (departure) => this.#across(node.name, {...packetFrom(node.ip, departure), ingress: 'host'}),
    }
  }

  /** Something outside the cluster connects. */
  outsideClient(ip: string, forwarder: Forwarder): Station {
    return {key: `client outside ${ip}`, forwarder, next: (departure) => this.#fromNetwork(packetFrom(ip, departure))}
  }

  /** A proxy pod, by its dump; without one a place where nothing more is known. */
  proxy(workload: Workload): Station {
    const forwarder = this.#world.forwarderOf(workload) ?? createUnknown(placeOf(workload), missingDump(workload))
    const station: Station = {
      key: `proxy ${fullName(workload)}`,
      forwarder,
      next: (departure) => this.#fromProxy({workload, station}, departure),
    }
    return station
  }

  #fromProxy({workload, station}: {readonly workload: Workload; readonly station: Station}, departure: Departure): Visit {
    const {to} = departure
    if (to.kind === 'internal') return {station, arrival: internalArrival(departure)}
    if (to.kind === 'pipe') {
      return this.#unknown({kind: 'outside', name: to.path}, {departure, missing: {what: `who listens on the unix socket ${to.path}`}})
    }
    const [ip = '0.0.0.0'] = workload.ips
    const packet = packetFrom(ip, departure)
    const isOwn = isLoopback(to.ip) || workload.ips.includes(to.ip)
    if (workload.role === 'sidecar' && isOwn && !SIDECAR_OPEN_PORTS.has(to.port)) {
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
    return this.#unknown({...placeOf(workload), kind: 'app'}, {departure: packet.departure, missing})
  }

  #fromPod(workload: Workload, packet: Packet): Visit {
    if (isLoopback(packet.to.ip) || workload.ips.includes(packet.to.ip)) return this.#into(workload, packet)
    if (workload.node === undefined) return this.#fromNetwork(packet)
    return this.#across(workload.node, {...packet, ingress: ingressOf(workload)})
  }

  #across(node: string, packet: Packet & {readonly ingress: Ingress}): Visit {
    return {station: this.#node(node), arrival: {...arrivalOf(packet), ingress: packet.ingress}}
  }

  #node(name: string): Station {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const forwarder = createNodeCapture({
      node: name,
      directory: this.#world.directory,
      enrolmentOf: (workload) => this.#enrolmentOf(workload),
    })
    const station: Station = {key: `node ${name}`, forwarder, next: (departure) => this.#fromNode(name, departure)}
    this.#nodes.set(name, station)
    return station
  }

  #enrolmentOf(workload: Workload): Enrolment {
    return this.#world.enrolmentOverride?.get(fullName(workload)) ?? workload.enrolment
  }

  #fromNode(node: string, departure: Departure): Visit {
    const packet = packetFrom('0.0.0.0', departure)
    if (departure.originalDestination !== undefined) return this.#intoZtunnel(node, packet)
    const owner = this.#world.directory.podAt(packet.to.ip)
    return owner === undefined || owner.node === node ? this.#byAddress(packet, owner) : this.#fromNetwork(packet)
  }

  /** Packets that other machines route: the node that owns the target sees them next. */
  #fromNetwork(packet: Packet): Visit {
    const owner = this.#world.directory.podAt(packet.to.ip)
    return owner?.node === undefined ? this.#byAddress(packet, owner) : this.#across(owner.node, {...packet, ingress: 'network'})
  }

  #intoZtunnel(node: string, packet: Packet): Visit {
    const ztunnel = this.#world.directory.ztunnelOf(node)
    if (ztunnel !== undefined) return {station: this.proxy(ztunnel), arrival: arrivalOf(packet)}
    const missing = {what: `the ztunnel of node ${node} and its config dump`, collect: COLLECT_ZTUNNEL}
    return this.#unknown({kind: 'ztunnel', name: `ztunnel of ${node}`, node}, {departure: packet.departure, missing})
  }

  #byAddress(packet: Packet, owner: Workload | undefined): Visit {
    if (owner !== undefined) return this.#isHomeless(owner) ? this.#lost(owner, packet) : this.#into(owner, packet)
    const node = this.#world.directory.nodeAt(packet.to.ip)
    return node === undefined ? this.#unowned(packet) : this.#intoNode(node.name, packet)
  }

  /** Known from the endpoints in some dump only: its node, and so its capture, is not. */
  #isHomeless(workload: Workload): boolean {
    return workload.node === undefined && workload.evidence.basis === 'inferred' && workload.role === 'app'
  }

  #lost(workload: Workload, packet: Packet): Visit {
    const [ip = workload.name] = workload.ips
    const missing = {what: `which node runs ${ip}, and the dump of that node's ztunnel`, collect: COLLECT_INVENTORY}
    return this.#unknown({...placeOf(workload), kind: 'app'}, {departure: packet.departure, missing})
  }

  /** A pod takes the connection: its proxy if it is one or has one, else the application. */
  #into(workload: Workload, packet: Packet): Visit {
    if (workload.role === 'app') return {station: this.#application(workload), arrival: arrivalOf(packet)}
    const arrival = arrivalOf(packet)
    if (workload.role !== 'sidecar' || SIDECAR_OPEN_PORTS.has(packet.to.port)) return {station: this.proxy(workload), arrival}
    const entry = {kind: 'socket' as const, ip: packet.to.ip, port: ZTUNNEL_PORTS.inboundPlaintext}
    return {station: this.proxy(workload), arrival: {...arrival, entry, originalDestination: packet.to}}
  }

  #application(workload: Workload): Station {
    const place: Place = {...placeOf(workload), kind: 'app'}
    return deadEnd(`app ${fullName(workload)}`, createApplication({place, workload}))
  }

  /** Pods on the host network and the node's own processes share its address; the declared port tells who listens. */
  #intoNode(node: string, packet: Packet): Visit {
    const onHost = this.#world.directory.workloadsAt(packet.to.ip).filter(({hostNetwork}) => hostNetwork)
    const listener = onHost.find(({containerPorts}) => containerPorts?.some(({port}) => port === packet.to.port) === true)
    if (listener !== undefined) return this.#into(listener, packet)
    const place: Place = {kind: 'app', name: `node ${node}`, node}
    return {station: deadEnd(`app node ${node}`, createApplication({place})), arrival: arrivalOf(packet)}
  }

  /** An address that no pod, node or service has. */
  #unowned(packet: Packet): Visit {
    const {directory} = this.#world
    const {ip} = packet.to
    const place: Place = {kind: 'outside', name: ip}
    if (directory.nodes.some(({podCIDRs}) => podCIDRs.some((cidr) => isInside(ip, cidr))) && directory.complete) {
      const forwarder = createDeadEnd(place, {kind: 'dropped', reason: `no pod has the address ${ip}`})
      return {station: deadEnd(`nobody ${ip}`, forwarder), arrival: arrivalOf(packet)}
    }
    if (directory.complete || isPublic(ip)) return {station: deadEnd(`outside ${ip}`, createOutside(place)), arrival: arrivalOf(packet)}
    const missing = {what: `who has the address ${ip}, and the dump of the ztunnel of its node`, collect: COLLECT_INVENTORY}
    return this.#unknown(place, {departure: packet.departure, missing})
  }

  #unknown(place: Place, {departure, missing}: {readonly departure: Departure; readonly missing: Missing}): Visit {
    return {
      station: deadEnd(`unknown ${place.kind} ${place.name}`, createUnknown(place, missing)),
      arrival: {entry: departure.to, payload: departure.payload},
    }
  }
}

/** Ports that the sidecar's own rules leave alone: HBONE, and its status and metrics ports. */
const SIDECAR_OPEN_PORTS: ReadonlySet<number> = new Set([ZTUNNEL_PORTS.inbound, 15_020, 15_021, 15_090])

function ingressOf(workload: Workload): Ingress {
  if (workload.hostNetwork) return 'host'
  return workload.role === 'ztunnel' ? 'ztunnel' : 'workload'
}

export function placeOf(workload: Workload): Place {
  return {
    kind: workload.role,
    name: workload.name,
    namespace: workload.namespace,
    ...(workload.node === undefined ? {} : {node: workload.node}),
  }
}

function missingDump(workload: Workload): Missing {
  return {what: `config dump of ${workload.role} ${fullName(workload)}`, collect: `ambientctl dump ${fullName(workload)}`}
}

function deadEnd(key: string, forwarder: Forwarder): Station {
  return {
    key,
    forwarder,
    next: (departure) => ({station: deadEnd(key, forwarder), arrival: {entry: departure.to, payload: departure.payload}}),
  }
}
