import {describe, expect, test} from 'vitest'
import type {Arrival, Payload} from '../../src/flow/connection.js'
import type {Forwarding} from '../../src/flow/forwarder.js'
import {addShares, formatShare, isWhole, NOTHING} from '../../src/flow/share.js'
import {createZtunnelForwarder} from '../../src/ztunnel/forward.js'
import {configOf, gateway, service, workload, type DumpParts} from './dump.js'

const PLACE = {kind: 'ztunnel', name: 'ztunnel-abc', node: 'n1'} as const
const CLIENT = workload('client', {workloadIps: ['10.0.0.9'], protocol: 'HBONE', serviceAccount: 'front'})
const POD = workload('pod', {workloadIps: ['10.0.0.1'], protocol: 'HBONE'})
const SERVICE = service('svc', {vips: ['/10.96.0.1'], endpoints: {pod: {'80': 8080}}})
const BYTES: Payload = {kind: 'opaque'}
const SOURCE = {ip: '10.0.0.9', port: 40_000}
const IDENTITY = 'spiffe://cluster.local/ns/ns/sa/front'

function forward(parts: DumpParts, arrival: Arrival, standIn = false): Forwarding {
  return createZtunnelForwarder({
    config: configOf({...parts, workloads: [CLIENT, ...(parts.workloads ?? [])]}),
    place: PLACE,
    standIn,
  }).forward(arrival)
}

const leaving = (ip: string, port: number): Arrival => ({
  entry: {kind: 'socket', ip: '10.0.0.9', port: 15_001},
  source: SOURCE,
  originalDestination: {ip, port},
  payload: BYTES,
})

const arriving = (payload: Payload, ip = '10.0.0.1'): Arrival => ({entry: {kind: 'socket', ip, port: 15_008}, source: SOURCE, payload})

const hbone = (
  authority: string,
  change: {readonly method?: string; readonly identity?: string; readonly trusted?: boolean; readonly version?: 'h1'} = {},
): Payload => ({
  kind: 'tls',
  alpn: ['h2'],
  peer: {uriSans: [change.identity ?? IDENTITY], dnsSans: []},
  trusted: change.trusted ?? true,
  payload: {
    kind: 'http',
    version: change.version ?? 'h2',
    request: {
      method: change.method ?? 'CONNECT',
      authority,
      headers: [['forwarded', 'for="10.0.0.9:40000";host=svc.ns.svc.cluster.local']],
    },
    tunneled: BYTES,
  },
})

describe('a connection of a pod that ztunnel holds and does not know', () => {
  const held = {name: 'late', namespace: 'ns', serviceAccount: 'late'}
  const workloadState = {'uid-late': {state: 'Up', info: held}}
  const ask = (more: Partial<Parameters<typeof createZtunnelForwarder>[0]>, parts: DumpParts = {workloadState}): Forwarding =>
    createZtunnelForwarder({config: configOf(parts), place: PLACE, podAt: () => held, ...more}).forward(leaving('10.96.0.1', 80))

  test('fails, as the node agent told who it is', () => {
    const [exit] = ask({}).exits
    expect(exit).toMatchObject({
      kind: 'stop',
      verdict: {kind: 'refused', reason: 'failed to fetch information about local workload: late.ns (late)'},
    })
  })

  test.each([
    {name: 'nobody knows who has its address', more: {podAt: () => undefined}},
    {name: 'ztunnel holds another pod', more: {podAt: () => ({...held, name: 'other'})}},
    {name: 'the dump is of another node', more: {standIn: true}},
    {name: 'ztunnel does not say whom it holds', more: {}, parts: {}},
  ])('is left open: $name', ({more, parts}) => {
    expect(ask(more, parts).exits).toMatchObject([{kind: 'stop', verdict: {kind: 'undetermined'}}])
  })
})

describe('a connection of a captured pod', () => {
  test('HBONE: the tunnel around the bytes, from the pod itself', () => {
    const {steps, exits} = forward({workloads: [POD], services: [SERVICE]}, leaving('10.96.0.1', 80))
    expect(exits).toMatchObject([
      {
        kind: 'depart',
        requires: [],
        departure: {
          to: {kind: 'socket', ip: '10.0.0.1', port: 15_008},
          source: {kind: 'kept', address: SOURCE},
          payload: {
            kind: 'tls',
            alpn: ['h2'],
            peer: {uriSans: [IDENTITY]},
            expects: [{match: 'exact', value: 'spiffe://cluster.local/ns/ns/sa/default'}],
            payload: {
              kind: 'http',
              request: {
                method: 'CONNECT',
                authority: '10.0.0.1:8080',
                headers: [['forwarded', 'for="10.0.0.9:40000";host=svc.ns.svc.cluster.local']],
              },
              tunneled: BYTES,
            },
          },
        },
      },
    ])
    expect(steps.map(({kind}) => kind)).toEqual(['service-lookup', 'waypoint', 'load-balance', 'endpoint', 'tls', 'tunnel'])
    expect(steps.find(({kind}) => kind === 'tls')).toMatchObject({
      identity: IDENTITY,
      expected: ['spiffe://cluster.local/ns/ns/sa/default'],
    })
  })

  test('plain TCP keeps the bytes as they are', () => {
    const {exits} = forward({workloads: [{...POD, protocol: 'TCP'}], services: [SERVICE]}, leaving('10.96.0.1', 80))
    expect(exits).toMatchObject([{kind: 'depart', departure: {to: {ip: '10.0.0.1', port: 8080}, payload: BYTES}}])
  })

  test('passthrough', () => {
    const {steps, exits} = forward({}, leaving('192.0.2.1', 443))
    expect(exits).toMatchObject([{kind: 'depart', departure: {to: {ip: '192.0.2.1', port: 443}, payload: BYTES}}])
    expect(steps).toMatchObject([{kind: 'original-destination', address: {ip: '192.0.2.1', port: 443}}])
  })

  const remote = workload('remote', {network: 'far', protocol: 'HBONE', networkGateway: gateway('far/9.9.9.9')})
  const gate = workload('gate', {workloadIps: ['9.9.9.9'], network: 'far', serviceAccount: 'ew'})
  const far = (names: readonly string[]): DumpParts => ({
    workloads: [remote, gate],
    services: [{...SERVICE, ...service('svc', {vips: ['/10.96.0.1'], endpoints: {remote: {'80': 8080}}, subjectAltNames: names})}],
  })

  test('double HBONE: a tunnel inside the tunnel, with the network of the client', () => {
    const {exits} = forward(far(['spiffe://cluster.local/ns/ns/sa/far']), leaving('10.96.0.1', 80))
    const connect = {method: 'CONNECT', authority: 'svc.ns.svc.cluster.local:80'}
    expect(exits).toMatchObject([
      {
        kind: 'depart',
        departure: {
          to: {ip: '9.9.9.9', port: 15_008},
          payload: {
            payload: {
              request: connect,
              tunneled: {
                kind: 'tls',
                payload: {
                  request: {
                    ...connect,
                    headers: [
                      ['forwarded', expect.any(String)],
                      ['x-forwarded-network', ''],
                    ],
                  },
                  tunneled: BYTES,
                },
              },
            },
          },
        },
      },
    ])
  })

  test('double HBONE without an identity to accept fails inside (I.6)', () => {
    const {exits} = forward(far([]), leaving('10.96.0.1', 80))
    expect(exits).toMatchObject([{kind: 'stop', verdict: {kind: 'tls-failure', expected: []}, dialled: {to: {ip: '9.9.9.9'}}}])
  })

  test('an error closes the connection, and the log has its text', () => {
    const {exits} = forward({services: [service('svc', {vips: ['/10.96.0.1']})]}, leaving('10.96.0.1', 80))
    expect(exits).toMatchObject([
      {
        kind: 'stop',
        verdict: {kind: 'no-healthy-upstream'},
        answer: {kind: 'closed', accepted: true},
        log: {details: 'no healthy upstream: 10.96.0.1:80'},
      },
    ])
  })

  test('G25: one exit per endpoint, the shares sum to 1, shared steps stand once', () => {
    const pods = ['a', 'b'].map((name, index) => workload(name, {workloadIps: [`10.0.0.${index + 1}`], capacity: index + 1}))
    const {steps, exits} = forward(
      {workloads: pods, services: [service('svc', {vips: ['/10.96.0.1'], endpoints: {a: {}, b: {}}})]},
      leaving('10.96.0.1', 80),
    )
    expect(exits.map(({share}) => formatShare(share))).toEqual(['1/3', '2/3'])
    expect(steps.map(({kind}) => kind)).toEqual(['service-lookup', 'waypoint'])
  })

  test('histories are alternatives with a condition each', () => {
    const shared = ['a', 'b'].map((name) =>
      service(name, {namespace: name, canonical: false, vips: ['/10.96.0.1'], endpoints: {pod: {'80': 8080}}}),
    )
    const {exits} = forward({workloads: [POD], services: shared}, leaving('10.96.0.1', 80))
    expect(exits.map(({share, requires}) => [formatShare(share), requires.map(({what}) => what)])).toEqual([
      ['one of 2', ['the service ztunnel keeps for VIP 10.96.0.1 is a/a.ns.svc.cluster.local']],
      ['one of 2', ['the service ztunnel keeps for VIP 10.96.0.1 is b/b.ns.svc.cluster.local']],
    ])
    expect(isWhole(exits.map(({share}) => share).reduce(addShares, NOTHING))).toBe(true)
  })

  test('a source the dump does not know is undetermined', () => {
    const {exits} = forward({workloads: [POD]}, {...leaving('10.0.0.1', 80), source: {ip: '10.7.7.7', port: 1}})
    expect(exits).toMatchObject([{kind: 'stop', verdict: {kind: 'undetermined'}, answer: {kind: 'unknown'}}])
  })

  test('the dump of another node serves as a stand-in, and says so', () => {
    const parts = {workloads: [POD], services: [SERVICE], config: {localNode: 'n2'}}
    expect(forward(parts, leaving('10.96.0.1', 80)).exits).toMatchObject([{kind: 'stop', verdict: {kind: 'refused'}}])
    const {steps, exits} = forward(parts, leaving('10.96.0.1', 80), true)
    expect(exits).toMatchObject([{kind: 'depart'}])
    expect(new Set(steps.flatMap(({evidence}) => evidence.map(({basis}) => basis)))).toEqual(new Set(['inferred']))
  })
})

describe('a connection for a captured pod', () => {
  const parts = {workloads: [POD], services: [SERVICE]}

  test('HBONE is delivered to the port of its authority', () => {
    const {steps, exits} = forward(parts, arriving(hbone('10.0.0.1:8080')))
    expect(exits).toMatchObject([
      {
        kind: 'depart',
        departure: {to: {kind: 'socket', ip: '10.0.0.1', port: 8080}, source: {kind: 'kept', address: SOURCE}, payload: BYTES},
        log: {access: {direction: 'inbound', 'src.identity': IDENTITY, 'dst.addr': '10.0.0.1:15008', 'dst.hbone_addr': '10.0.0.1:8080'}},
      },
    ])
    expect(steps).toMatchObject([{kind: 'inbound-check'}])
  })

  test('plaintext is delivered to where it was sent', () => {
    const arrival: Arrival = {
      entry: {kind: 'socket', ip: '10.0.0.1', port: 15_006},
      source: SOURCE,
      originalDestination: {ip: '10.0.0.1', port: 9090},
      payload: BYTES,
    }
    expect(forward(parts, arrival)).toMatchObject({
      exits: [{kind: 'depart', departure: {to: {ip: '10.0.0.1', port: 9090}, payload: BYTES}}],
    })
  })

  test('a proxy with an application tunnel is a hop of its own', () => {
    const tunnelled = {...POD, applicationTunnel: {protocol: 'PROXY', port: 15_088}}
    expect(forward({workloads: [tunnelled]}, arriving(hbone('10.96.0.1:80'))).exits).toMatchObject([
      {
        kind: 'depart',
        departure: {
          to: {ip: '10.0.0.1', port: 15_088},
          payload: {kind: 'proxy-protocol', source: SOURCE, destination: {ip: '10.96.0.1', port: 80}, payload: BYTES},
        },
      },
    ])
  })

  test('a denial answers 401, and names the policy', () => {
    const policy = {name: 'no', namespace: 'ns', scope: 'Namespace', action: 'Deny', rules: [[]]}
    const {exits, steps} = forward({...parts, policies: [policy]}, arriving(hbone('10.0.0.1:8080')))
    expect(exits).toMatchObject([
      {kind: 'stop', verdict: {kind: 'denied', layer: 'l4', policy: 'ns/no'}, answer: {kind: 'http', status: 401}},
    ])
    expect(steps.map(({kind}) => kind)).toEqual(['inbound-check', 'authorization'])
  })

  test.each([
    {name: 'no TLS', payload: BYTES, verdict: 'tls-failure', answer: {kind: 'closed', accepted: true}},
    {
      name: 'an unknown authority',
      payload: hbone('10.0.0.1:80', {trusted: false}),
      verdict: 'tls-failure',
      answer: {kind: 'closed', accepted: true},
    },
    {
      name: 'another trust domain',
      payload: hbone('10.0.0.1:80', {identity: 'spiffe://other.example/ns/x/sa/y'}),
      verdict: 'tls-failure',
      answer: {kind: 'closed', accepted: true},
    },
    {name: 'HTTP/1.1', payload: hbone('10.0.0.1:80', {version: 'h1'}), verdict: 'refused', answer: {kind: 'closed', accepted: true}},
    {name: 'another method', payload: hbone('10.0.0.1:80', {method: 'POST'}), verdict: 'refused', answer: {kind: 'http', status: 400}},
    {name: 'another pod', payload: hbone('10.0.0.7:80'), verdict: 'ip-mismatch', answer: {kind: 'http', status: 400}},
    {name: 'nobody says what is sent', payload: {kind: 'unknown'} as const, verdict: 'undetermined', answer: {kind: 'unknown'}},
  ])('$name', ({payload, verdict, answer}) => {
    expect(forward(parts, arriving(payload)).exits).toMatchObject([{kind: 'stop', verdict: {kind: verdict}, answer}])
  })

  test('ztunnel listens on its own ports only', () => {
    expect(forward(parts, {...arriving(BYTES), entry: {kind: 'socket', ip: '10.0.0.1', port: 8080}}).exits).toMatchObject([
      {kind: 'stop', verdict: {kind: 'no-listener'}},
    ])
  })

  test('a destination the dump does not know is undetermined', () => {
    expect(forward(parts, arriving(hbone('10.0.0.5:80'), '10.0.0.5')).exits).toMatchObject([
      {kind: 'stop', verdict: {kind: 'undetermined'}},
    ])
  })
})

describe('why there is no waypoint on the way', () => {
  const waypoint = (parts: DumpParts, target: readonly [string, number]): unknown =>
    forward(parts, leaving(...target)).steps.find(({kind}) => kind === 'waypoint')

  test('a VIP: the service has none, and one of the pod does not count', () => {
    expect(
      waypoint({workloads: [{...POD, waypoint: gateway('ns/wp.ns.svc.cluster.local')}], services: [SERVICE]}, ['10.96.0.1', 80]),
    ).toMatchObject({
      name: 'none',
      effect: 'ztunnel knows no waypoint of service ns/svc',
    })
  })

  test('a pod address: the pod has none, and one of its service does not count', () => {
    const behind = {...SERVICE, waypoint: gateway('ns/wp.ns.svc.cluster.local')}
    expect(waypoint({workloads: [POD], services: [behind]}, ['10.0.0.1', 8080])).toMatchObject({
      name: 'none',
      effect: 'ztunnel knows no waypoint of workload pod',
    })
  })

  test('an address of nobody: nothing is said', () => {
    expect(waypoint({}, ['192.0.2.1', 443])).toBeUndefined()
  })
})
