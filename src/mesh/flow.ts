import {assumedMethod, GRPC_CONTENT_TYPE} from '../flow/assumed-method.js'
import type {HttpRequest, Payload} from '../flow/connection.js'
import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {ClientKind, Flow, FlowPeer, Question} from '../flow/trace.js'
import type {Destination} from './destination-names.js'
import type {Enrolment, Workload} from './directory.js'
import {declaredProtocol, type SpokenProtocol} from './protocol.js'
import type {Source} from './source-names.js'

/** A flow and the bytes its client sends. */
export interface PreparedFlow {
  readonly flow: Flow
  readonly payload: Payload
}

export interface FlowParts {
  readonly question: Question
  readonly source: Source
  readonly destination: Destination
}

/** The question with names resolved; what it leaves open is filled in and listed under `assumptions`. */
export function prepareFlow(parts: FlowParts): PreparedFlow {
  const {question, source, destination} = parts
  const spoken = protocolOf(question, destination)
  const headers = headersOf(question, spoken)
  const request = spoken.protocol === 'http' ? requestOf(question, {destination, headers}) : undefined
  const client = clientKindOf(source, question.fromKind)
  const from = sourcePeer(source)
  const [first, ...others] = destination.addresses
  const assumptions = [...spoken.assumptions, ...requestAssumptions(question, request), ...client.assumptions]
  return {
    payload: payloadOf(spoken, {request, question}),
    flow: {
      source: from,
      destination: destinationPeer(destination, first),
      connection: {source: {ip: from.ip, port: 0}, destination: first},
      protocol: spoken.protocol,
      ...(request === undefined ? {} : {request}),
      clientKind: client.kind,
      ...(others.length === 0 ? {} : {alternatives: destination.addresses}),
      ...(assumptions.length === 0 ? {} : {assumptions}),
    },
  }
}

/** The stand-in for "any address outside". */
export const ANY_ADDRESS = '0.0.0.0'

type Spoken = SpokenProtocol & {readonly assumptions: readonly string[]}

function protocolOf(question: Question, destination: Destination): Spoken {
  const declared = declaredProtocol(destination.port)
  const asked = question.httpVersion === undefined ? {} : {version: question.httpVersion}
  if (question.protocol !== undefined) {
    return {
      version: 'h1',
      ...(declared?.protocol === question.protocol ? declared : {}),
      ...asked,
      protocol: question.protocol,
      assumptions: [],
    }
  }
  if (asksHttp(question)) {
    return {version: 'h1', ...(declared?.protocol === 'http' ? declared : {}), ...asked, protocol: 'http', assumptions: []}
  }
  if (question.sni !== undefined) return {protocol: 'tls', assumptions: []}
  return declared === undefined
    ? {protocol: 'unknown', assumptions: []}
    : {...declared, assumptions: [`protocol ${declared.protocol} (${declared.because})`]}
}

function asksHttp(question: Question): boolean {
  return question.method !== undefined || question.path !== undefined || question.host !== undefined || (question.headers ?? []).length > 0
}

type Headers = HttpRequest['headers']

/** A gRPC client says in content-type what it sends; without method and content-type the question leaves both to the port. */
function headersOf({headers = [], method}: Question, {isGrpc, version}: Spoken): Headers {
  const asked = headers.map(([name, value]) => [name.toLowerCase(), value] as const)
  const isSilent = method === undefined && asked.every(([name]) => name !== 'content-type')
  return isGrpc === true && version === 'h2' && isSilent ? [...asked, ['content-type', GRPC_CONTENT_TYPE]] : asked
}

function requestOf(
  question: Question,
  {destination, headers}: {readonly destination: Destination; readonly headers: Headers},
): HttpRequest {
  return {
    method: question.method ?? assumedMethod(headers),
    authority: question.host ?? authorityOf(destination),
    path: question.path ?? '/',
    scheme: 'http',
    headers,
  }
}

/** What a client would put into Host: the name as typed, with the port unless it is 80. */
function authorityOf({typed, service, port}: Destination): string {
  const host = typed.includes('/') ? (service?.host ?? typed) : typed
  if (port.port === 80) return host.includes(':') ? `[${host}]` : host
  return formatSocket({ip: host, port: port.port})
}

function requestAssumptions(question: Question, request: HttpRequest | undefined): readonly string[] {
  if (request === undefined) return []
  return [
    ...(question.method === undefined ? [`method ${request.method}`] : []),
    ...(question.path === undefined ? [`path ${request.path ?? ''}`] : []),
    ...(question.host === undefined ? [`host ${request.authority}`] : []),
    ...request.headers.slice((question.headers ?? []).length).map(([name, value]) => `header ${name}: ${value}`),
  ]
}

function payloadOf(
  spoken: SpokenProtocol,
  {request, question}: {readonly request: HttpRequest | undefined; readonly question: Question},
): Payload {
  switch (spoken.protocol) {
    case 'http':
      return request === undefined ? {kind: 'unknown'} : {kind: 'http', version: spoken.version ?? 'h1', request}
    case 'tls':
      return {kind: 'tls', ...(question.sni === undefined ? {} : {sni: question.sni}), alpn: [], trusted: true, payload: {kind: 'unknown'}}
    case 'tcp':
      return {kind: 'opaque'}
    case 'unknown':
      return {kind: 'unknown'}
    default:
      return spoken.protocol satisfies never
  }
}

interface Client {
  readonly kind: ClientKind
  readonly assumptions: readonly string[]
}

function clientKindOf(source: Source, asked: ClientKind | undefined): Client {
  if (asked !== undefined) return {kind: asked, assumptions: []}
  if (source.kind === 'workload') return workloadKind(source.workload)
  if (source.kind === 'node') return {kind: 'uncaptured', assumptions: []}
  return {kind: 'outside', assumptions: source.kind === 'outside' ? [`source address any (${ANY_ADDRESS})`] : []}
}

function workloadKind(workload: Workload): Client {
  if (workload.role === 'sidecar' || workload.role === 'gateway') return {kind: workload.role, assumptions: []}
  if (workload.role !== 'app' || workload.hostNetwork) return {kind: 'uncaptured', assumptions: []}
  const {captured, because, basis = workload.evidence.basis} = workload.enrolment
  if (captured === 'undetermined') return {kind: 'uncaptured', assumptions: [`client kind is not known: ${because}`]}
  return {
    kind: captured === 'yes' ? 'ambient' : 'uncaptured',
    assumptions: basis === 'recorded' ? [] : [`source captured (${because})`],
  }
}

/** What `--from-kind` says about the source's capture. */
export function askedEnrolment(kind: ClientKind): Enrolment {
  return {captured: kind === 'ambient' ? 'yes' : 'no', because: `asked for client kind ${kind}`}
}

function sourcePeer(source: Source): FlowPeer {
  switch (source.kind) {
    case 'workload':
      return workloadPeer(source.workload, source.workload.ips[0] ?? ANY_ADDRESS)
    case 'node':
      return {name: source.node.name, kind: 'node', ip: source.node.ips[0] ?? ANY_ADDRESS, basis: 'recorded'}
    case 'address':
      return {name: source.ip, kind: 'address', ip: source.ip, basis: 'recorded'}
    case 'outside':
      return {name: 'external', kind: 'outside', ip: ANY_ADDRESS, basis: 'assumed'}
    default:
      return source satisfies never
  }
}

function destinationPeer({service, workload}: Destination, {ip}: SocketAddress): FlowPeer {
  if (service !== undefined) return {name: service.host, kind: 'service', namespace: service.namespace, ip, basis: service.evidence.basis}
  return workload === undefined ? {name: ip, kind: 'address', ip, basis: 'recorded'} : workloadPeer(workload, ip)
}

function workloadPeer(workload: Workload, ip: string): FlowPeer {
  const {name, namespace, identity, evidence} = workload
  return {name, kind: 'pod', namespace, ip, basis: evidence.basis, ...(identity === undefined ? {} : {identity})}
}
