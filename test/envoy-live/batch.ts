import {readEnvoyConfig} from '../../src/envoy/config/read-envoy-config.js'
import {createEnvoyForwarder} from '../../src/envoy/forward.js'
import {memoryStore} from '../../src/json/memory-store.js'
import type {Forwarder} from '../../src/flow/forwarder.js'
import type {Certificate} from './certificate.js'
import {bootstrapOf, type PlacedScenario} from './bootstrap.js'
import type {EnvoyProcess} from './envoy-process.js'
import {startEnvoy} from './envoy-process.js'
import {judge, type Judgement} from './judge.js'
import {observeAll, type Observation} from './observe.js'
import {placeScenarios} from './place.js'
import {freePorts, type PortSearch} from './ports.js'
import type {Scenario} from './scenario.js'

export interface Laboratory {
  readonly binary: string
  readonly upstreamPort: number
  readonly ports: PortSearch
  /** Undefined where none could be made. */
  readonly certificate: Certificate | undefined
}

export interface JudgedScenario {
  readonly scenario: Scenario
  readonly judgements: readonly Judgement[]
}

/** Runs scenarios on one real Envoy and holds the engine, reading that Envoy's own dump, against what happened. */
export async function runBatch(laboratory: Laboratory, scenarios: readonly Scenario[]): Promise<JudgedScenario[]> {
  const placed = await place(laboratory, scenarios)
  const envoy = await startEnvoy({
    binary: laboratory.binary,
    bootstrap: (directory) => bootstrapOf(placed, {directory, upstreamPort: laboratory.upstreamPort}),
  })
  try {
    const forwarder = forwarderOf(await envoy.dump())
    const observations = await observeAll(envoy, placed)
    mustRun(envoy)
    return placed.map((one) => ({scenario: one.scenario, judgements: judgeScenario(forwarder, {placed: one, observations})}))
  } finally {
    await envoy.stop()
  }
}

async function place({ports, upstreamPort, certificate}: Laboratory, scenarios: readonly Scenario[]): Promise<PlacedScenario[]> {
  return placeScenarios(scenarios, {ports: await freePorts(ports, scenarios.length), upstreamPort, certificate})
}

function forwarderOf(document: unknown): Forwarder {
  const config = readEnvoyConfig(memoryStore({name: 'config_dump.json', document}))
  return createEnvoyForwarder({config, place: {kind: 'envoy', name: 'config_dump.json'}})
}

function mustRun(envoy: EnvoyProcess): void {
  const end = envoy.ended()
  if (end !== undefined) throw new Error(`Envoy ended with ${end} while it served`)
}

function judgeScenario(forwarder: Forwarder, of: {placed: PlacedScenario; observations: readonly Observation[]}): Judgement[] {
  return of.placed.scenario.probes.map((probe) => {
    const own = of.observations.filter((one) => one.placed === of.placed && one.probe === probe)
    return judge(forwarder, {probe, observations: own})
  })
}
