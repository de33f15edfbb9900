import fc from 'fast-check'
import type {Branch} from '../../src/kernel/walk/connect.js'
import {observe, observeBurst, PATIENT} from './agent.js'
import {buildLab, type Lab} from './lab.js'
import {predict, recordedNetwork} from './predict.js'
import {drawScenario, type DrawScenario} from './draws.js'

/** Datagrams per state: enough to tell a third from a quarter. */
const DATAGRAMS = 600
/** A right share is further away than this, in standard deviations, less than once in a million times. */
const BOUND = 5

export interface ShareTally {
  datagrams: number
  /** Outcomes whose share was counted. */
  shares: number
  disagreement?: string
}

interface Campaign {
  readonly seed: number
  readonly states: number
  readonly prefix: string
}

/** Rules that draw: how often each branch of the walker happens among many datagrams. */
export function compareShares({seed, states, prefix}: Campaign): ShareTally {
  const tally: ShareTally = {datagrams: 0, shares: 0}
  const property = fc.property(drawScenario, (scenario) => {
    tally.shares += compareState(scenario, prefix)
    tally.datagrams += DATAGRAMS
  })
  const {failed, errorInstance} = fc.check(property, {seed, numRuns: states, interruptAfterTimeLimit: 60_000})
  if (failed) tally.disagreement = errorInstance instanceof Error ? errorInstance.message : 'it threw'
  return tally
}

function compareState({scenario, attempt}: DrawScenario, prefix: string): number {
  const lab = buildLab(scenario, prefix)
  try {
    const expected = expectedShares({scenario, attempt}, lab)
    const many = {...scenario, attempts: Array.from({length: DATAGRAMS}, () => attempt)}
    const counts = countsOf(observeBurst(lab, {scenario: many, pace: PATIENT}))
    const complaints = [...new Set([...expected.keys(), ...counts.keys()])].flatMap(
      (outcome) => complaintAbout({outcome, share: expected.get(outcome) ?? 0, count: counts.get(outcome) ?? 0}) ?? [],
    )
    if (complaints.length > 0) throw new Error([...complaints, ...Object.values(scenario.namespaces).map(({rules}) => rules)].join('\n'))
    return expected.size
  } finally {
    lab.remove()
  }
}

/** The share of each outcome: who hears the datagram, what the sender is told, or `ok` for nobody. */
function expectedShares({scenario, attempt}: DrawScenario, lab: Lab): ReadonlyMap<string, number> {
  const {sockets} = observe(lab, {scenario: {...scenario, attempts: []}, pace: PATIENT})
  const network = recordedNetwork(lab, {scenario, sockets})
  const branches = predict(network, {attempt, index: 0, names: lab.names}) ?? []
  const shares = new Map<string, number>()
  for (const branch of branches) shares.set(outcomeOf(branch), (shares.get(outcomeOf(branch)) ?? 0) + numberOf(branch))
  return shares
}

function outcomeOf({outcome: {result, owner}}: Branch): string {
  return owner === undefined ? result : `${owner.namespace}:${owner.port}`
}

function numberOf({share}: Branch): number {
  return Number(share.numerator) / Number(share.denominator)
}

function countsOf(heard: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const one of heard) counts.set(one, (counts.get(one) ?? 0) + 1)
  return counts
}

function complaintAbout({
  outcome,
  share,
  count,
}: {
  readonly outcome: string
  readonly share: number
  readonly count: number
}): string | undefined {
  const [mean, deviation] = [DATAGRAMS * share, Math.sqrt(DATAGRAMS * share * (1 - share))]
  return Math.abs(count - mean) <= BOUND * deviation
    ? undefined
    : `${outcome} happened ${count} times in ${DATAGRAMS}, expected ${mean.toFixed(1)} ± ${(BOUND * deviation).toFixed(1)}`
}
