import type {Client, EnvoyOutcome, HopRow} from './envoy-case.js'
import {envoyPredicted} from './envoy-case.js'
import type {Comparison} from './envoy-compare.js'
import type {GatewayObserved, LogRow} from './istiod-gateway-case.js'
import {ENVOY_SLACK, isWithinSample} from '../sampling.js'

type Attempted = GatewayObserved['hops'][number]

/**
 * Every group of log rows must be what one of the outcomes logs, every status of the client that of an outcome, and over repeats the shares
 * must fit. A failed dial is tried again: then the row of the request tells the last attempt, and the dials of all attempts are logged.
 */
export function compareGateway(predicted: unknown, {client, hops}: GatewayObserved): Comparison {
  const prediction = envoyPredicted.parse(predicted)
  if ('undetermined' in prediction) return {ok: false, why: `undetermined: ${prediction.undetermined}`}
  const {outcomes} = prediction
  const status = Object.keys(client).find((seen) => !outcomes.some((outcome) => statusOf(outcome.client) === seen))
  if (status !== undefined) return differs('client', {observed: status, predicted: outcomes.map((outcome) => outcome.client)})
  const wrong = hops.find((group) => matching(group, outcomes).length === 0)
  if (wrong !== undefined) return differs('rows', {observed: wrong.log.map(briefly), predicted: outcomes.map((outcome) => outcome.hops)})
  const why = unlikely(hops, outcomes)
  return why === undefined ? {ok: true} : {ok: false, why}
}

function differs(what: string, values: {readonly observed: unknown; readonly predicted: unknown}): Comparison {
  return {ok: false, why: `${what}: observed ${JSON.stringify(values.observed)}, predicted ${JSON.stringify(values.predicted)}`}
}

function statusOf({result, status}: Client): string {
  return status === undefined ? result : String(status)
}

/** The outcomes that the last attempt of these rows may be. */
function matching({log}: Attempted, outcomes: readonly EnvoyOutcome[]): readonly EnvoyOutcome[] {
  const inner = log.filter((row) => isInternal(row, outcomes))
  const [entry, ...others] = log.filter((row) => !isInternal(row, outcomes))
  if (entry === undefined || others.length > 0) return []
  return outcomes.filter(({hops: [first, ...rest]}) => {
    if (first === undefined || !sameRow(first, entry)) return false
    const attempts = outcomes.filter((other) => sameTarget(other.hops[0], first)).flatMap((other) => other.hops.slice(1))
    return (
      rest.every((row) => inner.some((seen) => sameRow(row, seen))) && inner.every((seen) => attempts.some((row) => sameRow(row, seen)))
    )
  })
}

/** Rows of listeners that only the proxy itself dials. */
function isInternal({listener}: LogRow, outcomes: readonly EnvoyOutcome[]): boolean {
  return outcomes.some(({hops}) => hops.some(({upstream_host: host}) => host?.startsWith(`envoy://${listener ?? ''}/`) === true))
}

/** The logs of this layer hold no virtual host, print 0 for no code, and tell by a flag that nothing was configured. */
function sameRow(predicted: HopRow, row: LogRow): boolean {
  const {virtual_host: host} = predicted
  return (
    JSON.stringify(fieldsOf({...predicted, virtual_host: row.virtual_host === undefined ? undefined : host})) ===
    JSON.stringify(fieldsOf(row))
  )
}

function fieldsOf(row: HopRow | LogRow): readonly unknown[] {
  const {listener, filter_chain: chain = row['chain'], virtual_host, route, cluster, upstream_host, code, flags} = row
  return [listener, chain, virtual_host, route, cluster, upstream_host, code === 0 ? undefined : code, flags === 'NR']
}

function sameTarget(one: HopRow | undefined, other: HopRow): boolean {
  return one !== undefined && one.route === other.route && one.cluster === other.cluster
}

function briefly({listener, chain, route, cluster, upstream_host, code, flags}: LogRow): unknown {
  return {listener, chain, route, cluster, upstream_host, code, flags}
}

/** A host whose count is beyond what a sample may show. */
function unlikely(groups: readonly Attempted[], outcomes: readonly EnvoyOutcome[]): string | undefined {
  const total = groups.reduce((sum, {count}) => sum + count, 0)
  const hosts = new Set(outcomes.map(({hops}) => hops[0]?.upstream_host))
  for (const host of hosts) {
    const leads = (outcome: EnvoyOutcome): boolean => outcome.hops[0]?.upstream_host === host
    const share = outcomes.filter(leads).reduce((sum, outcome) => sum + outcome.share, 0)
    const seen = groups.filter((group) => matching(group, outcomes).some(leads)).reduce((sum, {count}) => sum + count, 0)
    const fits = isWithinSample({share, seen: seen / total, of: total, slack: ENVOY_SLACK})
    if (!fits) return `repeats: ${host ?? 'no host'} seen ${seen} of ${total}, predicted ${share}`
  }
  return undefined
}
