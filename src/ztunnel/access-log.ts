import {identityOf, serviceKey, type Service, type Workload} from './config/model.js'
import type {InboundConnection, InboundOutcome, InboundTarget} from './inbound/outcome.js'
import type {OutboundOutcome} from './outbound/outcome.js'
import {overHistories} from './state/history.js'
import type {ZtunnelState} from './state/state.js'
import {workloadByAddress} from './state/workload-by-address.js'

/** The deciding fields of one line of ztunnel's access log, under the names it prints; what a line lacks is absent (ambient-ga C.5). */
export interface AccessLine {
  readonly direction: 'inbound' | 'outbound'
  readonly 'src.workload'?: string
  readonly 'src.namespace'?: string
  readonly 'src.identity'?: string
  readonly 'dst.hbone_addr'?: string
  readonly 'dst.service'?: string
  readonly 'dst.workload'?: string
  readonly 'dst.namespace'?: string
  readonly 'dst.identity'?: string
  readonly error?: string
}

export interface OutboundLogged {
  readonly source: Workload
  readonly outcome: OutboundOutcome
  /** What went wrong after the decision: while dialling, or as the peer's answer. */
  readonly error?: string
  /** Who answered at the end of a double tunnel, if it says so: from 1.29 with `enableEnhancedBaggage`. */
  readonly answeredBy?: Workload
}

/** The line of the client's ztunnel. A connection that is refused before it is dialled only leaves its error. */
export function outboundLine({source, outcome, error, answeredBy}: OutboundLogged): AccessLine | undefined {
  if (outcome.kind === 'unknown') return undefined
  if (outcome.kind === 'failure') return {direction: 'outbound', error: outcome.error}
  const {nextHop, service, authority} = outcome
  const hbone = outcome.protocol !== 'TCP'
  return {
    direction: 'outbound',
    ...sourceFields(source, hbone ? identityOf(source) : undefined),
    ...(hbone && authority !== undefined ? {'dst.hbone_addr': authority} : {}),
    ...destinationFields({workload: nextHop, service, hbone}),
    ...(answeredBy === undefined ? {} : farFields(answeredBy)),
    ...(error === undefined ? {} : {error}),
  }
}

/** By the name of its Deployment, which is all that the answer tells. */
function farFields(workload: Workload): Partial<AccessLine> {
  return {'dst.workload': workload.workloadName, 'dst.namespace': workload.namespace, 'dst.identity': identityOf(workload)}
}

export interface InboundLogged {
  readonly state: ZtunnelState
  readonly connection: InboundConnection
  readonly outcome: InboundOutcome
  /** What went wrong after the policies: the application did not answer. */
  readonly error?: string
}

/** The line of the destination's ztunnel. A request that is not in order only leaves its error. */
export function inboundLine(logged: InboundLogged): AccessLine | undefined {
  const {outcome} = logged
  if (outcome.kind === 'unknown') return undefined
  if (outcome.kind === 'rejected') return {direction: 'inbound', error: outcome.error}
  const error = outcome.kind === 'denied' ? outcome.error : logged.error
  const {state, connection} = logged
  const hbone = connection.connect !== undefined
  return {
    direction: 'inbound',
    ...sourceFields(peerWorkload(state, connection), connection.identity),
    ...(connection.connect === undefined ? {} : {'dst.hbone_addr': connection.connect.authority}),
    ...destinationFields({
      workload: outcome.target.workload,
      service: guessService(state, {target: outcome.target, forwardedHost: connection.connect?.forwardedHost}),
      hbone,
    }),
    ...(error === undefined ? {} : {error}),
  }
}

/** What the client's ztunnel logs when the other side answers its CONNECT with another status than 200 (ambient-ga C.5). */
export function statusError(status: number): string {
  const text = STATUS_TEXTS.get(status)
  return text === undefined ? `http status: ${status}` : `http status: ${status} ${text}`
}

const STATUS_TEXTS: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [503, 'Service Unavailable'],
])

function sourceFields(workload: Pick<Workload, 'name' | 'namespace'> | undefined, identity: string | undefined): Partial<AccessLine> {
  return {
    ...(workload === undefined ? {} : {'src.workload': workload.name, 'src.namespace': workload.namespace}),
    ...(identity === undefined ? {} : {'src.identity': identity}),
  }
}

interface Destination {
  readonly workload: Workload | undefined
  readonly service: Service | undefined
  readonly hbone: boolean
}

function destinationFields({workload, service, hbone}: Destination): Partial<AccessLine> {
  return {
    ...(service === undefined ? {} : {'dst.service': service.hostname}),
    ...(workload === undefined ? {} : {'dst.workload': workload.name, 'dst.namespace': workload.namespace}),
    ...(workload === undefined || !hbone ? {} : {'dst.identity': identityOf(workload)}),
  }
}

/**
 * The workload at the address of the peer; behind a gateway somebody of another identity has it, and only what the client said of itself
 * is left, by the name of its Deployment (ambient-ga B.7, J.10).
 */
function peerWorkload(
  state: ZtunnelState,
  {source, identity, connect}: InboundConnection,
): Pick<Workload, 'name' | 'namespace'> | undefined {
  const address = {network: state.config.settings.network, ip: source.ip}
  const found = overHistories((history) => workloadByAddress(state, {address, history})).told[0]?.value
  if (found !== undefined && (identity === undefined || identityOf(found) === identity)) return found
  const {workloadName: name, namespace} = connect?.baggage ?? {}
  return name === undefined || namespace === undefined ? undefined : {name, namespace}
}

interface Guessed {
  readonly target: InboundTarget
  readonly forwardedHost: string | undefined
}

/** The service the client named, else the first of the pod that leads to the port: a guess for calls by address (ambient-ga I.11). */
function guessService(state: ZtunnelState, guessed: Guessed): Service | undefined {
  const {workload, upstream, service} = guessed.target
  if (service !== undefined) return service
  const services = state.servicesOfWorkload.get(workload.uid) ?? []
  const named = services.find(({hostname}) => hostname === guessed.forwardedHost)
  if (named !== undefined) return named
  const listed = workload.services.flatMap((key) => services.find((one) => serviceKey(one) === key) ?? [])
  const candidates = listed.length > 0 ? listed : services
  return candidates.find(({endpoints}) =>
    endpoints.some(({workloadUid, ports}) => workloadUid === workload.uid && [...ports.values()].includes(upstream.port)),
  )
}
