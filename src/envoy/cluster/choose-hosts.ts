import {balance} from './balance.js'
import type {Choice} from './choice.js'
import type {HostSet} from './host.js'
import type {BalancingPolicy} from './policy.js'
import {balanceSubset, type Criteria, type Spread} from './subset.js'

interface Choosing {
  readonly sets: readonly HostSet[]
  readonly policy: BalancingPolicy
  readonly criteria: Criteria
  /** How to spread over host sets, where it is not for the policy alone to say. */
  readonly spread?: Spread
}

/** The hosts a cluster with a list of hosts can pick. */
export function chooseHosts({sets, policy, criteria, spread = (rest) => balance(rest, policy)}: Choosing): Choice {
  return policy.subset === undefined ? spread(sets) : balanceSubset({sets, subset: policy.subset, spread}, criteria)
}

/** Why the policy leaves open which hosts it picks; undefined when it does not. */
export function openChoice(policy: BalancingPolicy): string | undefined {
  return policy.pick === 'unknown' || policy.pick === 'provided' ? `which hosts load balancing policy ${policy.name} picks` : undefined
}
