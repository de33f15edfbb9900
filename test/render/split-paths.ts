import {fraction, oneOf} from '../../src/flow/share.js'
import type {Trace} from '../../src/flow/trace.js'
import type {Verdict} from '../../src/flow/verdict.js'
import {captured, dialled, hbone, hop, outcome, places, SLEEP, socket, to, trace} from './trace-builders.js'

const DENIED: Verdict = {kind: 'denied', layer: 'l7', policy: 'default/viewer', reason: 'DENY rule 0 matched'}
const workload = {name: places.productpage.name, namespace: 'default', ip: '10.4.0.5'}
const server = hop({
  id: 'app',
  place: places.productpage,
  next: 'served',
  arrival: {entry: socket('10.4.0.5', 9080), payload: dialled.payload},
  steps: [{kind: 'deliver', to: places.productpage.name, address: {ip: '10.4.0.5', port: 9080}, because: [], evidence: []}],
})
const throughWaypoint = {entry: socket('10.4.3.10', 15_008), payload: hbone({authority: '10.8.4.226:9080', identity: SLEEP})}

/** Nine of ten connections are denied by the waypoint, the rest passes it by in plaintext. */
export const deniedMostly: Trace = trace({
  hops: [
    hop({id: 'start', place: places.sleep, arrival: dialled, next: 'ztunnel'}),
    hop({
      id: 'ztunnel',
      place: places.ztunnelA,
      arrival: captured,
      next: [to('waypoint', {share: fraction(9, 10)}), to('app', {share: fraction(1, 10), requires: [{what: 'server must speak h2'}]})],
    }),
    hop({id: 'waypoint', place: places.waypoint, arrival: throughWaypoint, next: 'denied'}),
    server,
  ],
  outcomes: [
    outcome({id: 'denied', place: places.waypoint, share: fraction(9, 10), verdict: DENIED, answer: {kind: 'http', status: 403}}),
    outcome({id: 'served', place: places.productpage, share: fraction(1, 10), workload}),
  ],
  verdict: DENIED,
  warnings: ['the dump of the waypoint is older than the others'],
})

/** A client waypoint that splits in two on internal listeners, and both ways come together at the server. */
export function diamond(names: {left: string; right: string; order: readonly ['left', 'right'] | readonly ['right', 'left']}): Trace {
  const ways = {
    left: to(names.left, {share: oneOf(2)}),
    right: to(names.right, {share: oneOf(2)}),
  }
  const inside = (name: string, port: number): Trace['hops'][string] =>
    hop({
      id: name,
      place: places.waypoint,
      next: `z-${name}`,
      arrival: {entry: {kind: 'internal', listener: name}, payload: dialled.payload},
      steps: [{kind: 'tunnel', method: 'CONNECT', authority: `10.4.0.5:${port}`, headers: [], because: [], evidence: []}],
    })
  const beyond = (name: string, port: number): Trace['hops'][string] =>
    hop({
      id: `z-${name}`,
      place: places.ztunnelB,
      next: 'app',
      arrival: {entry: socket('10.4.0.5', 15_008), payload: hbone({authority: `10.4.0.5:${port}`, identity: SLEEP})},
    })
  return trace({
    hops: [
      hop({id: 'start', place: places.sleep, arrival: dialled, next: 'waypoint'}),
      hop({id: 'waypoint', place: places.waypoint, arrival: throughWaypoint, next: names.order.map((side) => ways[side])}),
      inside(names.left, 9080),
      inside(names.right, 9081),
      beyond(names.left, 9080),
      beyond(names.right, 9081),
      {...server, next: [to('served', {share: fraction(1, 2)}), to('denied', {share: fraction(1, 2)})]},
    ],
    outcomes: [
      outcome({id: 'served', place: places.productpage, share: fraction(1, 2), workload}),
      outcome({id: 'denied', place: places.productpage, share: fraction(1, 2), verdict: DENIED, answer: {kind: 'closed', accepted: false}}),
    ],
    verdict: DENIED,
  })
}
