import type {SocketAddress} from '../flow/address.js'
import type {Arrival, Departure} from '../flow/connection.js'

/** What packets carry from one place to the next. */
export interface Packet {
  readonly to: SocketAddress
  readonly source: SocketAddress
  readonly departure: Departure
}

/** `own` is the address of the sender, unless the departure keeps another one. Port 0: any ephemeral port. */
export function packetFrom(own: string, departure: Departure): Packet {
  const source = departure.source.kind === 'kept' ? departure.source.address : {ip: own, port: 0}
  return {to: socketOf(departure), source, departure}
}

function socketOf(departure: Departure): SocketAddress {
  return departure.to.kind === 'socket' ? {ip: departure.to.ip, port: departure.to.port} : {ip: '0.0.0.0', port: 0}
}

/** The same packets where they arrive. */
export function arrivalOf({to, source, departure}: Packet): Arrival {
  const {originalDestination, payload} = departure
  return {entry: {kind: 'socket', ...to}, source, payload, ...(originalDestination === undefined ? {} : {originalDestination})}
}

/** What stays inside one proxy. */
export function internalArrival(departure: Departure): Arrival {
  return {entry: departure.to, payload: departure.payload, ...(departure.internal === undefined ? {} : {internal: departure.internal})}
}
