import {describe, expect, test} from 'vitest'
import type {FilterStateValue} from '../../../src/flow/connection.js'
import {ask, assignment, endpoint, hosts, stream, type Asking} from './ask.js'

const RAW = {name: 'envoy.transport_sockets.raw_buffer'}
const internalSocket = (...passthrough: readonly object[]): object => ({
  name: 'envoy.transport_sockets.internal_upstream',
  typed_config: {
    '@type': 'x/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport',
    passthrough_metadata: passthrough,
    transport_socket: RAW,
  },
})
const HOST = endpoint('envoy://inner/10.4.1.39:9080', {metadata: {tunnel: {destination: '10.4.1.39:9080'}, istio: {workload: 'w'}}})
const METADATA = {filter_metadata: {istio: {services: ['s']}, other: {}}}
const fromHost = (name: string): object => ({kind: {host: {}}, name})
const fromCluster = (name: string): object => ({kind: {cluster: {}}, name})

function passed(socket: object | undefined, asking: Partial<Asking> = {}): {metadata: unknown; filterState: unknown} {
  const cluster = {name: 'c', metadata: METADATA, ...(socket === undefined ? {} : {transport_socket: socket})}
  const [host] = hosts(ask({cluster: 'c', clusters: [cluster], assignments: {c: assignment({hosts: [HOST]})}, ...asking}))
  return {metadata: Object.fromEntries(host?.internal?.metadata ?? []), filterState: Object.fromEntries(host?.internal?.filterState ?? [])}
}

// envoy-2022 D1, F.13.
describe('what passes to an internal listener', () => {
  test.each([
    {rule: 'host metadata by name', passthrough: [fromHost('tunnel')], metadata: {tunnel: {destination: '10.4.1.39:9080'}}},
    {rule: 'cluster metadata by name', passthrough: [fromCluster('istio')], metadata: {istio: {services: ['s']}}},
    {
      rule: 'other kinds pass nothing',
      passthrough: [
        {kind: {route: {}}, name: 'istio'},
        {kind: {request: {}}, name: 'tunnel'},
      ],
      metadata: {},
    },
    {rule: 'what is not there passes nothing', passthrough: [fromHost('nope')], metadata: {}},
    {rule: 'the later of two entries stays', passthrough: [fromCluster('istio'), fromHost('istio')], metadata: {istio: {workload: 'w'}}},
    {rule: 'nothing without being named', passthrough: [], metadata: {}},
  ])('$rule', ({passthrough, metadata}) => {
    expect(passed(internalSocket(...passthrough)).metadata).toEqual(metadata)
  })

  const object = (shared: FilterStateValue['shared']): FilterStateValue => ({value: shared, shared})
  const STATE = {
    connection: {
      filterState: new Map([
        ['private', object('none')],
        ['once', object('once')],
        ['on', object('transitive')],
      ]),
    },
  }

  test('shared filter state: once stops there, transitive goes on', () => {
    expect(passed(internalSocket(), STATE).filterState).toEqual({
      once: {value: 'once', shared: 'none'},
      on: {value: 'transitive', shared: 'transitive'},
    })
  })

  test('filter state of the request lies on top of that of the connection', () => {
    const own = {...stream, filterState: new Map([['once', {value: 'own', shared: 'transitive' as const}]])}
    expect(passed(internalSocket(), {...STATE, stream: own}).filterState).toMatchObject({
      once: {value: 'own', shared: 'transitive'},
      on: {shared: 'transitive'},
    })
  })

  test('recorded: without an internal_upstream socket nothing passes', () => {
    expect(passed(undefined, STATE)).toEqual({metadata: {}, filterState: {}})
  })

  test('a socket gets no internal context', () => {
    const [host] = hosts(
      ask({
        cluster: 'c',
        clusters: [{name: 'c', transport_socket: internalSocket()}],
        assignments: {c: assignment({hosts: [endpoint('10.0.0.1:80')]})},
      }),
    )
    expect(host?.internal).toBeUndefined()
  })
})
