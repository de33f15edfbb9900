import type {Payload} from '../flow/connection.js'
import type {Answer, Place} from '../flow/forwarder.js'
import type {Branch, Hop, HopId, OutcomeId, Trace} from '../flow/trace.js'
import {bottomUp} from './bottom-up.js'

/**
 * What the client of a trace gets of each end that its traffic comes to: an end deep inside closes or answers a tunnel, and the
 * proxies before it turn that into something else. Several answers where ways through different proxies lead to one end.
 * Ends of copies and of calls a proxy makes of its own are none of the client's, and not listed.
 * Source: recordings of whole paths (ambient-ga J); envoy-2022 I.9.
 */
export function clientAnswers(trace: Trace): ReadonlyMap<OutcomeId, readonly Answer[]> {
  const known = new Map<HopId, Ends>()
  for (const id of bottomUp(trace)) known.set(id, endsBehind(id, {trace, known}))
  const ends = known.get(trace.start) ?? new Map<OutcomeId, Seen[]>()
  return new Map([...ends].map(([id, seen]) => [id, unique(seen.map(answerOf))]))
}

/** What comes back to the dialling side: an answer, or a CONNECT that was accepted and what comes through it. */
type Seen = {readonly kind: 'answer'; readonly answer: Answer} | {readonly kind: 'tunnel'; readonly inside: Seen}

type Ends = ReadonlyMap<OutcomeId, readonly Seen[]>

interface Known {
  readonly trace: Trace
  readonly known: ReadonlyMap<HopId, Ends>
}

const CLOSED: Seen = {kind: 'answer', answer: {kind: 'closed', accepted: true}}

function endsBehind(id: HopId, {trace, known}: Known): Ends {
  const hop = trace.hops[id]
  const ends = new Map<OutcomeId, readonly Seen[]>()
  for (const branch of hop?.next.filter(({mirror}) => mirror !== true) ?? []) {
    for (const [end, seen] of hop === undefined ? [] : throughBranch({hop, branch}, {trace, known})) {
      ends.set(end, unique([...(ends.get(end) ?? []), ...seen]))
    }
  }
  return ends
}

interface Passage {
  readonly hop: Hop
  readonly branch: Branch
}

function throughBranch({hop, branch}: Passage, {trace, known}: Known): Ends {
  const outcome = trace.outcomes[branch.to]
  if (outcome !== undefined) return new Map([[branch.to, [atEnd(hop, outcome)]]])
  const next = trace.hops[branch.to]
  const added = next === undefined ? 0 : tunnels(next.arrival.payload) - tunnels(hop.arrival.payload)
  return new Map(
    [...(known.get(branch.to) ?? [])].map(([end, seen]) => [
      end,
      seen.map((one) => passedBack(one, {by: handledBy({hop, branch}), added})),
    ]),
  )
}

const PROXIES: ReadonlySet<Place['kind']> = new Set(['ztunnel', 'waypoint', 'gateway', 'sidecar', 'envoy'] as const)

/** A proxy that listens accepts before it matches. */
function atEnd({place}: Hop, {verdict, answer}: Trace['outcomes'][string]): Seen {
  const isAccepted = PROXIES.has(place.kind) && verdict.kind !== 'no-listener' && answer.kind === 'closed'
  return isAccepted ? CLOSED : {kind: 'answer', answer}
}

type Handling = 'nothing' | 'tcp' | 'http' | 'connect'

/** A place that is no proxy hands on what it gets. */
function handledBy({hop: {place}, branch: {log}}: Passage): Handling {
  return PROXIES.has(place.kind) ? (log?.handledBy ?? 'tcp') : 'nothing'
}

interface PassedBack {
  readonly by: Handling
  /** Tunnels that the proxy wraps around what it passes on; negative: it ends them. */
  readonly added: number
}

function passedBack(seen: Seen, {by, added}: PassedBack): Seen {
  switch (by) {
    case 'nothing':
      return seen
    case 'connect':
      return isRefused(seen) ? response(503) : {kind: 'tunnel', inside: seen}
    case 'http':
      return isOpaque(seen) ? response(503) : seen
    case 'tcp':
      return isRefused(seen) ? CLOSED : unwrapped(seen, added)
    default:
      return by satisfies never
  }
}

/** A tunnel that is not opened closes what was to go through it. */
function unwrapped(seen: Seen, added: number): Seen {
  if (added <= 0) return seen
  return seen.kind === 'tunnel' ? unwrapped(seen.inside, added - 1) : isUnknown(seen) ? seen : CLOSED
}

function isRefused(seen: Seen): boolean {
  return seen.kind === 'answer' && seen.answer.kind === 'closed' && !seen.answer.accepted
}

/** No HTTP answer comes back, so that a proxy that routes requests gives one of its own. */
function isOpaque(seen: Seen): boolean {
  return seen.kind === 'answer' && (seen.answer.kind === 'closed' || seen.answer.kind === 'timeout')
}

function isUnknown(seen: Seen): boolean {
  return seen.kind === 'answer' && (seen.answer.kind === 'unknown' || seen.answer.kind === 'timeout')
}

function response(status: number): Seen {
  return {kind: 'answer', answer: {kind: 'http', status}}
}

/** Nobody but a proxy looks at CONNECT: what comes through it is what counts. */
function answerOf(seen: Seen): Answer {
  return seen.kind === 'tunnel' ? answerOf(seen.inside) : seen.answer
}

/** CONNECT tunnels one inside the other. */
function tunnels(payload: Payload): number {
  switch (payload.kind) {
    case 'http':
      return payload.request.method === 'CONNECT' ? 1 + (payload.tunneled === undefined ? 0 : tunnels(payload.tunneled)) : 0
    case 'tls':
    case 'proxy-protocol':
      return tunnels(payload.payload)
    default:
      return 0
  }
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
