import type {SocketAddress} from '../flow/address.js'
import type {Place} from '../flow/forwarder.js'
import {oneOf} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import type {Destination} from './destination-names.js'
import type {Workload} from './directory.js'
import {createClient} from './ends.js'
import {ANY_ADDRESS, type PreparedFlow} from './flow.js'
import {translateService} from './kube-proxy.js'
import type {Source} from './source-names.js'
import type {Station, Visit} from './station.js'
import type {Topology} from './topology.js'
import {departExit, stopExit} from './forwardings.js'

export interface StartParts extends PreparedFlow {
  readonly source: Source
  readonly destination: Destination
  readonly topology: Topology
  /** How the name of the destination was resolved, where the mesh did it. */
  readonly lookup?: readonly Step[]
}

/** Where a trace begins: the process that connects, in its surroundings. */
export function startOf(parts: StartParts): Visit {
  const {flow, payload} = parts
  const station = clientStation(parts)
  return {station, arrival: {entry: {kind: 'socket', ...flow.connection.destination}, source: flow.connection.source, payload}}
}

function clientStation(parts: StartParts): Station {
  const {source, flow, topology} = parts
  switch (source.kind) {
    case 'workload':
      return podClient(parts, source.workload)
    case 'node': {
      const {
        name,
        ips: [ip = ANY_ADDRESS],
      } = source.node
      return topology.nodeClient({name, ip}, dialler(parts, {kind: 'app', name: `node ${name}`, node: name}))
    }
    default:
      return topology.outsideClient(flow.source.ip, outsideDialler(parts))
  }
}

function podClient(parts: StartParts, workload: Workload): Station {
  const {flow, topology} = parts
  const forwarder = dialler(parts, topology.appPlace(workload))
  switch (flow.clientKind) {
    case 'sidecar':
      return topology.sidecarClient(workload, forwarder)
    case 'outside':
      return topology.outsideClient(flow.source.ip, outsideDialler(parts))
    default:
      return topology.client(workload, forwarder)
  }
}

function dialler({destination, payload, lookup = []}: StartParts, place: Place): ReturnType<typeof createClient> {
  return createClient({place, payload, addresses: destination.addresses, steps: [...lookup, ...headlessSteps(destination)]})
}

/** A headless name gives the client the pods' own addresses: no virtual address is dialled, so no service rule applies. */
function headlessSteps({service, addresses}: Destination): readonly Step[] {
  if (service?.headless !== true) return []
  const effect = `headless: the name resolves to ${addresses.length} pod ${addresses.length === 1 ? 'address' : 'addresses'}, the client takes one`
  return [{kind: 'service-lookup', name: service.host, effect, because: addresses.map(({ip}) => ip), evidence: [service.evidence]}]
}

/** From outside a virtual address is not reachable: a load balancer or node port leads to a node, whose kube-proxy picks the endpoint. */
function outsideDialler(parts: StartParts): ReturnType<typeof createClient> {
  const {destination, payload, flow} = parts
  const place: Place = {kind: 'outside', name: flow.source.name}
  const {service} = destination
  if (service === undefined || service.headless) return createClient({place, payload, addresses: destination.addresses, steps: []})
  const translation = translateService(service, flow.connection.destination)
  return {
    place,
    forward: () => {
      if (translation.kind === 'end') return {steps: [translation.step], exits: [stopExit(translation)]}
      const targets = translation.kind === 'endpoints' ? translation.targets : []
      return {steps: [], exits: targets.map(({to, step}) => dial(to, {step, payload, count: targets.length}))}
    },
  }
}

function dial(
  to: SocketAddress,
  {
    step,
    payload,
    count,
  }: {
    readonly step: Step
    readonly payload: StartParts['payload']
    readonly count: number
  },
): ReturnType<typeof departExit> {
  return departExit({to: {kind: 'socket', ...to}, source: {kind: 'own'}, payload}, {share: oneOf(count), steps: [step]})
}
