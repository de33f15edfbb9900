import type {NamelessCluster} from './nameless-cluster.js'

/** What is known from outside about the endpoints of one cluster. */
export interface Expected {
  /** `ip:port`, IPv6 in brackets. */
  readonly addresses: ReadonlySet<string>
  /** False: there may be more. */
  readonly complete: boolean
}

/**
 * Knowledge from outside the dump (inventory, other dumps, `/clusters` text). Any of the answers may hold; undefined or none: nothing is known.
 * It may be older or newer than the dump: an answer that fits no assignment is dropped.
 */
export type Corroborate = (cluster: NamelessCluster) => readonly Expected[] | undefined

export function isAmong(addresses: ReadonlySet<string>, expected: readonly Expected[]): boolean {
  return expected.some(
    (one) =>
      (one.complete ? one.addresses.size === addresses.size : one.addresses.size > 0) &&
      [...one.addresses].every((address) => addresses.has(address)),
  )
}
