import {expect, it} from 'vitest'
import type {Arrival} from '../../src/flow/connection.js'
import {oneOf} from '../../src/flow/share.js'
import type {Station} from '../../src/mesh/station.js'
import {traceFlow} from '../../src/mesh/tracer.js'

/** Each passage has two ways on, and every arrival differs from all before: two to the power of the depth. */
function growing(entry: Arrival['entry']): {readonly station: Station; readonly arrival: Arrival} {
  let turn = 0
  const exit = {
    kind: 'depart',
    share: oneOf(2),
    requires: [],
    steps: [],
    departure: {to: entry, source: {kind: 'own'}, payload: {kind: 'opaque'}},
  } as const
  const station: Station = {
    key: 'proxy',
    forwarder: {place: {kind: 'envoy', name: 'proxy'}, forward: () => ({steps: [], exits: [exit, exit]})},
    next: () => ({station, arrival: {entry, originalDestination: {ip: '10.0.0.1', port: ++turn}, payload: {kind: 'opaque'}}}),
  }
  return {station, arrival: {entry, payload: {kind: 'opaque'}}}
}

it('ends a loop that changes the connection each time, before its branches multiply', () => {
  const trace = traceFlow({start: growing({kind: 'internal', listener: 'again'})})
  expect(Object.keys(trace.hops)).toHaveLength(1 + 2 + 4 + 8)
  expect(trace.verdict.kind).toBe('undetermined')
  expect(trace.warnings).toEqual(['not followed to the end: 4 passes of one path through envoy://again/'])
})
