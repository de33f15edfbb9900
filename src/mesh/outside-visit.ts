import type {Place} from '../flow/forwarder.js'
import type {Missing} from '../flow/verdict.js'
import {COLLECT_INVENTORY} from './collect.js'
import {deadEnd, unknownVisit} from './dead-ends.js'
import {createDeadEnd, createOutside} from './ends.js'
import {isInside, isPublic} from './ip.js'
import {arrivalOf, type Packet} from './packet.js'
import type {Visit} from './station.js'
import type {World} from './world.js'

/** An address that nobody in the mesh has: unused, outside, or of a pod that the data does not list. */
export function outsideVisit({directory, listensAt}: Pick<World, 'directory' | 'listensAt'>, packet: Packet): Visit {
  const {ip} = packet.to
  const place: Place = {kind: 'outside', name: ip}
  if (directory.nodes.some(({podCIDRs}) => podCIDRs.some((cidr) => isInside(ip, cidr))) && directory.complete) {
    const forwarder = createDeadEnd(place, {verdict: {kind: 'dropped', reason: `no pod has the address ${ip}`}})
    return {station: deadEnd(`nobody ${ip}`, forwarder), arrival: arrivalOf(packet)}
  }
  if (directory.complete || isPublic(ip)) {
    return {station: deadEnd(`outside ${ip}`, createOutside(place, listensAt)), arrival: arrivalOf(packet)}
  }
  const missing: Missing = {what: `who has the address ${ip}, and the dump of the ztunnel of its node`, collect: COLLECT_INVENTORY}
  return unknownVisit(place, {departure: packet.departure, missing})
}
