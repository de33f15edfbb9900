import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {createEnvoyForwarder} from '../../../src/envoy/forward.js'
import type {Forwarder} from '../../../src/flow/forwarder.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {readCases, type RecordedCase} from '../recorded-cases.js'
import {toArrival} from './envoy-arrival.js'
import {envoyInput, envoyPayload} from './envoy-case.js'
import {enumeratePaths, toOutcomes} from './envoy-paths.js'
import type {Prediction} from '../prediction.js'

/** Predicts every case of one scenario directory of the envoy layer. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const forwarders = new Map<string, Forwarder>()
  for (const one of readCases(join(scenarioDir, 'cases.json'))) {
    const dump = dumpOf(scenarioDir, one.proxy)
    const forwarder = forwarders.get(dump) ?? openForwarder(scenarioDir, dump)
    forwarders.set(dump, forwarder)
    yield {layer: 'envoy', scenario: basename(scenarioDir), id: one.id, predicted: predictCase(forwarder, one)}
  }
}

function predictCase(forwarder: Forwarder, one: RecordedCase): unknown {
  const input = envoyInput.safeParse(one.input)
  // Some scenarios keep the tunnelled request beside `input`, others inside it.
  const beside = envoyPayload.safeParse(one.inner)
  if (!input.success) return {undetermined: `the input is not understood: ${input.error.message}`}
  const inner = input.data.inner ?? (beside.success ? beside.data : undefined)
  const arrival = toArrival({...input.data, inner})
  const paths = enumeratePaths(forwarder, {arrival})
  const unsure = paths.find((path) => path.undetermined !== undefined)
  if (unsure !== undefined) return {undetermined: unsure.undetermined}
  const all = enumeratePaths(forwarder, {arrival, mirrors: true})
  // Copies of a mirrored request show in the proxy's log, but answer nobody.
  return {outcomes: toOutcomes(paths), ...(all.length === paths.length ? {} : {alsoLogged: all.flatMap((path) => path.hops)})}
}

function dumpOf(scenarioDir: string, proxy: string | undefined): string {
  if (proxy !== undefined && existsSync(join(scenarioDir, `${proxy}.config_dump.json`))) return `${proxy}.config_dump.json`
  const dumps = readdirSync(scenarioDir).filter((name) => name.endsWith('.config_dump.json'))
  return dumps.sort()[0] ?? ''
}

function openForwarder(scenarioDir: string, dump: string): Forwarder {
  const document: unknown = JSON.parse(readFileSync(join(scenarioDir, dump), 'utf8'))
  const config = readEnvoyConfig(memoryStore({name: dump, document}))
  return createEnvoyForwarder({config, place: {kind: 'envoy', name: dump}})
}
