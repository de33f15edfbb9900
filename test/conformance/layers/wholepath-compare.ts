import {wholepathObserved, wholepathPredicted, type Link, type WholepathObserved, type WholepathOutcome} from './wholepath-case.js'
import {ENVOY_SLACK, isWithinSample} from '../sampling.js'

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

const ZTUNNEL_FIELDS = ['proxy', 'direction', 'src.identity', 'dst.addr', 'dst.hbone_addr', 'dst.identity'] as const
const ENVOY_FIELDS = ['proxy', 'listener', 'filter_chain', 'virtual_host', 'route', 'cluster', 'upstream_host', 'code'] as const

/** The first connection must be one of the outcomes, field by field; over repeats nothing may be seen that was not predicted. */
export function compare(predicted: unknown, recorded: unknown): Comparison {
  const prediction = wholepathPredicted.parse(predicted)
  const observed = wholepathObserved.parse(recorded)
  if ('undetermined' in prediction) return {ok: false, why: `undetermined: ${prediction.undetermined}`}
  const {outcomes} = prediction
  const wanted = chainText(observed.chain)
  const same = outcomes.filter(({chain}) => chainText(chain) === wanted)
  if (same.length === 0) {
    return {ok: false, why: `chain: expected ${wanted} got ${[...new Set(outcomes.map(({chain}) => chainText(chain)))].join(' OR ')}`}
  }
  if (!same.some(({client}) => sameClient(client, observed.client))) {
    return {ok: false, why: `client: expected ${JSON.stringify(observed.client)} got ${JSON.stringify(same.map(({client}) => client))}`}
  }
  const why = doubts(outcomes, observed)[0]
  return why === undefined ? {ok: true} : {ok: false, why: `repeats: ${why}`}
}

function chainText(chain: readonly Link[]): string {
  return JSON.stringify(chain.map(brief))
}

function brief(one: Link): unknown {
  const fields = one.direction === undefined ? ENVOY_FIELDS : ZTUNNEL_FIELDS
  return Object.fromEntries(fields.map((field) => [field, one[field]]))
}

/** `closed` and `reset` are the same outcome (README of the layer). */
function resultOf(result: string): string {
  return result === 'reset' ? 'closed' : result
}

function sameClient(predicted: WholepathOutcome['client'], seen: WholepathObserved['client']): boolean {
  return resultOf(predicted.result) === resultOf(seen.result) && predicted.status === seen.status && predicted.pod === seen.pod
}

interface Counted {
  readonly what: string
  readonly seen: Readonly<Record<string, number>>
  readonly holds: (outcome: WholepathOutcome, value: string) => boolean
}

function doubts(outcomes: readonly WholepathOutcome[], {over_repeats: repeats}: WholepathObserved): readonly string[] {
  if (repeats === undefined) return []
  const isEnvoy = (one: Link): boolean => one.direction === undefined
  const counted: readonly Counted[] = [
    {
      what: 'status',
      seen: repeats.statuses,
      holds: ({client}, value) => [String(client.status), resultOf(client.result)].includes(resultOf(value)),
    },
    {what: 'pod', seen: repeats.pods, holds: ({client}, value) => client.pod === value},
    {
      what: 'waypoint',
      seen: repeats.waypoints,
      holds: ({chain}, value) => chain.some((one) => one.proxy === value && one.listener === 'connect_terminate'),
    },
    {
      what: 'cluster',
      seen: repeats.waypoint_clusters,
      holds: ({chain}, value) => chain.some((one) => isEnvoy(one) && one.cluster === value),
    },
    {
      what: 'host',
      seen: repeats.waypoint_upstream_hosts,
      holds: ({chain}, value) => chain.some((one) => isEnvoy(one) && one.upstream_host === value),
    },
    {
      what: 'dialled',
      seen: repeats.ztunnel_dialled,
      holds: ({chain}, value) => chain.some((one) => one.direction === 'outbound' && one['dst.addr'] === value),
    },
  ]
  return counted.flatMap((one) =>
    Object.entries(one.seen).flatMap(([value, count]) => doubt(outcomes, {...one, value, count, of: repeats.n}) ?? []),
  )
}

interface Seen extends Counted {
  readonly value: string
  readonly count: number
  readonly of: number
}

/** Nothing that was not predicted, and every count within what a sample may show. */
function doubt(outcomes: readonly WholepathOutcome[], {what, value, count, of, holds}: Seen): string | undefined {
  const share = outcomes.filter((outcome) => holds(outcome, value)).reduce((sum, outcome) => sum + outcome.share, 0)
  if (share === 0) return `${what} ${value} seen ${count} times, not predicted`
  const fits = isWithinSample({share, seen: Math.min(1, count / of), of, slack: ENVOY_SLACK})
  return fits ? undefined : `${what} ${value} seen ${count} of ${of}, predicted ${share}`
}
