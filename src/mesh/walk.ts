import {formatAddress, formatSocket, type Address, type SocketAddress} from '../flow/address.js'
import type {Arrival, Departure} from '../flow/connection.js'
import type {Forwarder, Place} from '../flow/forwarder.js'
import {WHOLE} from '../flow/share.js'
import type {Directory} from './directory.js'
import {fullName} from './directory.js'
import type {Station, Visit} from './station.js'
import {placeOf} from './place-of.js'

/** Who is behind the addresses that are dialled. */
interface Surroundings {
  readonly directory: Directory
  /** Asked for addresses that the directory does not know: what the proxy itself knows. */
  readonly owner?: (address: SocketAddress) => Place | undefined
}

/** One proxy alone: its internal listeners are followed, and whatever leaves it counts as handed on. */
export function startInside(forwarder: Forwarder, {arrival, ...known}: Surroundings & {readonly arrival: Arrival}): Visit {
  const station: Station = {
    key: 'proxy',
    forwarder,
    next: (departure) => (departure.to.kind === 'internal' ? inside(station, departure) : handedOn(known, departure)),
  }
  return {station, arrival}
}

function inside(station: Station, departure: Departure): Visit {
  const {to, payload, internal} = departure
  return {station, arrival: {entry: to, payload, ...(internal === undefined ? {} : {internal})}}
}

function handedOn(known: Surroundings, departure: Departure): Visit {
  const {to, payload, source} = departure
  const next: Place = ownerOf(known, to)
  const arrival: Arrival = {entry: to, payload, ...(source.kind === 'kept' ? {source: source.address} : {})}
  const station: Station = {key: `next ${formatAddress(to)}`, forwarder: createReceiver(next, to), next: () => ({station, arrival})}
  return {station, arrival}
}

function createReceiver(place: Place, to: Address): Forwarder {
  const address = to.kind === 'socket' ? {ip: to.ip, port: to.port} : undefined
  const name = place.namespace === undefined ? place.name : fullName({namespace: place.namespace, name: place.name})
  return {
    place,
    forward: () => ({
      steps: [{kind: 'deliver', to: name, because: [], evidence: [], ...(address === undefined ? {} : {address})}],
      exits: [
        {
          kind: 'deliver',
          share: WHOLE,
          requires: [],
          steps: [],
          to: {name: place.name, namespace: place.namespace ?? '', ip: address?.ip ?? ''},
        },
      ],
    }),
  }
}

/** Who is dialled, as far as the snapshot tells. */
function ownerOf({directory, owner}: Surroundings, to: Address): Place {
  if (to.kind !== 'socket') return {kind: 'outside', name: formatAddress(to)}
  const workload = directory.podAt(to.ip)
  if (workload !== undefined) return placeOf(workload)
  return owner?.({ip: to.ip, port: to.port}) ?? {kind: 'outside', name: formatSocket(to)}
}
