import type {Connection} from '../../../src/envoy/connection.js'
import {View} from '../../../src/json/view.js'

/** A TLS connection from 192.168.7.9:4000, physically 172.16.0.9, to 10.1.2.3:443. */
export const CONNECTION: Connection = {
  entry: {kind: 'socket', ip: '10.9.9.9', port: 15001},
  remote: {ip: '192.168.7.9', port: 4000},
  directRemote: {ip: '172.16.0.9', port: 4000},
  local: {ip: '10.1.2.3', port: 443},
  localRestored: true,
  transportProtocol: 'tls',
  serverName: 'web.shop.test',
  applicationProtocols: ['h2', 'http/1.1'],
  metadata: new Map(),
  filterState: new Map(),
  payload: {kind: 'opaque'},
}

/** No filter restored an address: source and destination are internal addresses. */
export const INTERNAL: Connection = {
  entry: {kind: 'internal', listener: 'inner'},
  localRestored: false,
  transportProtocol: 'raw_buffer',
  applicationProtocols: [],
  metadata: new Map(),
  filterState: new Map(),
  payload: {kind: 'opaque'},
}

/** `10.0.0.0/8` as a CidrRange. */
export function range(text: string): object {
  const [address_prefix, length] = text.split('/')
  return {address_prefix, prefix_len: Number(length)}
}

/** Chains by name, each with its filter_chain_match. */
export function chainsOf(matches: Readonly<Record<string, object>>): View[] {
  return Object.entries(matches).map(([name, match], index) => new View({name, filter_chain_match: match}, `/filter_chains/${index}`))
}
