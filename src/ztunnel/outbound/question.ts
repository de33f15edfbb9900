import type {SocketAddress} from '../../flow/address.js'
import type {Workload} from '../config/model.js'
import type {History} from '../state/history.js'
import type {ZtunnelState} from '../state/state.js'

/** What resolves the hostname of a workload without addresses; undefined when nobody knows the answer. */
export type Resolver = (hostname: string) => readonly string[] | undefined

/** One connection that ztunnel accepted from a pod. */
export interface OutboundQuestion {
  readonly state: ZtunnelState
  readonly source: Workload
  /** Address of the client as the accepted socket tells it. */
  readonly sourceIp: string
  readonly target: SocketAddress
  readonly history: History
  readonly resolve: Resolver
}
