import {headerLines} from '../connection.js'
import {metadataAtKey} from '../format/value.js'
import type {View} from '../../json/view.js'
import {balance} from './balance.js'
import type {Choice} from './choice.js'
import type {HostSet} from './host.js'
import type {BalancingPolicy} from './policy.js'
import {balanceSubset, type Criteria, type Spread} from './subset.js'
import type {UpstreamContext} from './upstream.js'

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
export function openChoice(policy: BalancingPolicy, context: UpstreamContext): string | undefined {
  if (policy.pick === 'unknown' || policy.pick === 'provided') return `which hosts load balancing policy ${policy.name} picks`
  const source = policy.overrideSources.map((view) => givenBy(view, context)).find((given) => given !== undefined)
  return source === undefined ? undefined : `which host override_host takes from ${source}`
}

/** An override host source that the request really offers. */
function givenBy(source: View, {stream, connection}: UpstreamContext): string | undefined {
  const header = source.str('header') ?? ''
  if (header !== '' && stream !== undefined && headerLines(stream.request, header).length > 0) return `header ${header}`
  const key = source.get('metadata')
  return metadataAtKey(key, (stream ?? connection).metadata) === undefined ? undefined : `metadata ${key?.str('key') ?? ''}`
}
