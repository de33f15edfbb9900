import {describe, expect, it} from 'vitest'
import type {Arrival, Payload} from '../../src/flow/connection.js'
import type {Forwarder, Place} from '../../src/flow/forwarder.js'
import {WHOLE} from '../../src/flow/share.js'
import type {Trace} from '../../src/flow/trace.js'
import {connectClusters, Topology} from '../../src/mesh/topology.js'
import {traceFlow} from '../../src/mesh/tracer.js'
import type {World} from '../../src/mesh/world.js'
import {directory, service, tcpPort, uncaptured} from './builders.js'

const BYTES: Payload = {kind: 'opaque'}
const CLIENT = uncaptured({name: 'client', ips: ['10.1.0.1'], node: 'n1'})
const GATEWAY = uncaptured({name: 'gate', ips: ['10.2.0.9'], node: 'n2', role: 'gateway', identity: 'spiffe://td/ns/default/sa/gate'})
const REMOTE = uncaptured({name: 'remote', ips: ['10.2.0.1'], node: 'n2'})
const BALANCED = service({
  name: 'gate',
  vips: ['10.96.0.9'],
  externalIPs: ['192.0.2.9'],
  ports: [tcpPort(15_008)],
  endpoints: [{ip: '10.2.0.9', port: 15_008, servicePort: 15_008}],
})

/** Accepts what comes, and ends there. */
function sink(place: Place): Forwarder {
  return {
    place,
    forward: () => ({
      steps: [],
      exits: [{kind: 'stop', share: WHOLE, requires: [], steps: [], verdict: {kind: 'delivered'}, answer: {kind: 'unknown'}}],
    }),
  }
}

const EAST: World = {
  directory: directory({workloads: [CLIENT]}),
  generation: 'ga',
  cluster: 'east',
  network: 'one',
  forwarderOf: () => undefined,
}
const WEST: World = {
  directory: directory({workloads: [GATEWAY, REMOTE], services: [BALANCED]}),
  generation: 'ga',
  cluster: 'west',
  network: 'two',
  forwarderOf: ({name, role}) => sink({kind: role, name, cluster: 'west'}),
}

function tunnel(expected: readonly string[]): Payload {
  return {
    kind: 'tls',
    alpn: ['h2'],
    trusted: true,
    expects: expected.map((value) => ({match: 'exact' as const, value})),
    payload: {kind: 'http', version: 'h2', request: {method: 'CONNECT', authority: 'svc:80', headers: []}},
  }
}

interface Dial {
  readonly to: string
  readonly port: number
  readonly payload?: Payload
}

function follow(worlds: readonly World[], {to, port, payload = BYTES}: Dial): Pick<Trace, 'hops' | 'outcomes' | 'verdict'> {
  const [home = new Topology(EAST)] = connectClusters(worlds)
  const entry: Arrival['entry'] = {kind: 'socket', ip: to, port}
  const dialler: Forwarder = {
    place: {kind: 'app', name: 'client'},
    forward: () => ({
      steps: [],
      exits: [{kind: 'depart', share: WHOLE, requires: [], steps: [], departure: {to: entry, source: {kind: 'own'}, payload}}],
    }),
  }
  return traceFlow({start: {station: home.client(CLIENT, dialler), arrival: {entry, payload}}})
}

function places({hops}: Pick<Trace, 'hops'>): readonly string[] {
  return Object.values(hops).map(({place: {kind, name, cluster}}) =>
    [kind, name, ...(cluster === undefined ? [] : [`in ${cluster}`])].join(' '),
  )
}

describe('a mesh of several clusters', () => {
  it("joins them at the load balancer of the other side's gateway", () => {
    const trace = follow([EAST, WEST], {to: '192.0.2.9', port: 15_008, payload: tunnel(['spiffe://td/ns/default/sa/gate'])})
    expect(places(trace)).toEqual([
      'app client',
      'node n1 in east',
      'node load balancer default/gate in west',
      'node n2 in west',
      'gateway gate in west',
    ])
    expect(trace.verdict).toEqual({kind: 'delivered'})
  })

  it('ends open beyond a gateway whose cluster nobody recorded', () => {
    const trace = follow([EAST], {to: '192.0.2.9', port: 15_008, payload: tunnel(['spiffe://td/ns/default/sa/gate'])})
    expect(trace.verdict).toEqual({
      kind: 'undetermined',
      missing: [
        {
          what: 'what the network gateway at 192.0.2.9:15008 does: no snapshot of its cluster was given',
          collect: 'give a snapshot of each cluster: --snapshot NAME=PATH --snapshot NAME=PATH',
        },
      ],
    })
  })

  it('leaves the mesh with bytes that are no tunnel', () => {
    expect(follow([EAST], {to: '192.0.2.9', port: 80}).verdict).toEqual({kind: 'passthrough'})
  })

  it('reaches a pod of the other cluster only if its address is routed', () => {
    const {hops} = follow([EAST, WEST], {to: '10.2.0.1', port: 80})
    const border = Object.values(hops).find(({place}) => place.name === 'network between east and west')
    expect(border?.next.map(({requires}) => requires.map(({what}) => what))).toEqual([
      ['10.2.0.1 of cluster west is routed from cluster east'],
    ])
    const shared = follow([EAST, {...WEST, network: 'one'}], {to: '10.2.0.1', port: 80})
    expect(Object.values(shared.hops).flatMap(({next}) => next.flatMap(({requires}) => requires))).toEqual([])
  })

  it('does not depend on the order of the clusters', () => {
    const third: World = {
      directory: directory({workloads: [uncaptured({name: 'x', ips: ['10.3.0.1']})]}),
      cluster: 'third',
      generation: 'ga',
      forwarderOf: () => undefined,
    }
    const dial = {to: '192.0.2.9', port: 15_008, payload: tunnel(['spiffe://td/ns/default/sa/gate'])}
    expect(follow([EAST, third, WEST], dial)).toEqual(follow([EAST, WEST, third], dial))
  })
})

describe('what the dialling side expects of the next proxy', () => {
  it.each([
    {name: 'the right identity', expected: ['spiffe://td/ns/default/sa/gate'], gives: {kind: 'delivered'}},
    {name: 'one of several', expected: ['spiffe://td/ns/x/sa/y', 'spiffe://td/ns/default/sa/gate'], gives: {kind: 'delivered'}},
    {
      name: 'another identity',
      expected: ['spiffe://td/ns/default/sa/other'],
      gives: {kind: 'tls-failure', expected: ['spiffe://td/ns/default/sa/other'], presented: ['spiffe://td/ns/default/sa/gate']},
    },
    {name: 'no identity at all', expected: [], gives: {kind: 'tls-failure', expected: [], presented: ['spiffe://td/ns/default/sa/gate']}},
  ])('$name', ({expected, gives}) => {
    expect(follow([EAST, WEST], {to: '192.0.2.9', port: 15_008, payload: tunnel(expected)}).verdict).toMatchObject(gives)
  })
})

describe('proxies that cannot be asked', () => {
  const waypoint = uncaptured({name: 'wp', ips: ['10.1.0.5'], node: 'n1', role: 'waypoint'})

  it.each([
    {
      name: 'a pod that does not run',
      pod: {...waypoint, ready: false},
      gives: {kind: 'no-listener', reason: 'pod default/wp does not run, so nothing listens there'},
    },
    {
      name: 'a pod without a dump',
      pod: waypoint,
      gives: {kind: 'undetermined', missing: [{what: 'config dump of waypoint default/wp', collect: 'ambientctl dump default/wp'}]},
    },
    {
      name: 'a class that is not built on Envoy',
      pod: {...waypoint, labels: new Map([['gateway.networking.k8s.io/gateway-class-name', 'istio-agentgateway-waypoint']])},
      gives: {
        kind: 'undetermined',
        missing: [
          {
            what: 'decisions of waypoint default/wp: its class istio-agentgateway-waypoint is not built on Envoy, and its configuration cannot be read',
          },
        ],
      },
    },
  ])('$name', ({pod, gives}) => {
    const world: World = {...EAST, directory: directory({workloads: [CLIENT, pod]})}
    expect(follow([world], {to: '10.1.0.5', port: 15_008}).verdict).toEqual(gives)
  })
})

describe('who listens', () => {
  it.each([
    {name: 'nobody looked', listens: undefined, gives: 'delivered'},
    {name: 'somebody saw a listener', listens: true, gives: 'delivered'},
    {name: 'somebody saw none', listens: false, gives: 'refused'},
  ])('$name', ({listens, gives}) => {
    const target = uncaptured({name: 'app', ips: ['10.1.0.7'], node: 'n1'})
    const world: World = {...EAST, directory: directory({workloads: [CLIENT, target]}), listensAt: () => listens}
    expect(follow([world], {to: '10.1.0.7', port: 80}).verdict.kind).toBe(gives)
  })

  it('holds for addresses outside too', () => {
    expect(follow([{...EAST, listensAt: () => false}], {to: '198.51.100.1', port: 80}).verdict.kind).toBe('refused')
  })
})
