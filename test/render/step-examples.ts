import type {Step, StepKind} from '../../src/flow/step.js'
import type {Verdict, VerdictKind} from '../../src/flow/verdict.js'
import {evidence, SLEEP, socket, WAYPOINT} from './trace-builders.js'

const base = {because: ['source-ip 10.4.2.19'], evidence: [evidence('/configs/2/dynamic_listeners/0')]}

/** One step of every kind, all optional fields set: the compiler asks for an example when a kind is added. */
export const stepExamples: {readonly [K in StepKind]: Step & {readonly kind: K}} = {
  capture: {...base, kind: 'capture', how: 'in-pod redirection', to: {ip: '127.0.0.1', port: 15_001}},
  rule: {...base, kind: 'rule', name: 'mangle/PREROUTING 3', effect: 'mark 0x100'},
  'route-lookup': {...base, kind: 'route-lookup', name: 'table 101', effect: 'dev istioout'},
  listener: {...base, kind: 'listener', name: 'ztunnel_outbound', address: '0.0.0.0:15001'},
  'hand-off': {...base, kind: 'hand-off', from: 'virtual_outbound', to: '10.8.4.226_9080'},
  'listener-filter': {...base, kind: 'listener-filter', name: 'original_dst', effect: 'local address restored', opaque: true},
  matcher: {...base, kind: 'matcher', path: [{input: 'port', value: undefined, matched: undefined}], action: 'passthrough'},
  'filter-chain': {
    ...base,
    kind: 'filter-chain',
    name: 'passthrough',
    default: true,
    rejected: [{candidate: 'tls', because: 'transport_protocol raw_buffer'}],
  },
  tls: {
    ...base,
    kind: 'tls',
    side: 'upstream',
    identity: WAYPOINT,
    peer: [SLEEP],
    expected: [SLEEP],
    alpn: ['h2'],
    sni: 'outer',
    effect: 'client certificate sent',
  },
  'network-filter': {...base, kind: 'network-filter', name: 'tcp_proxy', type: 'TcpProxy', effect: 'to cluster', opaque: true},
  'http-filter': {...base, kind: 'http-filter', name: 'lua', type: 'Lua', effect: 'not known', opaque: true},
  authorization: {
    ...base,
    kind: 'authorization',
    layer: 'l4',
    action: 'DENY',
    decision: 'deny',
    policy: 'default/deny-all',
    shadow: true,
    clause: 'rule 0',
  },
  'virtual-host': {...base, kind: 'virtual-host', name: 'reviews', domain: 'reviews:9080', table: '9080'},
  route: {...base, kind: 'route', name: 'canary', match: 'prefix /', action: 'cluster v2'},
  cluster: {...base, kind: 'cluster', name: 'outbound|9080||reviews', type: 'EDS', join: 'inferred'},
  endpoint: {...base, kind: 'endpoint', address: socket('10.4.0.5', 9080), health: 'HEALTHY', transportSocket: 'hbone'},
  'internal-listener': {...base, kind: 'internal-listener', name: 'main_internal', endpointId: '10.4.0.5:9080'},
  'original-destination': {...base, kind: 'original-destination', from: 'filter state', address: {ip: '10.4.0.5', port: 15_008}},
  tunnel: {
    ...base,
    kind: 'tunnel',
    method: 'CONNECT',
    authority: '10.4.0.5:9080',
    headers: [['baggage', 'k8s.cluster=c1']],
    identity: WAYPOINT,
  },
  'service-lookup': {...base, kind: 'service-lookup', name: 'default/reviews', effect: 'VIP 10.8.4.226'},
  waypoint: {...base, kind: 'waypoint', name: 'default/waypoint', effect: 'of the service'},
  'load-balance': {...base, kind: 'load-balance', name: 'standard', effect: '10.4.0.5'},
  gateway: {...base, kind: 'gateway', name: 'network-2', effect: 'double HBONE'},
  'inbound-check': {...base, kind: 'inbound-check', name: 'destination', effect: 'is this pod'},
  deliver: {...base, kind: 'deliver', to: 'productpage-v1', address: {ip: '10.4.0.5', port: 9080}},
}

const reason = 'nothing fits 10.8.4.226:9080'

export const verdictExamples: {readonly [K in VerdictKind]: Verdict & {readonly kind: K}} = {
  delivered: {kind: 'delivered'},
  passthrough: {kind: 'passthrough'},
  responded: {kind: 'responded', status: 503, location: 'https://productpage/', reason: 'direct response'},
  denied: {kind: 'denied', layer: 'l7', policy: 'default/viewer', reason},
  'no-listener': {kind: 'no-listener', reason},
  'no-filter-chain': {kind: 'no-filter-chain', reason},
  'no-route': {kind: 'no-route', reason},
  'no-healthy-upstream': {kind: 'no-healthy-upstream', reason},
  'unknown-waypoint': {kind: 'unknown-waypoint', reason},
  'unknown-gateway': {kind: 'unknown-gateway', reason},
  'dangling-reference': {kind: 'dangling-reference', reason},
  refused: {kind: 'refused', reason},
  dropped: {kind: 'dropped', reason},
  loop: {kind: 'loop', reason},
  'tls-failure': {kind: 'tls-failure', reason, expected: [SLEEP], presented: []},
  'ip-mismatch': {kind: 'ip-mismatch', reason, expected: '10.4.0.5', presented: '10.4.0.6'},
  undetermined: {
    kind: 'undetermined',
    missing: [{what: 'no dump of ztunnel-vx9cd', collect: 'ambientctl dump -n istio-system ztunnel-vx9cd'}],
  },
}
