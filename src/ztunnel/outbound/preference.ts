import type {Rejected} from '../../flow/step.js'
import type {Endpoint, LoadBalancer, RoutingScope, Service, Workload} from '../config/model.js'

export interface Candidate {
  readonly endpoint: Endpoint
  readonly workload: Workload
}

export interface Preference {
  readonly source: Workload
  readonly balancer: Service['loadBalancer']
  /** From 1.31 a leading `Network` weighs more than all other scopes, and its miss does not stop the count (ambient-ga B.3). */
  readonly networkWeighs: boolean
}

interface Contenders {
  readonly usable: readonly Candidate[]
  readonly hidden: readonly Endpoint[]
}

export interface Preferred {
  readonly candidates: readonly Candidate[]
  /** Those that may be among the best, for all the dump tells. */
  readonly hidden: readonly Endpoint[]
  readonly rejected: readonly Rejected[]
}

/** Keeps the endpoints that fit the routing preferences best; `Strict` those that fit all of them (ambient-ga B.3). */
export function rankByPreference(preference: Preference, {usable, hidden}: Contenders): Preferred {
  const {balancer} = preference
  if (balancer?.mode !== 'Strict' && balancer?.mode !== 'Failover') return {candidates: usable, hidden, rejected: []}
  const ranked = usable.map((candidate) => ({candidate, ...rank({...preference, balancer}, candidate.workload)}))
  const allowed = ranked.filter(({matched}) => isAllowed(balancer, matched))
  const best = Math.max(-1, ...allowed.map((one) => one.rank))
  return {
    candidates: allowed.filter((one) => one.rank === best).map(({candidate}) => candidate),
    hidden: hidden.filter((endpoint) => {
      const highest = rank({...preference, balancer}, endpoint)
      return isAllowed(balancer, highest.matched) && highest.rank >= best
    }),
    rejected: ranked.filter((one) => one.rank !== best || !isAllowed(balancer, one.matched)).map((one) => reject(balancer, one)),
  }
}

function isAllowed({mode, preferences}: LoadBalancer, matched: number): boolean {
  return mode !== 'Strict' || matched === preferences.length
}

interface Ranked {
  readonly candidate: Candidate
  readonly matched: number
}

function reject(balancer: LoadBalancer, {candidate, matched}: Ranked): Rejected {
  const scopes = balancer.preferences.join(', ')
  const because = isAllowed(balancer, matched) ? `another endpoint fits ${scopes} better` : `Strict: it matches ${matched} of ${scopes}`
  return {candidate: candidate.workload.uid, because}
}

/** Leading scopes that match. An endpoint whose workload is not printed gets the most it could have. */
function rank(
  preference: Preference & {readonly balancer: LoadBalancer},
  one: Workload | Endpoint,
): {readonly rank: number; readonly matched: number} {
  const {
    source,
    networkWeighs,
    balancer: {preferences},
  } = preference
  const weighs = networkWeighs && preferences[0] === 'Network'
  let points = 0
  let matched = 0
  for (const [index, scope] of preferences.entries()) {
    const leading = weighs && index === 0
    const same = 'workloadUid' in one ? mayBeSame(scope, {source, uid: one.workloadUid}) : isSame(scope, {source, workload: one})
    if (same) {
      points += leading ? preferences.length : 1
      matched += 1
    } else if (!leading) break
  }
  return {rank: points, matched}
}

function isSame(scope: RoutingScope, {source, workload}: {readonly source: Workload; readonly workload: Workload}): boolean {
  switch (scope) {
    case 'Network':
      return source.network === workload.network
    case 'Region':
      return source.locality.region === workload.locality.region
    case 'Zone':
      return source.locality.zone === workload.locality.zone
    case 'Subzone':
      return source.locality.subzone === workload.locality.subzone
    case 'Node':
      return source.node === workload.node
    case 'Cluster':
      return source.clusterId === workload.clusterId
    default:
      return scope satisfies never
  }
}

/** ambient-ga A.3, B.6: the uid of a split-horizon workload starts with its network, and it runs on no node. */
function mayBeSame(scope: RoutingScope, {source, uid}: {readonly source: Workload; readonly uid: string}): boolean {
  const network = /^([^/]*)\/SplitHorizonWorkload\//.exec(uid)?.[1]
  if (network === undefined) return true
  if (scope === 'Network') return network === source.network
  return scope !== 'Node' || source.node === ''
}
