import {performance} from 'node:perf_hooks'
import fc from 'fast-check'
import {runBatch, type JudgedScenario, type Laboratory} from './batch.js'
import {FAMILIES, type Family} from './generate/families.js'
import {counterexampleText, familyLine} from './report.js'
import type {Settings} from './settings.js'
import {shrink} from './shrink.js'

/** Scenarios that share one Envoy. */
const BATCH = 40
/** Shrinking takes its time; after so many the rest is only listed. */
const SHRUNK = 3

export interface Outcome {
  readonly decisions: number
  readonly disagreements: number
  /** Decisions the engine narrowed down only under a condition. */
  readonly conditional: number
}

export interface Campaign {
  readonly laboratory: Laboratory
  readonly settings: Settings
  readonly print: (text: string) => void
}

/** Runs every family, batch by batch, until all its scenarios are done or the time is over. */
export async function runCampaign(campaign: Campaign): Promise<Outcome> {
  const started = performance.now()
  let total: Outcome = {decisions: 0, disagreements: 0, conditional: 0}
  for (const family of FAMILIES.filter(({name}) => name.includes(campaign.settings.family))) {
    const outcome = await runFamily({...campaign, family, deadline: started + campaign.settings.limitMs})
    total = add(total, outcome)
  }
  return total
}

interface FamilyRun extends Campaign {
  readonly family: Family
  readonly deadline: number
}

async function runFamily(run: FamilyRun): Promise<Outcome> {
  const {family, settings, laboratory} = run
  const started = performance.now()
  const scenarios = fc.sample(family.scenarios, {seed: settings.seed, numRuns: settings.scenarios})
  const judged: JudgedScenario[] = []
  for (let place = 0; place < scenarios.length && performance.now() < run.deadline; place += BATCH) {
    judged.push(...(await runBatch(laboratory, scenarios.slice(place, place + BATCH))))
  }
  const judgements = judged.flatMap((one) => one.judgements)
  run.print(familyLine({name: family.name, judged, seconds: (performance.now() - started) / 1000}))
  const outcome: Outcome = {
    decisions: judgements.length,
    disagreements: judgements.filter(({disagreement}) => disagreement !== undefined).length,
    conditional: judgements.filter(({certainty}) => certainty === 'conditional').length,
  }
  if (outcome.disagreements > 0) await explain(run, judged)
  return outcome
}

async function explain(run: FamilyRun, judged: readonly JudgedScenario[]): Promise<void> {
  const {family, settings, laboratory, print} = run
  const places = judged.flatMap(({judgements}, place) => (judgements.some(({disagreement}) => disagreement !== undefined) ? [place] : []))
  for (const place of places.slice(0, SHRUNK)) {
    const smallest = await shrink(laboratory, {family: family.scenarios, seed: settings.seed, place})
    print(counterexampleText({family: family.name, place, smallest, first: judged[place]}))
  }
}

function add(one: Outcome, other: Outcome): Outcome {
  return {
    decisions: one.decisions + other.decisions,
    disagreements: one.disagreements + other.disagreements,
    conditional: one.conditional + other.conditional,
  }
}
