import {bridgeTranslated, crossBridge, handedUp, staysOnBridge} from './bridge.js'
import {passHook, startPass, type Passing} from './pass.js'
import {namespaceOf, type Arriving, type Run} from './run.js'
import {arrivalRoute, take} from './take-packet.js'
import type {Transit} from './transit.js'

/** A packet comes in: PREROUTING, route, then INPUT and its socket, or FORWARD and the next device. Source: envoy-2022 C.4. */
export function receivePacket(run: Run, arriving: Arriving): void {
  if (arriving.bridge === undefined) receive(run, arriving)
  else crossBridge(run, {...arriving, bridge: arriving.bridge})
}

function receive(run: Run, arriving: Arriving): void {
  const namespace = namespaceOf(run, arriving.namespace)
  if (namespace === undefined || strayedFromLoopback(arriving)) return
  const {packet, mark, device} = arriving
  const passing = startPass(run, {namespace, packet, start: {hook: 'PREROUTING', device, mark}})
  const verdict = passHook(passing, {hook: 'PREROUTING', transit: firstTransit(arriving)})
  if (verdict.kind === 'accept') goOn(passing, {arriving, transit: verdict.transit})
}

/** What DNAT sends elsewhere has lost the route it came with. */
function goOn(passing: Passing, {arriving, transit}: {readonly arriving: Arriving; readonly transit: Transit}): void {
  const {namespace, pass} = passing
  const {packet, device, port, looped} = arriving
  const isTranslated = transit.packet.destination.ip !== packet.destination.ip
  const kept = isTranslated ? undefined : looped
  if (kept?.discarded === true) {
    pass.ended = `tunnel ${device} leads back into ${namespace.name}`
    return
  }
  const route = kept?.route ?? arrivalRoute(namespace, transit)
  const isBridged = isTranslated && staysOnBridge(namespace, {packet, route, device})
  if (port !== undefined && isBridged) bridgeTranslated(passing, {transit, route, port})
  else take(passing, {transit: port === undefined ? transit : handedUp(namespace, transit), route})
}

function firstTransit({packet, mark, device, looped}: Arriving): Transit {
  return {packet, mark, inDevice: device, ownSocket: false, ...(looped?.tracked === undefined ? {} : {tracked: looped.tracked})}
}

/** IPv6 takes loopback addresses from the loopback alone, before any rule (ipv6_rcv). */
function strayedFromLoopback({packet: {source, destination}, device}: Arriving): boolean {
  return device !== 'lo' && [source.ip, destination.ip].includes('::1')
}
