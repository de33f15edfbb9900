import type {Arrival, Payload} from '../../src/flow/connection.js'
import type {Exit, Forwarder} from '../../src/flow/forwarder.js'
import {shareToNumber} from '../../src/flow/share.js'
import {toArrival} from '../conformance/layers/envoy-arrival.js'
import type {EnvoyInput} from '../conformance/layers/envoy-case.js'
import {echo, enumeratePaths, type Path, type Reached} from '../conformance/layers/envoy-paths.js'
import type {LogRecord} from './access-log.js'
import type {Observation} from './observe.js'
import type {Probe, Request, UpstreamView} from './probe.js'

/** What both sides say about a connection, in words that can be compared. Absent means "-" in the log. */
export type Account = Readonly<Record<string, string>>

/** One end the engine thinks possible, with the facts it claims about it. */
export interface Candidate {
  readonly share: number
  /** The share follows from weights. */
  readonly exact: boolean
  readonly account: Account
  /** What the engine cannot know. */
  readonly undetermined?: string
  /** On what, beside the configuration, the engine says it depends. */
  readonly requires: readonly string[]
  /** Nobody says what happens where a condition does not hold: a filter is opaque. */
  readonly open: boolean
}

/** What the engine says about the connection that was observed. */
export function candidatesOf(forwarder: Forwarder, observation: Observation): Candidate[] {
  return enumeratePaths(forwarder, {arrival: arrivalOf(observation), world: upstreamsAnswer}).map(candidateOf)
}

/** The upstreams speak no TLS: they answer its first bytes like any others. */
function upstreamsAnswer(payload: Payload): Reached {
  return payload.kind === 'tls' ? {client: {result: 'tcp_reply'}, refused: false} : echo(payload)
}

function arrivalOf(observation: Observation): Arrival {
  const arrival = toArrival(inputOf(observation))
  return {...arrival, payload: withScheme(arrival.payload)}
}

/** An HTTP/2 client says which scheme it means. */
function withScheme(payload: Payload): Payload {
  if (payload.kind === 'proxy-protocol') return {...payload, payload: withScheme(payload.payload)}
  return payload.kind === 'http' && payload.version === 'h2' ? {...payload, request: {...payload.request, scheme: 'http'}} : payload
}

function inputOf({placed, probe, port}: Observation): EnvoyInput {
  const arrive = `127.0.0.1:${placed.port}`
  const real = `${probe.from}:${port}`
  const sent = sentOf(probe)
  if (probe.claimed === undefined) return {capture: 'direct', arrive, src: real, ...sent}
  const {source, destination} = probe.claimed
  return {capture: 'proxy_protocol', arrive, src: text(source), dst: text(destination), direct_src: real, ...sent}
}

function text({ip, port}: {ip: string; port: number}): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

function sentOf({sends}: Probe): Pick<EnvoyInput, 'tls' | 'http' | 'inner'> {
  switch (sends.kind) {
    case 'opaque':
      return {}
    case 'tls':
      return {tls: {sni: sends.sni, alpn: [...sends.alpn]}, ...(sends.request === undefined ? {} : {http: httpOf('h1', sends.request)})}
    case 'hello':
      return {tls: {sni: sends.sni, alpn: [...sends.alpn]}}
    case 'http': {
      const http = httpOf(sends.version, sends.request)
      // What goes through a tunnel is the ping of the client.
      return http.method === 'CONNECT' ? {http, inner: {}} : {http}
    }
    default:
      return sends satisfies never
  }
}

function httpOf(version: 'h1' | 'h2', {method, authority, path, headers}: Request): NonNullable<EnvoyInput['http']> {
  return {version, method, authority, path, headers: headers.map(([name, value]) => [name, value])}
}

function candidateOf(path: Path): Candidate {
  const [first] = path.exits
  const conditions = path.exits.flatMap(({requires}) => requires)
  return {
    share: shareToNumber(path.share),
    exact: path.share.exact,
    requires: conditions.map(({what}) => what),
    open: path.undetermined !== undefined || conditions.some(({group}) => group === undefined),
    ...(path.undetermined === undefined ? {} : {undetermined: path.undetermined}),
    account: compact({
      result: path.client.result,
      status: path.client.status,
      location: path.client.location,
      ...rowAccount(path.hops[0] ?? {}),
      ...(first === undefined ? {} : claimed(first)),
      ...upstreamAccount(path.exits.at(-1)),
    }),
  }
}

const ROW_FIELDS = ['filter_chain', 'virtual_host', 'route', 'cluster', 'upstream_host', 'code'] as const

function rowAccount(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(ROW_FIELDS.map((name) => [name, row[name]]))
}

/** Where the engine says nothing about flags or details, it claims nothing. */
function claimed(exit: Exit): Record<string, unknown> {
  const {flags, details} = exit.log ?? {}
  const denied = exit.kind === 'stop' && exit.verdict.kind === 'denied' && exit.verdict.layer === 'l4' ? exit.verdict.reason : undefined
  return {flags, details, termination: denied}
}

function upstreamAccount(exit: Exit | undefined): Record<string, unknown> {
  if (exit?.kind !== 'depart') return {}
  const {to, source, payload} = exit.departure
  if (to.kind !== 'socket') return requestAccount(payload)
  const from = source.kind === 'kept' ? source.address.ip : undefined
  return {'upstream reached': to.ip, 'upstream dialled from': from, ...requestAccount(payload)}
}

function requestAccount(payload: Payload): Record<string, unknown> {
  if (payload.kind === 'proxy-protocol') {
    return {'upstream announced': `${text(payload.source)} > ${text(payload.destination)}`, ...requestAccount(payload.payload)}
  }
  if (payload.kind !== 'http') return {}
  const {method, authority, path, headers} = payload.request
  return {
    'upstream method': method,
    'upstream authority': authority,
    'upstream path': path,
    ...generatedHeaders(headers),
  }
}

/** Headers that the generators name; Envoy adds more of its own. The order of different names means nothing. */
function generatedHeaders(headers: readonly (readonly [string, string])[]): Record<string, unknown> {
  const lines = headers.filter(([name]) => name.startsWith('x-gen-')).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return lines.length === 0 ? {} : {'upstream headers': lines.map(([name, value]) => `${name}: ${value}`).join('\n')}
}

/** The same words from what really happened. */
export function accountOf({reply, records}: Observation): Account {
  return compact({
    result: reply.result,
    status: reply.status,
    location: reply.location,
    ...loggedAccount(records ?? []),
    ...(reply.upstream === undefined ? {} : upstreamSeen(reply.upstream)),
  })
}

/** The request's record says more than its connection's. A connection has no code; Envoy prints 0. */
function loggedAccount(records: readonly LogRecord[]): Record<string, unknown> {
  const connection = records.find(({level}) => level === 'listener')
  const request = records.find(({level}) => level === 'request')
  const told = {...connection, ...withoutNulls(request)}
  return {...rowAccount(told), code: request?.code, flags: told.flags, details: told.details, termination: connection?.termination}
}

function withoutNulls(record: LogRecord | undefined): Partial<LogRecord> {
  return record === undefined ? {} : Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}

function upstreamSeen({reached, from, announced, method, path, headers = []}: UpstreamView): Record<string, unknown> {
  const met = {'upstream reached': reached, 'upstream dialled from': from, 'upstream announced': announced}
  if (method === undefined) return met
  return {
    ...met,
    'upstream method': method,
    'upstream authority': headers.find(([name]) => name === 'host')?.[1],
    'upstream path': path,
    ...generatedHeaders(headers),
  }
}

function compact(values: Record<string, unknown>): Account {
  const known = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== '-')
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]))
}

/** Facts that only count where the engine claims them. */
const CLAIMS = new Set(['flags', 'details', 'termination', 'upstream dialled from'])

/** The facts in which a candidate and the observation differ. */
export function differences(predicted: Account, observed: Account): string[] {
  const names = new Set([...Object.keys(predicted), ...Object.keys(observed)])
  return [...names].filter((name) => predicted[name] !== observed[name] && !(CLAIMS.has(name) && predicted[name] === undefined))
}
