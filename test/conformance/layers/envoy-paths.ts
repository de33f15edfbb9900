import {formatShare, multiplyShares, shareToNumber, WHOLE, type Share} from '../../../src/flow/share.js'
import type {Arrival, Departure, Payload} from '../../../src/flow/connection.js'
import type {Exit, Forwarder, ProxyLog} from '../../../src/flow/forwarder.js'

import type {Client, HopRow} from './envoy-case.js'

export interface Path {
  readonly share: Share
  readonly client: Client
  /** The dialling side saw a failed connect. */
  readonly refused: boolean
  readonly hops: readonly HopRow[]
  /** The exits taken, one per passage. */
  readonly exits: readonly Exit[]
  readonly undetermined?: string
}

/** What answers beyond the proxy. */
export interface Reached {
  readonly client: Client
  readonly refused: boolean
}

interface Surroundings {
  readonly depth?: number
  readonly mirrors?: boolean
  /** What every address outside the proxy does with a payload; an echo server unless told. */
  readonly world?: (payload: Payload) => Reached
}

const MAX_DEPTH = 12

/** All paths of a connection through one Envoy; outside it every address is an echo server (see the layer's README). */
export function enumeratePaths(forwarder: Forwarder, input: Surroundings & {readonly arrival: Arrival}): Path[] {
  const {arrival, depth = 0, ...surroundings} = input
  if (depth > MAX_DEPTH) {
    return [{share: WHOLE, client: {result: 'closed'}, refused: false, hops: [], exits: [], undetermined: 'too many internal hops'}]
  }
  const {exits} = forwarder.forward(arrival)
  return exits
    .filter((exit) => exit.mirror !== true || surroundings.mirrors === true)
    .flatMap((exit) =>
      pathsOf(forwarder, {...surroundings, exit, depth, arrived: arrival.payload}).map((path) => ({
        ...path,
        share: multiplyShares(exit.share, path.share),
      })),
    )
}

function pathsOf(forwarder: Forwarder, input: Surroundings & {readonly exit: Exit; readonly arrived: Payload}): Path[] {
  const {exit} = input
  switch (exit.kind) {
    case 'deliver':
      return [{share: WHOLE, client: {result: 'tcp_reply'}, refused: false, hops: [row(exit.log)], exits: [exit]}]
    case 'stop':
      return stopped(forwarder, {...input, exit})
    case 'depart':
      return departed(forwarder, {...input, departure: exit.departure}).map((next) => throughHop(exit, {next, arrived: input.arrived}))
    default:
      return exit satisfies never
  }
}

function stopped(forwarder: Forwarder, {exit, ...input}: Surroundings & {readonly exit: Extract<Exit, {kind: 'stop'}>}): Path[] {
  const own = Object.keys(exit.log ?? {}).length === 0 ? [] : [row(exit.log)]
  const behind = exit.dialled?.to.kind === 'internal' ? departed(forwarder, {...input, departure: exit.dialled}) : [undefined]
  return behind.map((path) => ({
    share: path?.share ?? WHOLE,
    client: answerOf(exit),
    refused: exit.answer.kind === 'closed' && !exit.answer.accepted,
    hops: [...own, ...(path?.hops ?? [])],
    exits: [exit, ...(path?.exits ?? [])],
    ...(exit.verdict.kind === 'undetermined' ? {undetermined: exit.verdict.missing.map((missing) => missing.what).join('; ')} : {}),
  }))
}

function answerOf({answer}: Extract<Exit, {kind: 'stop'}>): Client {
  switch (answer.kind) {
    case 'http':
      return {result: 'response', status: answer.status, ...(answer.location === undefined ? {} : {location: answer.location})}
    case 'closed':
      return {result: 'closed'}
    case 'data':
      return {result: 'data'}
    case 'timeout':
      return {result: 'timeout'}
    case 'unknown':
      return {result: 'unknown'}
    default:
      return answer satisfies never
  }
}

function departed(forwarder: Forwarder, {departure, ...input}: Surroundings & {readonly departure: Departure}): Path[] {
  const {to, payload, internal} = departure
  const {depth = 0, world = echo} = input
  if (to.kind !== 'internal') return [{share: WHOLE, ...world(payload), hops: [], exits: []}]
  return enumeratePaths(forwarder, {
    ...input,
    arrival: {entry: to, payload, ...(internal === undefined ? {} : {internal})},
    depth: depth + 1,
  })
}

/** A server that answers whatever it is sent. */
export function echo(payload: Payload): Reached {
  return {client: answerTo(payload), refused: false}
}

/** What the echo world answers to a payload: it speaks TLS, accepts CONNECT and answers requests. */
function answerTo(payload: Payload): Client {
  switch (payload.kind) {
    case 'tls':
      return answerTo(payload.payload)
    // The recording's client reads an HTTP/1.0 answer as raw bytes.
    case 'http':
      if (payload.http10 === true) return {result: 'data'}
      return payload.tunneled === undefined
        ? {result: 'response', status: 200}
        : {result: 'response', status: 200, inner: answerTo(payload.tunneled)}
    case 'proxy-protocol':
      return answerTo(payload.payload)
    case 'opaque':
    case 'unknown':
      return {result: 'tcp_reply'}
    default:
      return payload satisfies never
  }
}

/** What the client of a hop sees when `next` is what the hop's upstream did. */
function throughHop(
  exit: Extract<Exit, {kind: 'depart'}>,
  {next: behind, arrived}: {readonly next: Path; readonly arrived: Payload},
): Path {
  const log = exit.log ?? {}
  const next = {...behind, exits: [exit, ...behind.exits]}
  switch (log.handledBy) {
    case 'connect': {
      const client: Client = next.refused ? {result: 'response', status: 503} : {result: 'response', status: 200, inner: next.client}
      return {...next, refused: false, client, hops: [{...row(log), ...statusOf(client)}, ...next.hops]}
    }
    case 'http': {
      const client: Client = next.client.result === 'response' ? next.client : {result: 'response', status: 503}
      return {...next, refused: false, client, hops: [{...row(log), ...statusOf(client)}, ...next.hops]}
    }
    default:
      return {
        ...next,
        refused: false,
        client: tunnelsIn(exit.departure.payload) > tunnelsIn(arrived) ? unwrap(next.client) : next.client,
        hops: [row(log), ...next.hops],
      }
  }
}

function statusOf(client: Client): {code?: number} {
  return client.status === undefined ? {} : {code: client.status}
}

/** tcp_proxy with tunneling_config swallows the answer to the CONNECT it made; one that only passes a CONNECT on does not. */
function tunnelsIn(payload: Payload): number {
  if (payload.kind === 'tls' || payload.kind === 'proxy-protocol') return tunnelsIn(payload.payload)
  if (payload.kind !== 'http' || payload.tunneled === undefined || payload.request.method === 'GET') return 0
  return 1 + tunnelsIn(payload.tunneled)
}

function unwrap(client: Client): Client {
  return client.result === 'response' && client.status === 200 ? (client.inner ?? {result: 'closed'}) : {result: 'closed'}
}

function row(log: ProxyLog = {}): HopRow {
  const entries: [string, string | number | undefined][] = [
    ['listener', log.listener],
    ['filter_chain', log.filterChain],
    ['virtual_host', log.virtualHost],
    ['route', log.route],
    ['cluster', log.cluster],
    ['upstream_host', log.upstreamHost],
    ['code', log.code],
  ]
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''))
}

/** Paths with equal hops and client are one outcome. */
export function toOutcomes(paths: readonly Path[]): {share: number; exact: string; client: Client; hops: readonly HopRow[]}[] {
  return paths.map(({share, client, hops}) => ({share: shareToNumber(share), exact: formatShare(share), client, hops}))
}
