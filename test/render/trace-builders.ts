import type {Arrival, HttpRequest, Payload} from '../../src/flow/connection.js'
import type {Place} from '../../src/flow/forwarder.js'
import {WHOLE} from '../../src/flow/share.js'
import type {Evidence, Step} from '../../src/flow/step.js'
import type {Branch, Flow, Hop, Outcome, Trace} from '../../src/flow/trace.js'
import type {Verdict} from '../../src/flow/verdict.js'

const GET: HttpRequest = {method: 'GET', authority: 'productpage:9080', path: '/', headers: []}

export const SLEEP = 'spiffe://cluster.local/ns/default/sa/sleep'
export const WAYPOINT = 'spiffe://cluster.local/ns/default/sa/bookinfo-productpage'

export const places = {
  sleep: {kind: 'app', name: 'sleep-7656cf8794-x7kjp', namespace: 'default', node: 'gke-a'},
  nodeA: {kind: 'node', name: 'gke-a'},
  ztunnelA: {kind: 'ztunnel', name: 'ztunnel-hptxk', namespace: 'istio-system', node: 'gke-a'},
  waypoint: {kind: 'waypoint', name: 'bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx', namespace: 'default', node: 'gke-b'},
  ztunnelB: {kind: 'ztunnel', name: 'ztunnel-vx9cd', namespace: 'istio-system', node: 'gke-b'},
  nodeB: {kind: 'node', name: 'gke-b'},
  productpage: {kind: 'app', name: 'productpage-v1-7d4d8b6b55-qp6xk', namespace: 'default', node: 'gke-b'},
} as const satisfies Record<string, Place>

export const productpageFlow: Flow = {
  source: {name: 'sleep-7656cf8794-x7kjp', kind: 'pod', namespace: 'default', ip: '10.4.2.19', identity: SLEEP, basis: 'recorded'},
  destination: {
    name: 'productpage.default.svc.cluster.local',
    kind: 'service',
    namespace: 'default',
    ip: '10.8.4.226',
    basis: 'recorded',
  },
  connection: {source: {ip: '10.4.2.19', port: 0}, destination: {ip: '10.8.4.226', port: 9080}},
  protocol: 'http',
  request: GET,
  clientKind: 'ambient',
}

export function socket(ip: string, port: number): {kind: 'socket'; ip: string; port: number} {
  return {kind: 'socket', ip, port}
}

function httpPayload(request: HttpRequest = GET): Payload {
  return {kind: 'http', version: 'h1', request}
}

export function hbone(options: {authority: string; identity: string; inside?: Payload}): Payload {
  return {
    kind: 'tls',
    alpn: ['h2'],
    trusted: true,
    peer: {uriSans: [options.identity], dnsSans: []},
    payload: {
      kind: 'http',
      version: 'h2',
      request: {method: 'CONNECT', authority: options.authority, headers: []},
      tunneled: options.inside ?? httpPayload(),
    },
  }
}

export function evidence(pointer: string, dump = 'proxies/istio-system/ztunnel-hptxk.json'): Evidence {
  return {dump, pointer, version: '2022-10-21T00:00:00Z/7', basis: 'recorded'}
}

export function hop(options: {id: string; place: Place; arrival: Arrival; steps?: readonly Step[]; next: readonly Branch[] | string}): Hop {
  const {id, place, arrival, steps = [], next} = options
  return {id, place, arrival, steps, next: typeof next === 'string' ? [to(next)] : next}
}

export function to(target: string, options: Partial<Omit<Branch, 'to'>> = {}): Branch {
  return {to: target, share: WHOLE, requires: [], steps: [], ...options}
}

export function outcome(options: Pick<Outcome, 'id' | 'place'> & Partial<Outcome>): Outcome {
  return {verdict: {kind: 'delivered'}, answer: {kind: 'unknown'}, share: WHOLE, ...options}
}

export function trace(options: {
  hops: readonly Hop[]
  outcomes: readonly Outcome[]
  verdict?: Verdict
  flow?: Partial<Flow>
  missing?: Trace['missing']
  warnings?: Trace['warnings']
}): Trace {
  return {
    schemaVersion: 'ambientctl.trace/1',
    question: {source: 'sleep', destination: 'productpage:9080', protocol: 'http'},
    flow: {...productpageFlow, ...options.flow},
    start: options.hops[0]?.id ?? 'none',
    hops: Object.fromEntries(options.hops.map((each) => [each.id, each])),
    outcomes: Object.fromEntries(options.outcomes.map((each) => [each.id, each])),
    verdict: options.verdict ?? {kind: 'delivered'},
    missing: options.missing ?? [],
    warnings: options.warnings ?? [],
  }
}

/** An end with the one verdict, right behind the first ztunnel. */
export function endingIn(verdict: Verdict, options: {steps?: readonly Step[]; answer?: Outcome['answer']} = {}): Trace {
  return trace({
    hops: [
      hop({id: 'h1', place: places.sleep, arrival: dialled, next: 'h2'}),
      hop({id: 'h2', place: places.ztunnelA, arrival: captured, steps: options.steps ?? [], next: 'o1'}),
    ],
    outcomes: [outcome({id: 'o1', place: places.ztunnelA, verdict, answer: options.answer ?? {kind: 'unknown'}})],
    verdict,
    missing: verdict.kind === 'undetermined' ? verdict.missing : [],
  })
}

export const dialled: Arrival = {entry: socket('10.8.4.226', 9080), source: {ip: '10.4.2.19', port: 0}, payload: httpPayload()}

export const captured: Arrival = {
  entry: socket('10.4.2.5', 15001),
  originalDestination: {ip: '10.8.4.226', port: 9080},
  source: {ip: '10.4.2.19', port: 0},
  payload: httpPayload(),
}
