import {performance} from 'node:perf_hooks'
import fc from 'fast-check'
import {runBatch, type JudgedScenario, type Laboratory} from './batch.js'
import {FAMILIES} from './generate/families/all.js'
import type {Family} from './generate/families/family.js'
import type {Judgement} from './judge.js'
import {counterexampleText, familyLine} from './report.js'
import type {Scenario} from './scenario.js'
import type {Settings} from './settings.js'
import {shrink} from './shrink.js'

/** Scenarios that share one Envoy. */
const BATCH = 40

export interface Outcome {
  readonly decisions: number
  readonly disagreements: number
  /** Families that left more to conditions, or more open, than they may. */
  readonly complaints: readonly string[]
}

export interface Campaign {
  readonly laboratory: Laboratory
  readonly settings: Settings
  readonly print: (text: string) => void
}

/** Runs every family, batch by batch, until all its scenarios are done or the time is over. */
export async function runCampaign(campaign: Campaign): Promise<Outcome> {
  const started = performance.now()
  let total: Outcome = {decisions: 0, disagreements: 0, complaints: []}
  const possible = FAMILIES.filter(({certified}) => certified !== true || campaign.laboratory.certificate !== undefined)
  for (const family of possible.filter(({name}) => name.includes(campaign.settings.family))) {
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
  const scenarios = fc.sample(family.scenarios, {seed: settings.seed, numRuns: Math.ceil(settings.scenarios * (family.portion ?? 1))})
  const judged: PlacedJudgement[] = []
  for (const batch of batchesOf(scenarios)) {
    if (performance.now() >= run.deadline) break
    const done = await runBatch(
      laboratory,
      batch.map(({scenario}) => scenario),
    )
    judged.push(...done.map((one, index) => ({...one, place: batch[index]?.place ?? 0})))
  }
  const judgements = judged.flatMap((one) => one.judgements)
  run.print(familyLine({name: family.name, judged, seconds: (performance.now() - started) / 1000}))
  const outcome: Outcome = {
    decisions: judgements.length,
    disagreements: judgements.filter(({disagreement}) => disagreement !== undefined).length,
    complaints: complaintsAbout(family, judgements),
  }
  if (outcome.disagreements > 0) await explain(run, judged)
  return outcome
}

/** `place`: the number of the scenario in the sample of its seed. */
interface PlacedJudgement extends JudgedScenario {
  readonly place: number
}

type Batch = readonly {readonly scenario: Scenario; readonly place: number}[]

/** Scenarios that can share an Envoy: those with the same proxies beside it. */
function batchesOf(scenarios: readonly Scenario[]): Batch[] {
  const groups = new Map<string, {scenario: Scenario; place: number}[]>()
  for (const [place, scenario] of scenarios.entries()) {
    const key = JSON.stringify(scenario.proxies ?? null)
    groups.set(key, [...(groups.get(key) ?? []), {scenario, place}])
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({length: Math.ceil(group.length / BATCH)}, (_, index) => group.slice(index * BATCH, (index + 1) * BATCH)),
  )
}

const LISTED = 3

/** What a family may leave to a condition when it does not say. */
const CONDITIONAL = 0.03
/** Shares of fewer decisions say nothing. */
const ENOUGH = 100

function complaintsAbout({name, conditional = CONDITIONAL, open = 0}: Family, judgements: readonly Judgement[]): string[] {
  const share = (certainty: Judgement['certainty']): number =>
    judgements.filter((one) => one.certainty === certainty).length / judgements.length
  if (judgements.length < ENOUGH) return []
  return [
    ...(share('conditional') > conditional ? [`${name}: ${(100 * share('conditional')).toFixed(1)} % left to a condition`] : []),
    ...(share('open') > open ? [`${name}: ${(100 * share('open')).toFixed(1)} % left open`] : []),
  ]
}

async function explain(run: FamilyRun, judged: readonly PlacedJudgement[]): Promise<void> {
  const {family, settings, laboratory, print} = run
  const wrong = judged.filter(({judgements}) => judgements.some(({disagreement}) => disagreement !== undefined))
  for (const [index, first] of wrong.slice(0, LISTED).entries()) {
    const {place} = first
    const origin = {family: family.scenarios, seed: settings.seed, place}
    const smallest = index < settings.shrunk ? await shrink(laboratory, origin) : undefined
    print(counterexampleText({family: family.name, place, smallest, first}))
  }
}

function add(one: Outcome, other: Outcome): Outcome {
  return {
    decisions: one.decisions + other.decisions,
    disagreements: one.disagreements + other.disagreements,
    complaints: [...one.complaints, ...other.complaints],
  }
}
