import type {Condition} from '../../flow/forwarder.js'
import type {View} from '../../json/view.js'
import {single, type Branch} from '../branch.js'
import {printJson} from '../format/value.js'
import {chooseHosts, openChoice} from './choose-hosts.js'
import type {ClusterType} from './cluster-type.js'
import {subsetCriteria} from './criteria.js'
import type {HostSet} from './host.js'
import {hostBranches, noHostBranches} from './host-branches.js'
import {listHosts, type HostList} from './listed-hosts.js'
import {overrideChoice} from './override-host.js'
import {readPolicy, type BalancingPolicy} from './policy.js'
import {loadPriorities} from './priority-load.js'
import {rejectedHosts} from './rejected.js'
import {clusterStep} from './steps.js'
import type {Criteria} from './subset.js'
import type {Target} from './target.js'
import type {Upstream} from './upstream.js'
import {explainZones, knowsZones, zoneRouting} from './zone-routing.js'

type ListedType = Extract<ClusterType, {kind: 'listed'}>
type KnownHosts = Extract<HostList, {kind: 'hosts'}>

/** STATIC, STRICT_DNS, LOGICAL_DNS and EDS: a list of hosts and a policy that picks from it. */
export function resolveListed(target: Target, type: ListedType): Branch<Upstream>[] {
  const {context, cluster} = target
  const list = listHosts({config: context.config, cluster, type})
  if (list.kind === 'undetermined') {
    const step = clusterStep({context, cluster, type, ...(list.join === undefined ? {} : {join: list.join})})
    return single<Upstream>({kind: 'undetermined', cluster, missing: list.missing}, [step])
  }
  const policy = readPolicy(cluster, context)
  return balanceListed({target, type, list, policy, criteria: subsetCriteria(context)})
}

interface Balancing {
  readonly target: Target
  readonly type: ListedType
  readonly list: KnownHosts
  readonly policy: BalancingPolicy
  readonly criteria: Criteria
}

function balanceListed(balancing: Balancing): Branch<Upstream>[] {
  const {target, type, list, policy, criteria} = balancing
  const {context, cluster} = target
  const override = overrideChoice({sets: list.sets, policy, context})
  const because = [...explainBalancing(balancing), ...(override === undefined ? [] : [override.because])]
  const steps = [clusterStep({context, cluster, type, join: list.join, endpoints: list, because})]
  const open = override === undefined ? openChoice(policy) : override.open
  const missing = open === undefined ? [] : [{what: `${open} in cluster ${cluster.name}`}]
  if (missing.length > 0) return single<Upstream>({kind: 'undetermined', cluster, missing}, steps)
  const choice = override?.choice ?? chooseHosts({sets: list.sets, policy, criteria})
  const rejected = override === undefined ? rejectedHosts({sets: list.sets, choice, policy, criteria}) : []
  const branches = [
    ...hostBranches({target, choice, inferred: list.inferred, rejected, steps}),
    ...noHostBranches({target, share: choice.none, text: explainNone(balancing), steps}),
  ]
  const requires = dropConditions(list.assignment)
  return requires.length === 0 ? branches : branches.map((branch) => ({...branch, requires: [...requires, ...branch.requires]}))
}

/** drop_overloads of the assignment: Envoy refuses that share of the requests before a host is chosen. */
function dropConditions(assignment: View): Condition[] {
  return (assignment.get('policy')?.list('drop_overloads') ?? []).map((drop) => {
    const percentage = drop.get('drop_percentage')
    const share = `${percentage?.num('numerator') ?? 0} per ${(percentage?.str('denominator') ?? 'HUNDRED').toLowerCase()}`
    return {what: `drop_overload "${drop.str('category') ?? ''}" must let the request through (it drops ${share})`}
  })
}

function explainBalancing({list, policy, criteria}: Balancing): string[] {
  const subset = policy.subset === undefined ? [] : [`subset ${printJson(Object.fromEntries(criteria))}`]
  return [
    `load balancing ${policy.name}`,
    ...subset,
    ...(policy.subset === undefined ? [...explainPriorities(list.sets, policy), ...explainZoneRouting(list.sets, policy)] : []),
  ]
}

/** Only what is out of the ordinary: several priorities, degraded hosts in use, panic. */
function explainPriorities(sets: readonly HostSet[], policy: BalancingPolicy): string[] {
  const load = loadPriorities(sets, policy.panicThreshold)
  return sets.flatMap((_, priority) => {
    const [healthy, degraded] = [load.healthy[priority] ?? 0, load.degraded[priority] ?? 0]
    return [
      ...(sets.length > 1 ? [`priority ${priority} takes ${healthy + degraded} %`] : []),
      ...(degraded > 0 ? [`degraded hosts of priority ${priority} take ${degraded} %`] : []),
      ...(healthy > 0 && load.panic[priority] === true ? [`priority ${priority} is in panic: health does not count`] : []),
    ]
  })
}

function explainZoneRouting([first]: readonly HostSet[], policy: BalancingPolicy): string[] {
  return first === undefined || !knowsZones(policy) ? [] : explainZones(zoneRouting(first, policy))
}

function explainNone({target: {cluster}, list, policy, criteria}: Balancing): string {
  const hosts = list.sets.flatMap((set) => set.hosts)
  if (hosts.length === 0) return `cluster "${cluster.name}" has no endpoints`
  const subset = printJson(Object.fromEntries(criteria))
  if (policy.subset !== undefined) return `cluster "${cluster.name}" has no usable host for subset ${subset}`
  return `no usable host among the ${hosts.length} of cluster "${cluster.name}"`
}
