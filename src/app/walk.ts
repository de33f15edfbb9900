import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {Arrival, HttpRequest, Payload} from '../flow/connection.js'
import type {Flow, Trace} from '../flow/trace.js'
import type {TraceLimits} from '../mesh/tracer.js'
import {startInside} from '../mesh/walk.js'
import {findDump, findProxy} from './find-proxy.js'
import type {Mesh} from './mesh.js'
import {explore} from './trace.js'
import {completeWalk} from './walk-assumed.js'
import {ANY_SOCKET, walkArrival, type WalkQuestion} from './walk-arrival.js'
import {walkZtunnel, type ZtunnelWalk} from './walk-ztunnel.js'

export interface WalkOptions {
  readonly question: WalkQuestion
  readonly limits?: Partial<TraceLimits>
  /** Minor release of Istio 1.x that a Rust ztunnel is taken for, whatever its dump says. */
  readonly ztunnelMinor?: number
}

/**
 * What one proxy does with a connection: its listener passages up to where the connection leaves it.
 * @throws UsageError for an unknown proxy or listener, or when neither listener nor port is given.
 */
export async function walkProxy(mesh: Mesh, {limits, ...asked}: WalkOptions): Promise<Trace> {
  const {forwarder, arrival, owner, warnings, assumptions = []} = await enterProxy(mesh, asked)
  const start = startInside(forwarder, {arrival, directory: mesh.directory, ...(owner === undefined ? {} : {owner})})
  const graph = await explore(mesh, {start, ...(limits === undefined ? {} : {limits})})
  const {entry, originalDestination} = arrival
  const dialled = originalDestination ?? (entry.kind === 'socket' ? {ip: entry.ip, port: entry.port} : ANY_SOCKET)
  return {
    schemaVersion: 'ambientctl.trace/1',
    question: {source: formatSocket(arrival.source ?? ANY_SOCKET), destination: formatSocket(dialled), proxy: asked.question.proxy},
    flow: {...flowOf(arrival, dialled), ...(assumptions.length === 0 ? {} : {assumptions})},
    ...graph,
    warnings: [...warnings, ...graph.warnings],
  }
}

type Entered = Omit<ZtunnelWalk, 'owner'> & Partial<Pick<ZtunnelWalk, 'owner'>> & {readonly assumptions?: readonly string[]}

async function enterProxy(mesh: Mesh, {question, ztunnelMinor: minor}: WalkOptions): Promise<Entered> {
  const found = findDump(mesh, question.proxy)
  const loaded = await found.load()
  if (loaded.kind === 'ztunnel') return walkZtunnel({dump: found, loaded}, {question, ...(minor === undefined ? {} : {minor})})
  const {dump, config} = await findProxy(mesh, question.proxy)
  const {question: complete, assumptions} = completeWalk(question, config)
  return {
    arrival: walkArrival(complete, config),
    forwarder: mesh.shelf.alone(dump, config),
    warnings: shortList(config.warnings),
    assumptions,
  }
}

const MAX_WARNINGS = 10

/** What a dump says of itself; a broken one says it hundreds of times. */
function shortList(warnings: readonly string[]): readonly string[] {
  const left = warnings.length - MAX_WARNINGS
  return left <= 0 ? warnings : [...warnings.slice(0, MAX_WARNINGS), `+${left} more: \`ambientctl dump -o summary\` lists them`]
}

function flowOf(arrival: Arrival, dialled: SocketAddress): Flow {
  const source = arrival.source ?? ANY_SOCKET
  const request = requestOf(arrival.payload)
  return {
    source: {name: source.ip, kind: 'address', ip: source.ip, basis: 'recorded', ...identityOf(arrival.payload)},
    destination: {name: dialled.ip, kind: 'address', ip: dialled.ip, basis: 'recorded'},
    connection: {source, destination: dialled},
    protocol: request === undefined ? 'unknown' : 'http',
    ...(request === undefined ? {} : {request}),
    clientKind: 'outside',
  }
}

function requestOf(payload: Payload): HttpRequest | undefined {
  if (payload.kind === 'tls') return requestOf(payload.payload)
  return payload.kind === 'http' ? payload.request : undefined
}

function identityOf(payload: Payload): {identity?: string} {
  const [identity] = payload.kind === 'tls' ? (payload.peer?.uriSans ?? []) : []
  return identity === undefined ? {} : {identity}
}
