import type {Payload} from '../../../src/flow/connection.js'
import type {Answer, ProxyLog} from '../../../src/flow/forwarder.js'
import {multiplyShares, WHOLE, type Share} from '../../../src/flow/share.js'
import type {Branch, Hop, HopId, Outcome, OutcomeId, Trace} from '../../../src/flow/trace.js'
import {link, type Link} from './wholepath-case.js'

/** What the dialling side of a hop gets. */
export interface Client {
  readonly result: string
  readonly status?: number
  readonly location?: string
  readonly pod?: string
  /** What comes through the tunnel that an accepted CONNECT opened. */
  readonly inner?: Client
}

export interface Path {
  readonly share: Share
  readonly client: Client
  /** The dialling side sees a failed connect. */
  readonly refused: boolean
  readonly chain: readonly Link[]
  readonly undetermined?: string
}

/** Every path of a trace, with what the client sees and what each proxy logs. */
export function pathsOf(trace: Trace): readonly Path[] {
  return new PathReader(trace).from(trace.start).map((path) => {
    const client = path.refused ? {result: 'connect_failed'} : path.client
    return {...path, client}
  })
}

const CLOSED: Client = {result: 'closed'}

class PathReader {
  readonly #trace: Trace

  constructor(trace: Trace) {
    this.#trace = trace
  }

  from(id: HopId | OutcomeId): readonly Path[] {
    const hop = this.#trace.hops[id]
    if (hop === undefined) return []
    return this.#authorized(hop.next.filter(({mirror}) => mirror !== true)).flatMap((branch) => this.#through(hop, branch))
  }

  /** Where the answer of an authorization service decides: it says 200 whenever it is reached (notes of the recordings). */
  #authorized(branches: readonly Branch[]): readonly Branch[] {
    const decided = branches.filter(({calls, requires}) => {
      const [call] = calls ?? []
      if (call === undefined) return true
      const isReached = this.from(call).every(({client, refused}) => !refused && client.status === 200)
      return requires.some(({what}) => what === (isReached ? ALLOWED : `not: ${ALLOWED}`))
    })
    return decided.map((branch) => (branch.calls === undefined ? branch : {...branch, share: certain(branch.share)}))
  }

  #through(hop: Hop, branch: Branch): readonly Path[] {
    const outcome = this.#trace.outcomes[branch.to]
    const behind = outcome === undefined ? this.from(branch.to) : [ended(hop, outcome)]
    const added = outcome === undefined ? depth(this.#trace.hops[branch.to]?.arrival.payload) - depth(hop.arrival.payload) : 0
    const opened = branch.opened === undefined ? [[]] : this.from(branch.opened).map(({chain}) => chain)
    const calls = (branch.calls ?? []).flatMap((call) => this.from(call).slice(0, 1)).flatMap(({chain}) => chain)
    return behind.flatMap((next) =>
      opened.map((beside) => ({
        ...passed({hop, branch, added, isEnd: outcome !== undefined, next, beside, calls}),
        share: scaled(branch, next, opened.length),
      })),
    )
  }
}

const ALLOWED = 'ext_authz must allow'

/** The other of the two possibilities does not happen. */
function certain(share: Share): Share {
  return multiplyShares(share, {numerator: 2n, denominator: 1n, exact: true})
}

function scaled(branch: Branch, next: Path, alternatives: number): Share {
  const share = multiplyShares(branch.share, next.share)
  return alternatives === 1 ? share : {...share, denominator: share.denominator * BigInt(alternatives)}
}

function ended({arrival, place}: Hop, {verdict, answer, workload}: Outcome): Path {
  const base = {share: WHOLE, refused: false, chain: []}
  switch (verdict.kind) {
    case 'delivered':
      return {...base, client: application(arrival.payload, workload?.name ?? place.name)}
    case 'passthrough':
      return {...base, client: application(arrival.payload, 'world')}
    case 'undetermined':
      return {...base, client: {result: 'unknown'}, undetermined: verdict.missing.map(({what}) => what).join('; ')}
    default:
      return {...base, client: answered(answer), refused: answer.kind === 'closed' && !answer.accepted}
  }
}

function answered(answer: Answer): Client {
  switch (answer.kind) {
    case 'http':
      return {result: 'response', status: answer.status, ...(answer.location === undefined ? {} : {location: answer.location})}
    case 'closed':
      return CLOSED
    case 'data':
      return {result: 'data'}
    case 'timeout':
      return {result: 'connect_timeout'}
    case 'unknown':
      return {result: 'unknown'}
    default:
      return answer satisfies never
  }
}

/** Applications answer HTTP, TLS and opaque bytes on every port they listen on (README of the layer). */
function application(payload: Payload, pod: string): Client {
  switch (payload.kind) {
    case 'http':
      return {result: 'response', status: 200, pod}
    case 'tls':
    case 'proxy-protocol':
      return application(payload.payload, pod)
    case 'opaque':
    case 'unknown':
      return {result: 'tcp_reply', pod}
    default:
      return payload satisfies never
  }
}

/** CONNECT tunnels one inside the other. */
function depth(payload: Payload | undefined): number {
  switch (payload?.kind) {
    case 'http':
      return payload.request.method === 'CONNECT' ? 1 + depth(payload.tunneled) : 0
    case 'tls':
    case 'proxy-protocol':
      return depth(payload.payload)
    default:
      return 0
  }
}

interface Passage {
  readonly hop: Hop
  readonly branch: Branch
  /** Tunnels that the hop wraps around what it passes on; negative: it ends them. */
  readonly added: number
  readonly isEnd: boolean
  readonly next: Path
  /** Records of a connection that was opened beside. */
  readonly beside: readonly Link[]
  /** Records of calls the proxy made of its own. */
  readonly calls: readonly Link[]
}

/** What the dialling side of a hop sees when `next` is what the hop's own upstream did. */
function passed(passage: Passage): Path {
  const {hop, branch, next} = passage
  switch (hop.place.kind) {
    case 'ztunnel':
      return hop.arrival.entry.kind === 'socket' && hop.arrival.entry.port === 15_001 ? throughOutbound(passage) : throughInbound(passage)
    case 'app':
    case 'outside':
    case 'node':
      return next
    default:
      return branch.log === undefined ? next : throughEnvoy(passage)
  }
}

/** A captured client is connected at once, so that failures end its connection. */
function throughOutbound({hop, branch, added, isEnd, next}: Passage): Path {
  const client = next.refused ? CLOSED : isEnd ? next.client : unwrapped(next.client, added)
  const line = withFinalIdentity(ztunnelLink(hop, branch.log), {added, chain: next.chain})
  return {...next, refused: false, client, chain: [line, ...next.chain]}
}

/** ambient-ga I.11: through a network gateway the log names the identity at the far end. */
function withFinalIdentity(line: Link, {added, chain}: {readonly added: number; readonly chain: readonly Link[]}): Link {
  const far = added > 1 ? chain.findLast(({direction}) => direction === 'inbound')?.['dst.identity'] : undefined
  return far === undefined ? line : {...line, 'dst.identity': far}
}

function throughInbound({hop, branch, isEnd, next, added}: Passage): Path {
  const line = ztunnelLink(hop, branch.log)
  const chain = branch.log?.access === undefined ? next.chain : [line, ...next.chain]
  if (isEnd) return {...next, chain}
  if (added === 0) return {...next, refused: false, client: next.refused ? CLOSED : next.client, chain}
  const client: Client = next.refused ? {result: 'response', status: 503} : {result: 'response', status: 200, inner: next.client}
  return {...next, refused: false, client, chain}
}

function unwrapped(client: Client, tunnels: number): Client {
  if (tunnels <= 0) return client
  return client.result === 'response' && client.status === 200 ? unwrapped(client.inner ?? CLOSED, tunnels - 1) : CLOSED
}

/** The waypoint's own records come in the order they start, those of the ztunnels behind it after them (README of the layer). */
function besideCalls(calls: readonly Link[], chain: readonly Link[]): readonly Link[] {
  const isZtunnel = ({direction}: Link): boolean => direction !== undefined
  const first = chain.findIndex(isZtunnel)
  const at = first < 0 ? chain.length : first
  return [...calls.filter((one) => !isZtunnel(one)), ...chain.slice(0, at), ...calls.filter(isZtunnel), ...chain.slice(at)]
}

function throughEnvoy(passage: Passage): Path {
  const {hop, branch, added, isEnd, beside, calls} = passage
  const next = {...passage.next, chain: besideCalls(calls, passage.next.chain)}
  const log = branch.log ?? {}
  const row = (client?: Client): Link => ({...envoyLink(hop, log), ...(client?.status === undefined ? {} : {code: client.status})})
  if (isEnd) return {...next, chain: [...(log.listener === undefined ? [] : [row()]), ...next.chain, ...beside]}
  switch (log.handledBy) {
    case 'connect': {
      const client: Client = next.refused ? {result: 'response', status: 503} : {result: 'response', status: 200, inner: next.client}
      return {...next, refused: false, client, chain: [row(client), ...next.chain]}
    }
    case 'http': {
      const client: Client = !next.refused && next.client.result === 'response' ? next.client : {result: 'response', status: 503}
      return {...next, refused: false, client, chain: [row(client), ...next.chain]}
    }
    default:
      return {...next, client: next.refused ? CLOSED : unwrapped(next.client, added), refused: false, chain: [row(), ...next.chain]}
  }
}

/** Only what the recordings are compared by; absent fields are left out. */
function ztunnelLink({place}: Hop, log: ProxyLog | undefined): Link {
  const access = log?.access ?? {}
  return link.parse({
    proxy: place.name,
    direction: access['direction'],
    'src.identity': access['src.identity'],
    'dst.addr': access['dst.addr'],
    'dst.hbone_addr': access['dst.hbone_addr'],
    'dst.identity': access['dst.identity'],
  })
}

function envoyLink({place}: Hop, log: ProxyLog): Link {
  return link.parse({
    proxy: place.name,
    listener: named(log.listener),
    filter_chain: named(log.filterChain),
    virtual_host: named(log.virtualHost),
    route: named(log.route),
    cluster: named(log.cluster),
    upstream_host: named(log.upstreamHost),
    code: log.code,
  })
}

function named(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
