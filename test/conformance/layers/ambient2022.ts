import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {isDeepStrictEqual} from 'node:util'
import {z} from 'zod'
import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {corroborateFromDumps} from '../../../src/envoy/config/rejoin/corroborate-dumps.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import type {Facts} from './ambient2022-cluster.js'
import {inboundFacts} from './ambient2022-inbound.js'
import {outboundFacts} from './ambient2022-outbound.js'
import {connectFacts} from './ambient2022-waypoint.js'
import type {Prediction} from '../prediction.js'

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

const input = z.object({
  kind: z.string(),
  proxy: z.string(),
  source: z.object({ip: z.string()}).optional(),
  destination: z.object({ip: z.string(), port: z.number().optional()}).optional(),
  connect_authority: z.string().optional(),
})
const caseFile = z.object({scenario: z.string(), cases: z.array(z.object({id: z.string(), input}))})
const facts = z.object({facts: z.record(z.string(), z.unknown())})

type Input = z.infer<typeof input>

/** Literal look-ups for every case of one scenario; nothing is evaluated. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const {scenario, cases} = caseFile.parse(JSON.parse(readFileSync(join(scenarioDir, 'cases.json'), 'utf8')))
  const configs = new Map<string, EnvoyConfig | undefined>()
  for (const {id, input: question} of cases) {
    const {proxy} = question
    if (!configs.has(proxy)) configs.set(proxy, openProxy(scenarioDir, proxy))
    const config = configs.get(proxy)
    yield {
      layer: 'ambient2022',
      scenario,
      id,
      predicted: config === undefined ? {undetermined: `no dump of ${proxy}`} : answer(config, question),
    }
  }
}

export function compare(predicted: unknown, observed: unknown): Comparison {
  const [mine, theirs] = [facts.safeParse(predicted).data?.facts, facts.parse(observed).facts]
  return isDeepStrictEqual(mine, theirs) ? {ok: true} : {ok: false, why: difference(mine ?? {}, theirs)}
}

function answer(config: EnvoyConfig, question: Input): unknown {
  const ip = question.destination?.ip ?? ''
  switch (question.kind) {
    case 'ztunnel-outbound':
      return {
        facts: outboundFacts(config, {source: question.source?.ip ?? '', destination: {ip, port: String(question.destination?.port)}}),
      }
    case 'ztunnel-inbound':
      return {facts: inboundFacts(config, ip)}
    case 'waypoint-connect':
      return {facts: connectFacts(config, question.connect_authority ?? '')}
    default:
      return {undetermined: `unknown kind ${question.kind}`}
  }
}

/** The dump with endpoint names; one without them is joined with what the other proxies of the scenario name. */
function openProxy(scenarioDir: string, proxy: string): EnvoyConfig | undefined {
  const named = `${proxy}.config_dump.json`
  if (existsSync(join(scenarioDir, named))) return open(scenarioDir, named)
  const nameless = `${proxy}.nameless-eds.config_dump.json`
  if (!existsSync(join(scenarioDir, nameless))) return undefined
  const others = readdirSync(scenarioDir)
    .filter((name) => /^[^.]+\.config_dump\.json$/.test(name))
    .sort()
    .map((name) => open(scenarioDir, name))
  return open(scenarioDir, nameless, others)
}

function open(dir: string, name: string, others: readonly EnvoyConfig[] = []): EnvoyConfig {
  const document: unknown = JSON.parse(readFileSync(join(dir, name), 'utf8'))
  return readEnvoyConfig(memoryStore({name, document}), {corroborate: [corroborateFromDumps(others)]})
}

function difference(predicted: Facts, observed: Facts): string {
  const keys = [...new Set([...Object.keys(predicted), ...Object.keys(observed)])]
  const key = keys.find((one) => !isDeepStrictEqual(predicted[one], observed[one])) ?? ''
  return `${key}: predicted ${print(predicted[key])}, observed ${print(observed[key])}`
}

function print(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
