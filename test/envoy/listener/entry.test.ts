import {describe, expect, test} from 'vitest'
import {chain, cluster, dump, listener, listenerFilter} from '../engine/dump.js'
import {arrive, forwarder, onlyExit} from '../engine/forwarding.js'

// envoy-2022 D1: which listener takes a connection, and where use_original_dst hands it.
const ORIGINAL_DST = {listener_filters: [listenerFilter('original_dst.v3.OriginalDst')]}
const one = (name: string, address: string, fields: object = {}): Readonly<Record<string, unknown>> =>
  listener({name, address, filter_chains: [chain(`chain-${name}`)], ...fields})

const LISTENERS = [
  one('out', '0.0.0.0:15001', {...ORIGINAL_DST, use_original_dst: true}),
  one('bare', '0.0.0.0:15002', {use_original_dst: true}),
  one('keeps', '0.0.0.0:15003', ORIGINAL_DST),
  one('exact', '10.0.0.1:80', {bind_to_port: false}),
  one('wild', '0.0.0.0:80', {bind_to_port: false}),
  one('second', '0.0.0.0:7070', {...ORIGINAL_DST, use_original_dst: true, bind_to_port: false}),
  one('extra', '10.0.0.9:81', {additional_addresses: [{address: {socket_address: {address: '10.0.0.10', port_value: 82}}}]}),
  one('udp', '0.0.0.0:90', {address: undefined}),
]

const CASES = [
  {rule: 'an exact listener of the original destination takes it', to: '10.0.0.1:80', listener: 'exact'},
  {rule: 'else the wildcard listener of the port', to: '10.0.0.2:80', listener: 'wild'},
  {rule: 'else the connection stays', to: '10.0.0.2:81', listener: 'out'},
  {rule: 'its own port keeps it where it is', to: '10.0.0.2:15001', listener: 'out'},
  {rule: 'use_original_dst restores without a filter', to: '10.0.0.1:80', on: '10.9.9.9:15002', listener: 'exact'},
  {rule: 'a restoring filter alone hands nothing over', to: '10.0.0.1:80', on: '10.9.9.9:15003', listener: 'keeps'},
  {rule: 'the target does not hand over again', to: '10.0.0.1:7070', listener: 'second'},
  {rule: 'an additional address counts', to: '10.0.0.10:82', listener: 'extra'},
  {rule: 'addresses and ports of two entries do not mix', to: '10.0.0.9:82', listener: 'out'},
]

const proxy = forwarder(
  dump({
    listeners: LISTENERS.filter((entry) => entry['name'] !== 'udp'),
    clusters: ['out', 'bare', 'keeps', 'exact', 'wild', 'second', 'extra'].map((name) => cluster(`chain-${name}`, '10.50.0.1:1')),
  }),
)

describe('the listener of a captured connection', () => {
  test.each(CASES)('$rule', ({to, on, listener: expected}) => {
    expect(onlyExit(proxy.forward(arrive(to, on === undefined ? {} : {on}))).log?.listener).toBe(expected)
  })

  test('a hand-off is a step with both names', () => {
    expect(proxy.forward(arrive('10.0.0.1:80')).steps.filter(({kind}) => kind === 'hand-off')).toEqual([
      expect.objectContaining({from: 'out', to: 'exact', because: ['original destination 10.0.0.1:80', 'use_original_dst']}),
    ])
  })

  test('a listener that does not bind is not reached directly', () => {
    const exit = onlyExit(proxy.forward(arrive('10.0.0.1:80', {on: '10.0.0.1:80'})))
    expect(exit).toMatchObject({kind: 'stop', verdict: {kind: 'no-listener'}, answer: {kind: 'closed', accepted: false}})
  })

  test('an internal address without listener is a dangling reference', () => {
    const exit = onlyExit(proxy.forward({entry: {kind: 'internal', listener: 'gone', endpointId: 'x'}, payload: {kind: 'opaque'}}))
    expect(exit).toMatchObject({kind: 'stop', verdict: {kind: 'dangling-reference', reason: 'internal listener "gone" does not exist'}})
  })
})
