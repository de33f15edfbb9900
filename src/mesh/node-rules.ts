import type {Forwarder} from '../flow/forwarder.js'
import type {Listening} from './listening.js'

/** Recorded packet rules of one node and its pods, as forwarders. */
export interface NodeRules {
  /** The node with all its pods; absent where the rules of the node, or of its ztunnel pod, were not recorded. */
  readonly node?: Forwarder
  /** Whether kube-proxy's chains are among the rules of the node, so that they say all about services. */
  readonly translatesServices: boolean
  /** Whether all of it was recorded for IPv6 too. */
  readonly ipv6: boolean
  /** What is surely wrong with the state of the node and its pods, or was left out of it, one sentence each. */
  readonly problems: readonly string[]
  /** `namespace/pod`. */
  readonly pod: (name: string) => PodRules | undefined
}

/** Recorded packet rules of one pod. */
interface PodRules {
  /** The pod alone: what leaves it has left what is known. */
  readonly forwarder: Forwarder
  /** Whether ztunnel's sockets are in it (GA). */
  readonly holdsZtunnel: boolean
  /** Where its processes listen; absent where nobody looked. */
  readonly listensAt?: Listening
}
