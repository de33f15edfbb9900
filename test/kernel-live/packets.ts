import fc from 'fast-check'
import {BRISK, observe, PATIENT, type Pace} from './agent.js'
import {compareAttempt, newCounts, observedFindings, type Comparison} from './compare.js'
import {buildLab, RefusedState, type Lab} from './lab.js'
import type {LabScenario} from './lab-scenario.js'
import {predict, recordedNetwork} from './predict.js'
import {labScenario} from './states.js'

export interface PacketTally {
  agreed: number
  open: number
  /** Scenarios that were looked at twice, because a packet seemed late. */
  repeated: number
  /** The machine was too slow for all states. */
  outOfTime: boolean
  /** States that could not be built. */
  readonly refused: string[]
  /** The first disagreement, shrunk. */
  disagreement?: string
}

interface Campaign {
  readonly seed: number
  readonly scenarios: number
  readonly prefix: string
}

const ATTEMPTS = 16
/** Also ends the search for a smaller state that shows the same. */
const TIME_LIMIT_MS = 170_000

/** Random states and attempts, up to the first that the walker does not predict. */
export function comparePackets({seed, scenarios, prefix}: Campaign): PacketTally {
  const tally: PacketTally = {agreed: 0, open: 0, repeated: 0, outOfTime: false, refused: []}
  const property = fc.property(labScenario(ATTEMPTS), (scenario) => {
    const comparisons = compareTwice(scenario, {prefix, tally})
    const index = comparisons.findIndex(isDisagreement)
    const wrong = comparisons[index]
    if (wrong !== undefined) throw new Error(complaint(scenario, {index, wrong}))
    tally.agreed += comparisons.filter(({kind}) => kind === 'agreed').length
    tally.open += comparisons.filter(({kind}) => kind === 'open').length
  })
  const {failed, interrupted, errorInstance, counterexamplePath} = fc.check(property, {
    seed,
    numRuns: scenarios,
    interruptAfterTimeLimit: TIME_LIMIT_MS,
  })
  tally.outOfTime = interrupted
  if (failed) tally.disagreement = `${counterexamplePath ?? ''}: ${errorInstance instanceof Error ? errorInstance.message : 'it threw'}`
  return tally
}

/** A state that the tools refuse says nothing about the walker, and must not be what a disagreement is shrunk to. */
function compareTwice(
  scenario: LabScenario,
  {prefix, tally}: {readonly prefix: string; readonly tally: PacketTally},
): readonly Comparison[] {
  try {
    const first = compareScenario(scenario, {prefix, pace: BRISK})
    if (!first.some(isDisagreement)) return first
    tally.repeated += 1
    return compareScenario(scenario, {prefix, pace: PATIENT})
  } catch (error) {
    if (!(error instanceof RefusedState)) throw error
    tally.refused.push(error.message)
    return []
  }
}

function isDisagreement({kind}: Comparison): boolean {
  return kind === 'disagreed'
}

interface Look {
  readonly prefix: string
  readonly pace: Pace
}

function compareScenario(scenario: LabScenario, {prefix, pace}: Look): readonly Comparison[] {
  const lab = buildLab(scenario, prefix)
  try {
    return compareIn(lab, {scenario, pace})
  } finally {
    lab.remove()
  }
}

function compareIn(lab: Lab, {scenario, pace}: {readonly scenario: LabScenario; readonly pace: Pace}): readonly Comparison[] {
  const {sockets, baseline, observed} = observe(lab, {scenario, pace})
  const network = recordedNetwork(lab, {scenario, sockets})
  return scenario.attempts.map((attempt, index) => {
    const seen = observed[index]
    if (seen === undefined) throw new Error('the agent left an attempt out')
    const findings = observedFindings(seen, newCounts(observed[index - 1]?.counters ?? baseline, seen.counters))
    return compareAttempt(findings, predict(network, {attempt, index, names: lab.names}))
  })
}

function complaint(scenario: LabScenario, {index, wrong}: {readonly index: number; readonly wrong: Comparison}): string {
  const states = Object.entries(scenario.namespaces).map(([role, {loader, rules, further, routes, policies, sysctls}]) =>
    [
      `--- ${role} (${loader})`,
      rules.trimEnd(),
      ...(further === undefined ? [] : [`--- and ${further.loader}`, further.rules.trimEnd()]),
      ...routes.map((one) => `ip route add ${one}`),
      ...policies.map((one) => `ip rule add ${one}`),
      sysctls.join(' '),
    ].join('\n'),
  )
  const predicted = wrong.predicted.map((finding) => `PREDICTED\n  ${finding.join('\n  ')}`)
  return [
    `${scenario.layout}, IPv${scenario.family}`,
    ...states,
    JSON.stringify(scenario.attempts[index]),
    `OBSERVED\n  ${wrong.observed.join('\n  ')}`,
    ...predicted,
  ].join('\n')
}
