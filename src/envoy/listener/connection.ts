import type {SocketAddress} from '../../flow/address.js'
import type {Arrival} from '../../flow/connection.js'
import type {Connection} from '../connection.js'

/** The accepted connection before any listener filter ran. */
export function acceptedConnection(arrival: Arrival): Connection {
  const {entry, source, internal} = arrival
  return {
    entry,
    ...(source === undefined ? {} : {remote: source, directRemote: source}),
    ...(entry.kind === 'socket' ? {local: {ip: entry.ip, port: entry.port}} : {}),
    localRestored: false,
    transportProtocol: 'raw_buffer',
    applicationProtocols: [],
    metadata: internal?.metadata ?? new Map(),
    filterState: internal?.filterState ?? new Map(),
    payload: arrival.payload,
  }
}

export function withLocal(connection: Connection, local: SocketAddress): Connection {
  return {...connection, local, localRestored: true}
}
