import type {Evidence} from '../flow/step.js'
import type {Tri} from '../flow/tri.js'

/** What NetworkPolicies say about a TCP connection between two addresses, in one direction. */
export interface Admitted {
  readonly direction: 'egress' | 'ingress'
  readonly admitted: Tri
  /** `namespace/name` of the policies that isolate the pod, or may; those of other kinds with their kind before it. */
  readonly policies: readonly string[]
  readonly because: string
  /** What to add to which policy, where the connection is not admitted. */
  readonly advice?: string
  /** What a `no` depends on, where that is not known. */
  readonly doubt?: Doubt
  readonly evidence: readonly Evidence[]
}

/** Two conditions of which exactly one is true. */
export interface Doubt {
  /** The connection is blocked. */
  readonly holds: string
  readonly fails: string
}

/** Judges a connection as the network carries it: after NAT, before what pods do inside. Both directions, egress first. */
export type Admission = (hop: {readonly source: string; readonly destination: string; readonly port: number}) => readonly Admitted[]

/** For people: `NetworkPolicy shop/a, shop/b`, and those of other kinds by theirs. */
export function policiesText(policies: readonly string[]): string {
  const own = policies.filter((name) => !name.includes(' '))
  return [...(own.length === 0 ? [] : [`NetworkPolicy ${own.join(', ')}`]), ...policies.filter((name) => name.includes(' '))].join(', ')
}
