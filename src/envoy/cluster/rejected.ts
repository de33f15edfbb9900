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
  const all = sets.flatMap((set, priority) => {
    const unused = !set.hosts.some((host) => chosen.has(host))
    return set.hosts
      .filter((host) => !chosen.has(host))
      .map((host) => ({candidate: host.text, because: reason(host, {set, priority, unused, policy, criteria})}))
  })
  const sorted = all.sort((a, b) => compare(a.candidate, b.candidate) || compare(a.because, b.because))
  if (sorted.length <= MAX_REJECTED) return sorted
  return [...sorted.slice(0, MAX_REJECTED), {candidate: `${sorted.length - MAX_REJECTED} more hosts`, because: 'not listed one by one'}]
}

interface Place extends Pick<Rejecting, 'policy' | 'criteria'> {
  readonly set: HostSet
  readonly priority: number
  /** No host of the priority was chosen. */
  readonly unused: boolean
}

function reason(host: Host, {set, priority, unused, policy, criteria}: Place): string {
  if (policy.subset !== undefined && !inSubset(host, {criteria, listAsAny: policy.subset.listAsAny})) {
    return `metadata envoy.lb ${printJson(host.metadata.get(LB_NAMESPACE) ?? {})}`
  }
  if (host.health !== 'healthy') return `health_status ${host.status}`
  if (unused) return `priority ${priority}`
  const weightless = policy.localityWeighted && set.localityWeights?.has(host.locality) === false
  if (policy.proxies.kind === 'known') return `zone aware routing keeps away from ${host.locality}`
  return weightless ? 'locality load_balancing_weight 0' : 'outside the subset'
}

function inSubset(host: Host, {criteria, listAsAny}: {readonly criteria: Criteria; readonly listAsAny: boolean}): boolean {
  return holdsLabels({labels: criteria, metadata: host.metadata.get(LB_NAMESPACE), listAsAny})
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
