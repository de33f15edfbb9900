import {addShares, fraction, NOTHING, WHOLE} from '../../flow/share.js'
import type {Rejected, Step} from '../../flow/step.js'
import type {Missing} from '../../flow/verdict.js'
import {single, type Branch} from '../branch.js'
import {AVAILABILITIES, balanceLoad} from './balance.js'
import {mixChoices, type Choice} from './choice.js'
import {chooseHosts, openChoice} from './choose-hosts.js'
import {readClusterType, type ClusterType} from './cluster-type.js'
import {subsetCriteria} from './criteria.js'
import {hostBranches, noHostBranches} from './host-branches.js'
import {listHosts, type HostList} from './listed-hosts.js'
import {readPolicy, type BalancingPolicy} from './policy.js'
import {loadPriorities} from './priority-load.js'
import {clusterStep} from './steps.js'
import type {Target} from './target.js'
import type {Upstream} from './upstream.js'

type AggregateType = Extract<ClusterType, {kind: 'aggregate'}>

interface Member {
  readonly target: Target
  readonly type: ClusterType
  readonly list: Extract<HostList, {kind: 'hosts'}>
  readonly policy: BalancingPolicy
}

type Reading =
  | {readonly kind: 'member'; readonly member: Member}
  | {readonly kind: 'skipped'; readonly rejected: Rejected}
  | {readonly kind: 'undetermined'; readonly missing: readonly Missing[]}

/**
 * The priorities of all members one after another, as if they were one cluster; the member then picks by its own policy.
 * No session and no override_host policy finds its host here: the former looks into the aggregate, which has none, and the latter is not
 * told of the request (cluster_manager_impl.cc chooseHost, aggregate/lb_context.h; seen on Envoy 1.40.0 and 1.36.2).
 * Source: envoy-2022 D9; Envoy aggregate/cluster.cc.
 */
export function resolveAggregate(target: Target, type: AggregateType): Branch<Upstream>[] {
  const {context, cluster} = target
  const readings = type.members.map((name) => readMember(target, name))
  const rejected = readings.flatMap((reading) => (reading.kind === 'skipped' ? [reading.rejected] : []))
  const plain = clusterStep({context, cluster, type, because: [`members ${type.members.join(', ')}`]})
  const step = rejected.length === 0 ? plain : {...plain, rejected}
  const missing = readings.flatMap((reading) => (reading.kind === 'undetermined' ? reading.missing : []))
  if (missing.length > 0) return single<Upstream>({kind: 'undetermined', cluster, missing}, [step])
  const session = context.stream?.overrideHost
  if (session?.strict === true) {
    const text = `the session allows no other host than ${session.address}, and an aggregate cluster has none of its own`
    return noHostBranches({target, share: WHOLE, steps: [step], text})
  }
  const members = readings.flatMap((reading) => (reading.kind === 'member' ? [reading.member] : []))
  return memberBranches({target, step}, chooseMembers(target, members))
}

interface MemberChoice {
  readonly member: Member
  readonly choice: Choice
}

function memberBranches(
  {target, step}: {readonly target: Target; readonly step: Step},
  choices: readonly MemberChoice[],
): Branch<Upstream>[] {
  const none = choices.map(({choice}) => choice.none).reduce(addShares, NOTHING)
  const text = `no member of cluster "${target.cluster.name}" has a usable host`
  return [
    ...choices.flatMap(({member, choice}) =>
      hostBranches({
        target: member.target,
        choice,
        inferred: member.list.inferred,
        rejected: [],
        steps: [step, memberStep(member)],
      }),
    ),
    ...noHostBranches({target, share: choices.length === 0 ? WHOLE : none, steps: [step], text}),
  ]
}

function memberStep({target, type, list, policy}: Member): Step {
  return clusterStep({...target, type, join: list.join, endpoints: list, because: [`load balancing ${policy.name}`]})
}

/** Members that are not there, and aggregates inside aggregates, have no hosts of their own. */
function readMember({context}: Target, name: string): Reading {
  const cluster = context.config.cluster(name)
  if (cluster === undefined) return skipped(name, 'not in the dump')
  if (cluster.state === 'warming') return skipped(name, 'still warming')
  const type = readClusterType(cluster.view)
  if (type.kind === 'aggregate') return skipped(name, 'an aggregate cluster has no hosts of its own')
  if (type.kind !== 'listed') return undetermined(`hosts of member ${name}: a ${type.name} cluster lists none`)
  const list = listHosts({config: context.config, cluster, type})
  if (list.kind === 'undetermined') return {kind: 'undetermined', missing: list.missing}
  const policy = readPolicy(cluster, context)
  const open = openChoice(policy)
  if (open !== undefined) return undetermined(`${open} in cluster ${name}`)
  return {kind: 'member', member: {target: {context, cluster}, type, list, policy}}
}

function skipped(candidate: string, because: string): Reading {
  return {kind: 'skipped', rejected: {candidate, because}}
}

function undetermined(what: string): Reading {
  return {kind: 'undetermined', missing: [{what}]}
}

/** The load of every non-empty priority of every member; shares over all members sum to 1. */
function chooseMembers({context, cluster}: Target, members: readonly Member[]): MemberChoice[] {
  const levels = members.flatMap((member) =>
    member.list.sets.map((set, priority) => ({member, set, priority})).filter(({set}) => set.hosts.length > 0),
  )
  const load = loadPriorities(
    levels.map(({set}) => set),
    readPolicy(cluster, context).panicThreshold,
  )
  return members.flatMap((member) => {
    const parts = levels.flatMap((level, index) =>
      level.member !== member
        ? []
        : AVAILABILITIES.map((health) => ({
            share: fraction(load[health][index] ?? 0, 100),
            choice: choosePriority(member, {priority: level.priority, health}),
          })),
    )
    const used = parts.filter(({share}) => share.numerator > 0n)
    return used.length === 0 ? [] : [{member, choice: mixChoices(used)}]
  })
}

interface Level {
  readonly priority: number
  readonly health: (typeof AVAILABILITIES)[number]
}

/** The member is told which priority to use, except where its policy hashes: such a policy draws its own. */
function choosePriority({target, list, policy}: Member, level: Level): Choice {
  const {sets} = list
  const criteria = subsetCriteria(target.context)
  if (policy.pick === 'hash') return chooseHosts({sets, policy, criteria})
  return chooseHosts({sets, policy, criteria, spread: (rest) => balanceLoad({sets: rest, policy, load: loadOnly(level, rest.length)})})
}

function loadOnly(level: Level, count: number): {readonly healthy: readonly number[]; readonly degraded: readonly number[]} {
  const loads = Array.from({length: count}, (_, priority) => (priority === level.priority ? 100 : 0))
  const nothing = loads.map(() => 0)
  return level.health === 'healthy' ? {healthy: loads, degraded: nothing} : {healthy: nothing, degraded: loads}
}
