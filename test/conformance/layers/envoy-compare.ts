import {envoyObserved, envoyPredicted, type Client, type EnvoyObserved, type EnvoyOutcome, type HopRow} from './envoy-case.js'
import {ENVOY_SLACK, isWithinSample} from '../sampling.js'

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

const FIELDS = ['listener', 'filter_chain', 'virtual_host', 'route', 'cluster', 'upstream_host', 'code'] as const

/** The observed connection must be one of the outcomes; over repeats, nothing may be seen that was not predicted, and shares must fit. */
export function compare(predicted: unknown, recorded: unknown): Comparison {
  const prediction = envoyPredicted.parse(predicted)
  const observed = envoyObserved.parse(recorded)
  if ('undetermined' in prediction) return {ok: false, why: `undetermined: ${prediction.undetermined}`}
  const {outcomes, alsoLogged = []} = prediction
  const wanted = rowsText(observed.hops)
  const same = outcomes.filter((outcome) => rowsText(outcome.hops) === wanted)
  if (same.length === 0) return {ok: false, why: `hops: expected ${wanted} got ${JSON.stringify(outcomes.map((outcome) => outcome.hops))}`}
  if (same.some((outcome) => sameClient(outcome.client, observed.client))) {
    return compareRepeats({outcomes, alsoLogged, repeats: observed.over_repeats})
  }
  return {
    ok: false,
    why: `client: expected ${JSON.stringify(brief(observed.client))} got ${JSON.stringify(same.map((outcome) => outcome.client))}`,
  }
}

/** Only the compared fields, in a fixed order. */
function rowsText(hops: readonly HopRow[]): string {
  return JSON.stringify(hops.map((hop) => Object.fromEntries(FIELDS.map((field) => [field, hop[field]]))))
}

function brief(client: Client): unknown {
  return {result: client.result, status: client.status, inner: client.inner === undefined ? undefined : brief(client.inner)}
}

/** On an HTTP/2 CONNECT a refusal is seen as 4xx or as a closed stream: a race. */
function sameClient(predicted: Client, seen: Client): boolean {
  if (predicted.result !== seen.result) return seen.result === 'closed' && predicted.status === 403
  if (predicted.status !== seen.status) return false
  if (predicted.inner === undefined || seen.inner === undefined) return true
  return (
    sameClient(predicted.inner, seen.inner) || (isRefusal(predicted.inner) && isRefusal(seen.inner) && predicted.inner.result === 'closed')
  )
}

function isRefusal({result, status}: Client): boolean {
  return result === 'closed' || result === 'stream_reset' || (status ?? 0) >= 400
}

interface Repeats {
  readonly outcomes: readonly EnvoyOutcome[]
  readonly alsoLogged: readonly HopRow[]
  readonly repeats: EnvoyObserved['over_repeats']
}

function compareRepeats({repeats, ...predicted}: Repeats): Comparison {
  if (repeats === undefined) return {ok: true}
  const seen = [
    ...Object.entries(repeats.clusters ?? {}).map(([value, count]) => ({field: 'cluster', value, count}) as const),
    ...Object.entries(repeats.upstream_hosts ?? {}).map(([value, count]) => ({field: 'upstream_host', value, count}) as const),
  ]
  const why = seen.flatMap((one) => doubt(predicted, {...one, of: repeats.n}) ?? [])[0]
  return why === undefined ? {ok: true} : {ok: false, why: `repeats: ${why}`}
}

interface Seen {
  readonly field: 'cluster' | 'upstream_host'
  readonly value: string
  readonly count: number
  readonly of: number
}

/** Nothing that was not predicted, and every count within what a sample may show. */
function doubt({outcomes, alsoLogged}: Omit<Repeats, 'repeats'>, {field, value, count, of}: Seen): string | undefined {
  if (alsoLogged.some((hop) => hop[field] === value)) return undefined
  const holding = outcomes.filter((outcome) => outcome.hops.some((hop) => hop[field] === value))
  const share = holding.reduce((sum, outcome) => sum + outcome.share, 0)
  if (share === 0) return `${field} ${value} seen ${count} times, not predicted`
  const fits = isWithinSample({share, seen: Math.min(1, count / of), of, slack: ENVOY_SLACK})
  return fits ? undefined : `${field} ${value} seen ${count} of ${of}, predicted ${share}`
}
