import type {Finding} from '../flow/finding.js'
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
  /** What was left out of the state of the node and its pods, and why, one sentence each. */
  readonly gaps: readonly string[]
  /** What is surely wrong with that state. */
  readonly faults: readonly CaptureFault[]
  /** `namespace/pod`. */
  readonly pod: (name: string) => PodRules | undefined
}

/** Something that keeps packets from going the way ambient means them to go. */
export interface CaptureFault {
  /** Of the one pod it concerns; absent where it concerns every pod of the node. */
  readonly address?: string
  readonly finding: Finding
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
