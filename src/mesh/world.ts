import type {Forwarder} from '../flow/forwarder.js'
import type {Admission} from './admission.js'
import type {Directory, Enrolment, Workload} from './directory.js'
import type {Generation} from './generation.js'
import type {Listening} from './listening.js'
import type {NodeRules} from './node-rules.js'

/** One cluster, as far as it is known. */
export interface World {
  readonly directory: Directory
  /** 2022 unless told. */
  readonly generation?: Generation
  /** Its name, where there are several clusters. */
  readonly cluster?: string
  /** The network its pods are in, where somebody says so. */
  readonly network?: string
  /** The engine of a proxy pod; undefined when its dump is not there. */
  readonly forwarderOf: (workload: Workload) => Forwarder | undefined
  /** The ztunnel that holds a pod's sockets (GA); undefined when no dump of any ztunnel is there. */
  readonly ztunnelFor?: (pod: Workload) => Forwarder | undefined
  /** What is known about a pod's capture beside the directory. */
  readonly captureOf?: (workload: Workload) => Enrolment
  /** What NetworkPolicies admit; absent where none were collected. */
  readonly admission?: Admission
  /** The recorded packet rules of a node and its pods. */
  readonly rulesOf?: (node: string) => NodeRules | undefined
  /** What the question says about a pod's capture, against the data. */
  readonly enrolmentOverride?: ReadonlyMap<string, Enrolment>
  readonly listensAt?: Listening
}

export function nameOf({cluster}: Pick<World, 'cluster'>): string {
  return cluster ?? '(unnamed)'
}
