import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {isDeepStrictEqual} from 'node:util'
import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {corroborateFromDumps} from '../../../src/envoy/config/rejoin/corroborate-dumps.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {inboundFacts} from './ambient2022-inbound.js'
import {outboundFacts} from './ambient2022-outbound.js'
import {connectFacts} from './ambient2022-waypoint.js'

export interface Prediction {
  readonly layer: string
  readonly scenario: string
  readonly id: string
  readonly predicted: unknown
}

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

interface Case {
  readonly id: string
  readonly input: {
    readonly kind: string
    readonly proxy: string
    readonly source?: {readonly ip: string}
    readonly destination?: {readonly ip: string; readonly port?: number}
    readonly connect_authority?: string
  }
}

/** Literal look-ups for every case of one scenario; nothing is evaluated. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const {scenario, cases} = JSON.parse(readFileSync(join(scenarioDir, 'cases.json'), 'utf8')) as {scenario: string; cases: readonly Case[]}
  const configs = new Map<string, EnvoyConfig | undefined>()
  for (const {id, input} of cases) {
    if (!configs.has(input.proxy)) configs.set(input.proxy, openProxy(scenarioDir, input.proxy))
    const config = configs.get(input.proxy)
    yield {layer: 'ambient2022', scenario, id, predicted: config === undefined ? {undetermined: `no dump of ${input.proxy}`} : answer(config, input)}
  }
}

export function compare(predicted: unknown, observed: {readonly facts: unknown}): Comparison {
  const {facts} = predicted as {facts?: unknown}
  return isDeepStrictEqual(facts, observed.facts) ? {ok: true} : {ok: false, why: difference(facts, observed.facts)}
}

function answer(config: EnvoyConfig, input: Case['input']): unknown {
  const ip = input.destination?.ip ?? ''
  switch (input.kind) {
    case 'ztunnel-outbound':
      return {facts: outboundFacts(config, {source: input.source?.ip ?? '', destination: {ip, port: String(input.destination?.port)}})}
    case 'ztunnel-inbound': return {facts: inboundFacts(config, ip)}
    case 'waypoint-connect': return {facts: connectFacts(config, input.connect_authority ?? '')}
    default: return {undetermined: `unknown kind ${input.kind}`}
  }
}

/** The dump with endpoint names; one without them is joined with what the other proxies of the scenario name. */
function openProxy(scenarioDir: string, proxy: string): EnvoyConfig | undefined {
  const named = `${proxy}.config_dump.json`
  if (existsSync(join(scenarioDir, named))) return open(scenarioDir, named)
  const nameless = `${proxy}.nameless-eds.config_dump.json`
  if (!existsSync(join(scenarioDir, nameless))) return undefined
  const others = readdirSync(scenarioDir).filter((name) => /^[^.]+\.config_dump\.json$/.test(name)).sort().map((name) => open(scenarioDir, name))
  return open(scenarioDir, nameless, others)
}

function open(dir: string, name: string, others: readonly EnvoyConfig[] = []): EnvoyConfig {
  const document: unknown = JSON.parse(readFileSync(join(dir, name), 'utf8'))
  return readEnvoyConfig(memoryStore({name, document}), {corroborate: [corroborateFromDumps(others)]})
}

function difference(predicted: unknown, observed: unknown): string {
  const keys = [...new Set([...Object.keys(Object(predicted) as object), ...Object.keys(Object(observed) as object)])]
  const of = (value: unknown, key: string): unknown => (Object(value) as Record<string, unknown>)[key]
  const key = keys.find((one) => !isDeepStrictEqual(of(predicted, one), of(observed, one))) ?? ''
  return `${key}: predicted ${JSON.stringify(of(predicted, key)) ?? 'nothing'}, observed ${JSON.stringify(of(observed, key)) ?? 'nothing'}`
}
