import type {Arrival, Departure} from '../../src/flow/connection.js'
import type {Exit, Forwarder, Forwarding, ProxyLog} from '../../src/flow/forwarder.js'
import {WHOLE, type Share} from '../../src/flow/share.js'
import type {Verdict} from '../../src/flow/verdict.js'
import type {Station, Visit} from '../../src/mesh/station.js'

/** A small world: each place is a name with its exits; `to` names the next place. */
export type FakeWorld = Readonly<Record<string, readonly FakeExit[]>>

export interface FakeExit {
  readonly to?: string
  readonly ends?: Verdict
  readonly share?: Share
  readonly mirror?: true
  readonly log?: ProxyLog
  /** Port of the next arrival; 80 unless told. A different port is a different arrival. */
  readonly port?: number
}

export function visitOf(world: FakeWorld, start: string): Visit {
  return {station: stationOf(world, start), arrival: arrivalAt(80)}
}

function stationOf(world: FakeWorld, name: string): Station {
  const forwarder: Forwarder = {
    place: {kind: 'envoy', name},
    forward: (): Forwarding => ({steps: [], exits: (world[name] ?? []).map(toExit)}),
  }
  return {
    key: name,
    forwarder,
    next: (departure) => ({station: stationOf(world, targetOf(departure)), arrival: arrivalAt(portOf(departure))}),
  }
}

function toExit(exit: FakeExit): Exit {
  const {share = WHOLE, mirror, log} = exit
  const terms = {share, requires: [], steps: [], ...(mirror === undefined ? {} : {mirror}), ...(log === undefined ? {} : {log})}
  if (exit.to === undefined) return {...terms, kind: 'stop', verdict: exit.ends ?? {kind: 'delivered'}, answer: {kind: 'unknown'}}
  const departure: Departure = {
    to: {kind: 'internal', listener: exit.to, endpointId: String(exit.port ?? 80)},
    source: {kind: 'own'},
    payload: {kind: 'opaque'},
  }
  return {...terms, kind: 'depart', departure}
}

function targetOf({to}: Departure): string {
  return to.kind === 'internal' ? to.listener : ''
}

function portOf({to}: Departure): number {
  return to.kind === 'internal' ? Number(to.endpointId) : 0
}

function arrivalAt(port: number): Arrival {
  return {entry: {kind: 'socket', ip: '10.0.0.1', port}, payload: {kind: 'opaque'}}
}
