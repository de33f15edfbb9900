import type {Rejected} from '../../flow/step.js'
import {printJson} from '../format/value.js'
import type {Choice} from './choice.js'
import type {Host, HostSet} from './host.js'
import {holdsLabels} from './metadata.js'
import type {BalancingPolicy} from './policy.js'
import {LB_NAMESPACE, type Criteria} from './subset.js'

/** Rejected hosts listed in full; more are only counted. */
export const MAX_REJECTED = 20

interface Rejecting {
  readonly sets: readonly HostSet[]
  readonly choice: Choice
  readonly policy: BalancingPolicy
  readonly criteria: Criteria
}

/** Hosts that get no traffic, and the field that ruled each out. */
export function rejectedHosts({sets, choice, policy, criteria}: Rejecting): readonly Rejected[] {
  const chosen = new Set(choice.candidates.map(({host}) => host))
  const all = sets.flatMap((set, priority) => set.hosts.filter((host) => !chosen.has(host)).map((host) =>
    ({candidate: host.text, because: reason(host, {set, priority, policy, criteria})})))
  const sorted = all.sort((a, b) => compare(a.candidate, b.candidate) || compare(a.because, b.because))
  if (sorted.length <= MAX_REJECTED) return sorted
  return [...sorted.slice(0, MAX_REJECTED), {candidate: `${sorted.length - MAX_REJECTED} more hosts`, because: 'not listed one by one'}]
}

interface Place extends Pick<Rejecting, 'policy' | 'criteria'> {
  readonly set: HostSet
  readonly priority: number
}

function reason(host: Host, {set, priority, policy, criteria}: Place): string {
  const wanted = policy.subset !== undefined && criteria.size > 0
  if (wanted && !holdsLabels({labels: criteria, metadata: host.metadata.get(LB_NAMESPACE), listAsAny: policy.subset?.listAsAny === true})) {
    return `metadata envoy.lb ${printJson(host.metadata.get(LB_NAMESPACE) ?? {})}`
  }
  if (host.health !== 'healthy') return `health_status ${host.status}`
  if (policy.localityWeighted && (set.localityWeights.get(host.locality) ?? 0) === 0) return 'locality load_balancing_weight 0'
  return priority > 0 ? `priority ${priority}` : 'outside the subset'
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
