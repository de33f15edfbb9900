import type {EnvoyConfig, ListenerResource} from '../envoy/config/model.js'
import {assumedMethod} from '../flow/assumed-method.js'
import type {WalkQuestion} from './walk-arrival.js'

/** A question with what it left open filled in, and each filling as one phrase. */
export interface CompleteWalk {
  readonly question: WalkQuestion
  readonly assumptions: readonly string[]
}

/** Fills in where the connection enters, if only one place is possible, and what a request does not say. */
export function completeWalk(asked: WalkQuestion, config: EnvoyConfig): CompleteWalk {
  const entered = withEntry(asked, config)
  const requested = withRequest(entered.question)
  return {question: requested.question, assumptions: [...entered.assumptions, ...requested.assumptions]}
}

function withEntry(question: WalkQuestion, config: EnvoyConfig): CompleteWalk {
  const entry = question.port === undefined && question.listener === undefined ? onlyEntry(question, config) : undefined
  return entry === undefined ? {question, assumptions: []} : {question: {...question, port: entry.port}, assumptions: [entry.why]}
}

/** The port that was dialled, where a listener is bound to it; else that of the only listener. */
function onlyEntry({destination}: WalkQuestion, config: EnvoyConfig): {readonly port: number; readonly why: string} | undefined {
  const bound = config.listeners().filter(takesConnections)
  const ports = bound.map(portOf)
  const [port] = ports
  const dialled = destination?.port
  if (dialled !== undefined && ports.includes(dialled)) return {port: dialled, why: `port ${dialled}, as dialled`}
  return port === undefined || bound.length > 1 ? undefined : {port, why: `port ${port}, that of the only listener`}
}

function takesConnections({state, view}: ListenerResource): boolean {
  const socket = view.path('address', 'socket_address')
  const isServing = state === 'active' || state === 'static'
  return isServing && socket !== undefined && socket.str('protocol') !== 'UDP' && view.bool('bind_to_port') !== false
}

function portOf({view}: ListenerResource): number | undefined {
  return view.path('address', 'socket_address')?.port('port_value')
}

/** A CONNECT has no path. */
function withRequest(question: WalkQuestion): CompleteWalk {
  const {method, authority, path, headers} = question
  const isRequest = [method, authority, path, headers].some((part) => part !== undefined)
  if (!isRequest || method === 'CONNECT') return {question, assumptions: []}
  const assumed = assumedMethod(headers ?? [])
  return {
    question: {...question, method: method ?? assumed, path: path ?? '/'},
    assumptions: [...(method === undefined ? [`method ${assumed}`] : []), ...(path === undefined ? ['path /'] : [])],
  }
}
