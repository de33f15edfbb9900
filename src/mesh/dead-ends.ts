import {formatSocket} from '../flow/address.js'
import type {Departure} from '../flow/connection.js'
import type {Forwarder, Place} from '../flow/forwarder.js'
import type {Missing} from '../flow/verdict.js'
import {COLLECT_INVENTORY, COLLECT_ZTUNNEL} from './collect.js'
import {fullName, type Workload} from './directory.js'
import {createDeadEnd, createUnknown} from './ends.js'
import {arrivalOf, type Packet} from './packet.js'
import type {Station, Visit} from './station.js'

/** A station that nothing leaves. */
export function deadEnd(key: string, forwarder: Forwarder): Station {
  return {
    key,
    forwarder,
    next: (departure) => ({station: deadEnd(key, forwarder), arrival: {entry: departure.to, payload: departure.payload}}),
  }
}

/** A place where nothing more is known. */
export function unknownVisit(place: Place, {departure, missing}: {readonly departure: Departure; readonly missing: Missing}): Visit {
  return {
    station: deadEnd(`unknown ${place.kind} ${place.name}`, createUnknown(place, missing)),
    arrival: {entry: departure.to, payload: departure.payload},
  }
}

/** ambient-ga 0: what another cluster does with a tunnel, only its own snapshot tells. */
export function beyondSnapshot(packet: Packet): Visit {
  const place: Place = {kind: 'gateway', name: packet.to.ip}
  const what = `what the network gateway at ${formatSocket(packet.to)} does: no snapshot of its cluster was given`
  const missing = {what, collect: 'give a snapshot of each cluster: --snapshot NAME=PATH --snapshot NAME=PATH'}
  return {station: deadEnd(`unknown gateway ${packet.to.ip}`, createUnknown(place, missing)), arrival: arrivalOf(packet)}
}

/** A pod known from the endpoints in some dump only: its node, and so its capture, is not. */
export function homeless(place: Place, {packet, ip}: {readonly packet: Packet; readonly ip: string}): Visit {
  const missing = {what: `which node runs ${ip}, and the dump of that node's ztunnel`, collect: COLLECT_INVENTORY}
  return unknownVisit({...place, kind: 'app'}, {departure: packet.departure, missing})
}

/** Why the decisions of a proxy pod are not known. */
function missingDump(workload: Workload): Missing {
  const className = workload.labels.get(CLASS_LABEL)
  if (className !== undefined && isForeign(workload)) {
    return {
      what: `decisions of ${workload.role} ${fullName(workload)}: its class ${className} is not built on Envoy, and its configuration cannot be read`,
    }
  }
  const kind = className === undefined ? workload.role : `${workload.role} (class ${className})`
  return {what: `config dump of ${kind} ${fullName(workload)}`, collect: `ambientctl dump ${fullName(workload)}`}
}

const CLASS_LABEL = 'gateway.networking.k8s.io/gateway-class-name'

/** ambient-ga G.31: agentgateway prints no Envoy configuration. */
function isForeign({labels}: Workload): boolean {
  return labels.get(CLASS_LABEL)?.includes('agentgateway') === true
}

export function ztunnelPlace(node: string): Place {
  return {kind: 'ztunnel', name: `ztunnel of ${node}`, node}
}

export function missingZtunnel(node: string): Missing {
  return {what: `the ztunnel of node ${node} and its config dump`, collect: COLLECT_ZTUNNEL}
}

/** A proxy pod by its dump; without one, or of another make, a place where nothing more is known. */
export function createProxy(
  place: Place,
  {workload, forwarder}: {readonly workload: Workload; readonly forwarder: Forwarder | undefined},
): Forwarder {
  return forwarder === undefined || isForeign(workload) ? createAbsent(place, workload) : forwarder
}

/** A pod that does not run has no proxy to ask; of one that runs the dump is missing. */
function createAbsent(place: Place, workload: Workload): Forwarder {
  if (workload.ready) return createUnknown(place, missingDump(workload))
  const reason = `pod ${fullName(workload)} does not run, so nothing listens there`
  return createDeadEnd(place, {verdict: {kind: 'no-listener', reason}, answer: {kind: 'closed', accepted: false}})
}
