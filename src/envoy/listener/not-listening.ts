import {formatSocket, type SocketAddress} from '../../flow/address.js'
import type {Rejected} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {EnvoyConfig, ListenerResource, RejectedListener} from '../config/model.js'

/** What a dump has in place of a listener that takes a connection. */
export interface NotListening {
  /** Why the listeners of this port do not take it, each as one phrase; empty when there is none. */
  readonly near: readonly string[]
  /** The other listeners, with where they are. */
  readonly others: readonly Rejected[]
}

const MAX_OTHERS = 10

/** Why nobody takes a connection to an address. Source: envoy-2022 D1 (warming, draining, bind_to_port), D8 (error_state). */
export function whyNotListening(config: EnvoyConfig, address: SocketAddress): NotListening {
  const listeners = config.listeners().map((listener) => ({listener, sockets: socketsOf(listener.view)}))
  const isNear = (sockets: readonly View[]): boolean => sockets.some((socket) => socket.num('port_value') === address.port)
  const near = listeners.filter(({sockets}) => isNear(sockets)).map(({listener, sockets}) => obstacle(listener, sockets))
  const rejected = config.rejectedListeners().filter(({view}) => isNear(socketsOf(view)))
  const others = listeners
    .filter(({sockets}) => sockets.length > 0 && !isNear(sockets))
    .map(({listener, sockets}) => ({candidate: nameOf(listener.name), because: `is on ${sockets.map(socketText).join(', ')}`}))
  return {near: [...near, ...rejected.map(rejectionOf)], others: capped(others)}
}

/** The same for an internal listener, which is known by its name. */
export function whyNoInternalListener(config: EnvoyConfig, name: string): string {
  if (config.listener(name)?.state === 'warming') return 'is only warming'
  const rejected = config.rejectedListeners().find((listener) => listener.name === name)
  return rejected === undefined ? 'does not exist' : `does not exist: its update was rejected: ${rejected.details}`
}

function obstacle({name, state, view}: ListenerResource, sockets: readonly View[]): string {
  const listener = `listener ${nameOf(name)}`
  if (state === 'warming') return `${listener} is only warming: it serves once all it refers to has arrived`
  if (state === 'draining') return `${listener} is draining: it takes no new connections`
  if (sockets.every(isUdp)) return `${listener} takes UDP, not TCP`
  if (view.bool('bind_to_port') === false) return `${listener} does not bind its port: connections reach it by hand-off only`
  return `${listener} is on ${sockets.map(socketText).join(', ')}`
}

function rejectionOf({name, details}: RejectedListener): string {
  return `the update that would add listener ${nameOf(name)} was rejected: ${details}`
}

function socketsOf(view: View): readonly View[] {
  return [view.get('address'), ...view.list('additional_addresses').map((extra) => extra.get('address'))].flatMap(
    (address) => address?.get('socket_address') ?? [],
  )
}

function isUdp(socket: View): boolean {
  return socket.str('protocol') === 'UDP'
}

function socketText(socket: View): string {
  const text = formatSocket({ip: socket.str('address') ?? '', port: socket.num('port_value') ?? 0})
  return isUdp(socket) ? `${text} (UDP)` : text
}

function nameOf(name: string): string {
  return name === '' ? '(unnamed)' : name
}

function capped(others: readonly Rejected[]): readonly Rejected[] {
  const left = others.length - MAX_OTHERS
  return left <= 0 ? others : [...others.slice(0, MAX_OTHERS), {candidate: `+${left} more`, because: 'on other ports'}]
}
