import {fraction, type Share} from '../../src/flow/share.js'
import type {Hop, Outcome, Trace} from '../../src/flow/trace.js'
import {captured, dialled, evidence, hbone, hop, outcome, places, SLEEP, socket, to, trace, WAYPOINT} from './trace-builders.js'

const SERVER_CHAIN =
  'spiffe://cluster.local/ns/default/sa/sleep_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/bookinfo-productpage'

const client: readonly Hop[] = [
  hop({id: 'h1', place: places.sleep, arrival: dialled, next: 'h2'}),
  hop({
    id: 'h2',
    place: places.nodeA,
    arrival: dialled,
    next: 'h3',
    steps: [
      {
        kind: 'capture',
        how: 'ipset ztunnel-pods-ips has 10.4.2.19 → mark 0x100 → table 101 → istioout → TPROXY 15001',
        to: {ip: '10.4.2.5', port: 15_001},
        because: ['10.4.2.19 in ztunnel-pods-ips'],
        evidence: [evidence('line 12', 'capture/gke-a/iptables-save')],
      },
    ],
  }),
  hop({
    id: 'h3',
    place: places.ztunnelA,
    arrival: captured,
    next: 'h4',
    steps: [
      {
        kind: 'listener',
        name: 'ztunnel_outbound',
        address: '0.0.0.0:15001',
        because: [],
        evidence: [evidence('/configs/2/dynamic_listeners/0')],
      },
      {
        kind: 'listener-filter',
        name: 'envoy.filters.listener.original_dst',
        effect: 'local address is 10.8.4.226:9080',
        because: [],
        evidence: [],
      },
      {
        kind: 'matcher',
        action: SERVER_CHAIN,
        because: [],
        evidence: [],
        path: [
          {input: 'source-ip', value: '10.4.2.19', matched: '10.4.2.19/32'},
          {input: 'ip', value: '10.8.4.226', matched: '10.8.4.226/32'},
          {input: 'port', value: '9080', matched: '9080'},
        ],
      },
      {
        kind: 'filter-chain',
        name: SERVER_CHAIN,
        because: ['named by the matcher'],
        evidence: [],
        rejected: [{candidate: 'passthrough', because: 'only when the matcher finds nothing'}],
      },
      {kind: 'cluster', name: SERVER_CHAIN, type: 'EDS', join: 'name inferred: set-equivalent', because: [], evidence: []},
      {kind: 'endpoint', address: socket('10.4.3.10', 15_006), health: 'HEALTHY', because: [], evidence: []},
      {kind: 'tunnel', method: 'CONNECT', authority: '10.8.4.226:9080', headers: [], identity: SLEEP, because: [], evidence: []},
    ],
  }),
  hop({
    id: 'h4',
    place: places.nodeA,
    arrival: {entry: socket('10.4.3.10', 15_006), payload: hbone({authority: '10.8.4.226:9080', identity: SLEEP})},
    next: 'h5',
    steps: [{kind: 'capture', how: 'not captured', because: ['source is the ztunnel'], evidence: []}],
  }),
]

const waypointArrival = {
  entry: socket('10.4.3.10', 15_006),
  source: {ip: '10.4.2.19', port: 0},
  payload: hbone({authority: '10.8.4.226:9080', identity: SLEEP}),
}

function waypointHops(next: Hop['next']): readonly Hop[] {
  return [
    hop({
      id: 'h5',
      place: places.waypoint,
      arrival: waypointArrival,
      next: 'h6',
      steps: [
        {kind: 'listener', name: 'inbound_CONNECT_terminate', address: '0.0.0.0:15006', because: [], evidence: []},
        {
          kind: 'tls',
          side: 'downstream',
          identity: WAYPOINT,
          peer: [SLEEP],
          effect: 'client certificate accepted',
          because: [],
          evidence: [],
        },
        {kind: 'virtual-host', name: 'inbound_connect', domain: '*', table: 'local_route', because: [], evidence: []},
        {kind: 'route', name: 'vip', match: ':authority 10.8.4.226:9080', action: 'cluster inbound-vip|9080', because: [], evidence: []},
        {kind: 'cluster', name: 'inbound-vip|9080||productpage.default.svc.cluster.local', type: 'STATIC', because: [], evidence: []},
      ],
    }),
    hop({
      id: 'h6',
      place: places.waypoint,
      next: 'h7',
      arrival: {entry: {kind: 'internal', listener: 'inbound-vip|9080||productpage.default.svc.cluster.local'}, payload: dialled.payload},
      steps: [
        {kind: 'listener', name: 'inbound-vip|9080||productpage.default.svc.cluster.local', address: 'internal', because: [], evidence: []},
        {kind: 'route', name: 'default', match: 'prefix /', action: 'cluster inbound-pod', because: [], evidence: []},
      ],
    }),
    hop({
      id: 'h7',
      place: places.waypoint,
      next,
      arrival: {entry: {kind: 'internal', listener: 'inbound-pod|9080||10.4.0.5'}, payload: dialled.payload},
      steps: [
        {kind: 'listener', name: 'inbound-pod|9080||10.4.0.5', address: 'internal', because: [], evidence: []},
        {
          kind: 'authorization',
          layer: 'l7',
          action: 'ALLOW',
          decision: 'allow',
          policy: 'ns[default]-policy[productpage-viewer]-rule[0]',
          because: [`principal ${SLEEP}`, 'method GET'],
          evidence: [evidence('/configs/2/dynamic_listeners/4', 'proxies/default/waypoint.json')],
        },
        {kind: 'cluster', name: 'inbound_CONNECT_originate', type: 'ORIGINAL_DST', because: [], evidence: []},
        {kind: 'tunnel', method: 'CONNECT', authority: '10.4.0.5:9080', headers: [], identity: WAYPOINT, because: [], evidence: []},
      ],
    }),
  ]
}

export interface Pod {
  readonly id: number
  readonly ip: string
  readonly name: string
}

function serverHops({id, ip, name}: Pod): readonly Hop[] {
  const app = {...places.productpage, name}
  return [
    hop({
      id: `z${id}`,
      place: places.ztunnelB,
      next: `n${id}`,
      arrival: {
        entry: socket('10.4.0.2', 15_008),
        originalDestination: {ip, port: 15_008},
        source: {ip: '10.4.3.10', port: 0},
        payload: hbone({authority: `${ip}:9080`, identity: WAYPOINT}),
      },
      steps: [
        {kind: 'listener', name: 'ztunnel_inbound', address: '0.0.0.0:15008', because: [], evidence: []},
        {kind: 'filter-chain', name: `inbound_${ip}`, because: [], evidence: []},
        {kind: 'cluster', name: 'virtual_inbound', type: 'ORIGINAL_DST', because: [], evidence: []},
      ],
    }),
    hop({
      id: `n${id}`,
      place: places.nodeB,
      arrival: {entry: socket(ip, 9080), payload: dialled.payload},
      next: `a${id}`,
      steps: [{kind: 'capture', how: 'not captured', because: [], evidence: []}],
    }),
    hop({
      id: `a${id}`,
      place: app,
      arrival: {entry: socket(ip, 9080), payload: dialled.payload},
      next: `o${id}`,
      steps: [{kind: 'deliver', to: name, address: {ip, port: 9080}, because: [], evidence: []}],
    }),
  ]
}

function served({pod, share}: {pod: Pod; share: Share}): Outcome {
  return outcome({
    id: `o${pod.id}`,
    place: {...places.productpage, name: pod.name},
    share,
    workload: {name: pod.name, namespace: 'default', ip: pod.ip},
  })
}

const V1: Pod = {id: 1, ip: '10.4.0.5', name: 'productpage-v1-7d4d8b6b55-qp6xk'}

/** One path through the waypoint, as design §6 draws it. */
export const waypointPath: Trace = trace({
  hops: [...client, ...waypointHops([to('z1')]), ...serverHops(V1)],
  outcomes: [served({pod: V1, share: fraction(1, 1)})],
})

/** The waypoint splits by weight; endpoints of one kind are alike. */
export function splitPath(weights: readonly {pod: Pod; share: Share}[]): Trace {
  return trace({
    hops: [
      ...client,
      ...waypointHops(
        weights.map(({pod, share}) =>
          to(`z${pod.id}`, {
            share,
            steps: [{kind: 'endpoint', address: socket(pod.ip, 9080), because: [], evidence: []}],
          }),
        ),
      ),
      ...weights.flatMap(({pod}) => serverHops(pod)),
    ],
    outcomes: weights.map(served),
  })
}

export const canary: Trace = splitPath([
  {pod: {id: 1, ip: '10.4.0.5', name: 'productpage-v1-a'}, share: fraction(9, 20)},
  {pod: {id: 2, ip: '10.4.0.6', name: 'productpage-v1-b'}, share: fraction(9, 20)},
  {pod: {id: 3, ip: '10.4.0.7', name: 'productpage-v2-c'}, share: fraction(1, 10)},
])
