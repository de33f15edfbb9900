import fc from 'fast-check'
import {runBatch, type Laboratory} from './batch.js'
import type {Disagreement} from './judge.js'
import type {Probe} from './probe.js'
import type {Scenario} from './scenario.js'

const TIME_LIMIT_MS = 90_000

export interface Counterexample {
  readonly scenario: Scenario
  readonly probe: Probe
  readonly disagreement: Disagreement
}

/** Where a scenario came from: the same family, seed and place give it again. */
export interface Origin {
  readonly family: fc.Arbitrary<Scenario>
  readonly seed: number
  readonly place: number
}

/**
 * Looks for the smallest scenario that still disagrees, each one alone in a fresh Envoy. Undefined when the disagreement did not
 * come again.
 */
export async function shrink(laboratory: Laboratory, {family, seed, place}: Origin): Promise<Counterexample | undefined> {
  let smallest: Counterexample | undefined
  const property = fc.asyncProperty(family, async (scenario) => {
    const found = await disagreementIn(laboratory, scenario)
    smallest = found ?? smallest
    return found === undefined
  })
  const limit = {interruptAfterTimeLimit: TIME_LIMIT_MS, markInterruptAsFailure: true}
  await fc.check(property, {seed, path: String(place), numRuns: 1, ...limit})
  return smallest
}

async function disagreementIn(laboratory: Laboratory, scenario: Scenario): Promise<Counterexample | undefined> {
  const [judged] = await runBatch(laboratory, [scenario])
  const found = judged?.judgements.find(({disagreement}) => disagreement !== undefined)
  return found?.disagreement === undefined ? undefined : {scenario, probe: found.probe, disagreement: found.disagreement}
}
