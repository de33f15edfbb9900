import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {createEnvoyForwarder} from '../../../src/envoy/forward.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import type {Forwarder} from '../../../src/flow/forwarder.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {toArrival, type EnvoyInput} from './envoy-arrival.js'
import {enumeratePaths, toOutcomes, type Client, type HopRow} from './envoy-paths.js'

export interface Prediction {
  readonly layer: string
  readonly scenario: string
  readonly id: string
  readonly predicted: unknown
}

interface Case {
  readonly id: string
  readonly proxy?: string
  readonly input: EnvoyInput
}

/** Predicts every case of one scenario directory of the envoy layer. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const file = JSON.parse(readFileSync(join(scenarioDir, 'cases.json'), 'utf8')) as {scenario: string; cases: readonly Case[]}
  const forwarders = new Map<string, Forwarder>()
  for (const one of file.cases) {
    const dump = dumpOf(scenarioDir, one.proxy)
    const forwarder = forwarders.get(dump) ?? openForwarder(scenarioDir, dump)
    forwarders.set(dump, forwarder)
    yield {layer: 'envoy', scenario: file.scenario, id: one.id, predicted: predictCase(forwarder, one)}
  }
}

function predictCase(forwarder: Forwarder, one: Case): unknown {
  const arrival = toArrival({...one.input, ...innerOf(one)})
  const paths = enumeratePaths(forwarder, {arrival})
  const unsure = paths.find((path) => path.undetermined !== undefined)
  if (unsure !== undefined) return {undetermined: unsure.undetermined}
  const all = enumeratePaths(forwarder, {arrival, mirrors: true})
  // Copies of a mirrored request show in the proxy's log, but answer nobody.
  return {outcomes: toOutcomes(paths), ...(all.length === paths.length ? {} : {alsoLogged: all.flatMap((path) => path.hops)})}
}

/** Some scenarios keep the tunnelled request beside `input`, others inside it. */
function innerOf(one: Case & {readonly inner?: EnvoyInput}): {inner?: EnvoyInput} {
  const inner = one.input.inner ?? one.inner
  return inner === undefined ? {} : {inner}
}

function dumpOf(scenarioDir: string, proxy: string | undefined): string {
  if (proxy !== undefined && existsSync(join(scenarioDir, `${proxy}.config_dump.json`))) return `${proxy}.config_dump.json`
  return readdirSync(scenarioDir).filter((name) => name.endsWith('.config_dump.json')).sort()[0] ?? ''
}

function openForwarder(scenarioDir: string, dump: string): Forwarder {
  const document: unknown = JSON.parse(readFileSync(join(scenarioDir, dump), 'utf8'))
  const config = readEnvoyConfig(memoryStore({name: dump, document}))
  return createEnvoyForwarder({config, place: {kind: 'envoy', name: dump}})
}

interface Outcome {
  readonly share: number
  readonly client: Client
  readonly hops: readonly HopRow[]
}

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

interface Observed {
  readonly client: Client
  readonly hops: readonly (HopRow & {readonly flags?: string})[]
  readonly over_repeats?: {readonly n: number; readonly clusters?: Record<string, number>; readonly upstream_hosts?: Record<string, number>}
}

const FIELDS = ['listener', 'filter_chain', 'virtual_host', 'route', 'cluster', 'upstream_host', 'code'] as const

/** The observed connection must be one of the outcomes; over repeats, nothing may be seen that was not predicted, and shares must fit. */
export function compare(predicted: unknown, observed: Observed): Comparison {
  const {outcomes, alsoLogged = []} = predicted as {outcomes?: readonly Outcome[]; alsoLogged?: readonly HopRow[]}
  if (outcomes === undefined) return {ok: false, why: `undetermined: ${(predicted as {undetermined?: string}).undetermined ?? ''}`}
  const wanted = observed.hops.map((hop) => project(hop))
  const same = outcomes.filter((outcome) => JSON.stringify(outcome.hops.map((hop) => project(hop))) === JSON.stringify(wanted))
  if (same.length === 0) return {ok: false, why: `hops: expected ${JSON.stringify(wanted)} got ${JSON.stringify(outcomes.map((outcome) => outcome.hops))}`}
  if (!same.some((outcome) => sameClient(outcome.client, observed.client))) {
    return {ok: false, why: `client: expected ${JSON.stringify(brief(observed.client))} got ${JSON.stringify(same.map((outcome) => outcome.client))}`}
  }
  return compareRepeats({outcomes, alsoLogged}, observed.over_repeats)
}

function project(hop: HopRow): Record<string, unknown> {
  return Object.fromEntries(FIELDS.filter((field) => hop[field] !== undefined).map((field) => [field, hop[field]]))
}

function brief(client: Client): unknown {
  return {result: client.result, status: client.status, inner: client.inner === undefined ? undefined : brief(client.inner)}
}

/** On an HTTP/2 CONNECT a refusal is seen as 4xx or as a closed stream: a race. */
function sameClient(a: Client, b: Client): boolean {
  const refusal = (client: Client): boolean => client.result === 'closed' || client.result === 'stream_reset' || (client.status ?? 0) >= 400
  if (a.result !== b.result) return b.result === 'closed' && refusal(a) && a.status === 403
  if (a.status !== b.status) return false
  return b.inner === undefined || a.inner === undefined || sameClient(a.inner, b.inner) || (refusal(a.inner) && b.inner.result === 'closed' && a.inner.result === 'closed')
}

function compareRepeats({outcomes, alsoLogged}: {outcomes: readonly Outcome[]; alsoLogged: readonly HopRow[]}, repeats: Observed['over_repeats']): Comparison {
  if (repeats === undefined) return {ok: true}
  for (const [field, counts] of [['cluster', repeats.clusters], ['upstream_host', repeats.upstream_hosts]] as const) {
    for (const [value, count] of Object.entries(counts ?? {})) {
      const share = outcomes.filter((outcome) => outcome.hops.some((hop) => hop[field] === value)).reduce((sum, outcome) => sum + outcome.share, 0)
      if (alsoLogged.some((hop) => hop[field] === value)) continue
      if (share === 0) return {ok: false, why: `repeats: ${field} ${value} seen ${count} times, not predicted`}
      const seen = Math.min(1, count / repeats.n)
      if (Math.abs(seen - share) > 4.5 * Math.sqrt((share * (1 - share)) / repeats.n) + 0.05) {
        return {ok: false, why: `repeats: ${field} ${value} seen ${count} of ${repeats.n}, predicted ${share}`}
      }
    }
  }
  return {ok: true}
}
