import type {Forwarder, Forwarding, Place} from '../flow/forwarder.js'
import type {ZtunnelConfig} from './config/model.js'
import {forwardInbound} from './forward/inbound.js'
import {forwardOutbound, type PodAt} from './forward/outbound.js'
import {stopped} from './forward/exits.js'
import type {Resolver} from './outbound/question.js'
import {createState} from './state/state.js'

export interface ZtunnelForwarderInput {
  readonly config: ZtunnelConfig
  readonly place: Place
  /** The dump is of another node's ztunnel, for want of the right one: it knows the same mesh, but not the same pods (ambient-ga 0.8). */
  readonly standIn?: boolean
  /** Answers of the resolver ztunnel asks for workloads that have a hostname instead of addresses. */
  readonly resolve?: Resolver
  /** The pod that has an address, where somebody else than ztunnel knows: the node agent tells ztunnel whose sockets it holds. */
  readonly podAt?: PodAt
}

/**
 * One ztunnel as a Forwarder. It accepts what the packet rules of a captured pod redirect: connections of the pod at the outbound port,
 * HBONE and plaintext for the pod at the inbound ports. Whose network namespace it is, the addresses tell: the source's or the destination's.
 */
export function createZtunnelForwarder({config, place, standIn = false, resolve, podAt}: ZtunnelForwarderInput): Forwarder {
  const state = createState(config, {standIn})
  const {ports} = config.settings
  const heldPod: PodAt = (ip) => (standIn ? undefined : held(config, podAt?.(ip)))
  return {
    place,
    forward: (arrival) => {
      const port = arrival.entry.kind === 'socket' ? arrival.entry.port : undefined
      if (port === ports.outbound) return forwardOutbound(state, {arrival, resolve: resolve ?? (() => undefined), podAt: heldPod})
      if (port === ports.hbone || port === ports.plaintext) return forwardInbound(state, {arrival, plaintext: port === ports.plaintext})
      return noListener(port)
    },
  }
}

/** ambient-ga A.8: one that ztunnel really holds. */
function held({capturedPods = []}: ZtunnelConfig, pod: ReturnType<PodAt>): ReturnType<PodAt> {
  const isHeld = capturedPods.some(({name, namespace, up}) => up && name === pod?.name && namespace === pod?.namespace)
  return isHeld ? pod : undefined
}

function noListener(port: number | undefined): Forwarding {
  const reason = `ztunnel does not listen on ${port === undefined ? 'internal addresses or pipes' : `port ${port}`}`
  return {steps: [], exits: [stopped({kind: 'no-listener', reason}, {kind: 'closed', accepted: false})]}
}
