import {isIP} from 'node:net'
import type {SocketAddress} from '../../flow/address.js'
import type {View} from '../../json/view.js'
import type {EnvoyConfig, ListenerResource} from '../config/model.js'
import {canonicalIp, isWildcard} from '../match/ip.js'

interface Bound {
  readonly listener: ListenerResource
  readonly addresses: readonly (SocketAddress & {readonly v4Compatible: boolean})[]
  readonly bindsPort: boolean
}

/** Reading every listener of a large dump is slow, and every question asks again. */
const indexes = new WeakMap<EnvoyConfig, readonly Bound[]>()

/**
 * The listener of an address: one bound to exactly ip:port, else one on the wildcard address of that family.
 * `bound` leaves out listeners with bind_to_port false, which are reachable by hand-off only. UDP listeners take no connection,
 * warming ones not yet, draining ones none that is new (stopped listeners are not returned, hand-off included).
 * Source: envoy-2022 D1; connection_handler_impl.cc getBalancedHandlerByAddress.
 */
export function findListener(config: EnvoyConfig, query: {address: SocketAddress; bound: boolean}): ListenerResource | undefined {
  const ip = canonicalIp(query.address.ip) ?? query.address.ip
  const onPort = boundListeners(config)
    .filter((entry) => entry.bindsPort || !query.bound)
    .flatMap((entry) => entry.addresses.filter((address) => address.port === query.address.port).map((address) => ({entry, address})))
  const exact = onPort.find(({address}) => address.ip === ip)
  const wildcard = onPort.find(({address}) => isWildcard(address.ip) && isIP(address.ip) === isIP(ip))
  const compatible = isIP(ip) === 4 ? onPort.find(({address}) => isWildcard(address.ip) && address.v4Compatible) : undefined
  return (exact ?? wildcard ?? compatible)?.entry.listener
}

function boundListeners(config: EnvoyConfig): readonly Bound[] {
  const known = indexes.get(config)
  if (known !== undefined) return known
  const built = config
    .listeners()
    .filter(({state}) => state !== 'warming' && state !== 'draining')
    .flatMap((listener) => boundListener(listener))
  indexes.set(config, built)
  return built
}

function boundListener(listener: ListenerResource): Bound[] {
  const {view} = listener
  const sockets = [view.get('address'), ...view.list('additional_addresses').map((extra) => extra.get('address'))].flatMap(
    (address) => address?.get('socket_address') ?? [],
  )
  const addresses = sockets.filter((socket) => socket.str('protocol') !== 'UDP').flatMap((socket) => socketOf(socket))
  return addresses.length === 0 ? [] : [{listener, addresses, bindsPort: view.bool('bind_to_port') !== false}]
}

function socketOf(socket: View): (SocketAddress & {v4Compatible: boolean})[] {
  const ip = canonicalIp(socket.str('address') ?? '')
  const port = socket.port('port_value')
  return ip === undefined || port === undefined ? [] : [{ip, port, v4Compatible: socket.bool('ipv4_compat') === true}]
}
