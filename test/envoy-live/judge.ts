import type {Forwarder} from '../../src/flow/forwarder.js'
import {accountOf, candidatesOf, differences, type Account, type Candidate} from './compare.js'
import type {Observation} from './observe.js'
import type {Probe} from './probe.js'

/** One decision: a generated connection on a generated listener, made as often as its probe says. */
export interface Judgement {
  readonly probe: Probe
  readonly disagreement?: Disagreement
  /** How sure the engine was: one end, several with their shares, several that depend on something it does not see, or left open. */
  readonly certainty: 'one' | 'random' | 'conditional' | 'open'
}

export interface Disagreement {
  readonly why: string
  readonly observed: Account
  readonly predicted: readonly Candidate[]
}

/** A chance lower than this of seeing so many, or so few, is a disagreement. */
const IMPLAUSIBLE = 1e-10

export function judge(forwarder: Forwarder, {probe, observations}: {probe: Probe; observations: readonly Observation[]}): Judgement {
  const seen = observations.map((observation) => ({observation, candidates: candidatesOf(forwarder, observation)}))
  const candidates = seen.flatMap((one) => one.candidates)
  const conditional = candidates.some(({requires}) => requires.length > 0)
  const disagreement =
    seen.length === 0
      ? missing()
      : (seen.map(disagreementOf).find((found) => found !== undefined) ?? (conditional ? undefined : unlikelyShares(seen)))
  return {probe, certainty: certaintyOf(seen), ...(disagreement === undefined ? {} : {disagreement})}
}

function certaintyOf(seen: readonly Seen[]): Judgement['certainty'] {
  const candidates = seen.flatMap((one) => one.candidates)
  if (candidates.some(({open}) => open)) return 'open'
  if (candidates.some(({requires}) => requires.length > 0)) return 'conditional'
  return candidates.length > seen.length ? 'random' : 'one'
}

function missing(): Disagreement {
  return {why: 'the connection was not made', observed: {}, predicted: []}
}

interface Seen {
  readonly observation: Observation
  readonly candidates: readonly Candidate[]
}

function disagreementOf({observation, candidates}: Seen): Disagreement | undefined {
  const observed = accountOf(observation)
  const disagree = (why: string): Disagreement => ({why, observed, predicted: candidates})
  if (observation.records === undefined) return disagree('Envoy logged nothing about this connection')
  // What the engine leaves open may end in any way; how much it may leave open is for the family to say.
  if (candidates.some(({open}) => open)) return undefined
  const nearest = candidates.map(({account}) => differences(account, observed)).toSorted((one, other) => one.length - other.length)[0]
  if (nearest === undefined) return disagree('the engine predicts no end')
  return nearest.length === 0 ? undefined : disagree(`different: ${nearest.join(', ')}`)
}

/** Over many connections every candidate must come about as often as its share says. */
function unlikelyShares(seen: readonly Seen[]): Disagreement | undefined {
  const [first] = seen
  if (first === undefined || first.candidates.length < 2 || first.candidates.some(({exact}) => !exact)) return undefined
  for (const [index, candidate] of first.candidates.entries()) {
    const alike = first.candidates.filter((other) => differences(other.account, candidate.account).length === 0)
    const share = alike.reduce((sum, one) => sum + one.share, 0)
    // Each connection has its own account of the same candidate: some tell the client's port.
    const count = seen.filter(({observation, candidates}) => {
      const own = candidates[index]
      return own !== undefined && differences(own.account, accountOf(observation)).length === 0
    }).length
    if (chanceOf({count, of: seen.length, share}) < IMPLAUSIBLE) {
      return {why: `seen ${count} times of ${seen.length}, share ${share}`, observed: candidate.account, predicted: first.candidates}
    }
  }
  return undefined
}

/** Probability of a count at least as far on its side of the expected one, in a binomial sample. */
function chanceOf({count, of, share}: {count: number; of: number; share: number}): number {
  if (share >= 1) return count === of ? 1 : 0
  const from = count >= of * share ? count : 0
  const to = count >= of * share ? of : count
  let sum = 0
  for (let k = from; k <= to; k += 1) sum += Math.exp(logChoose(of, k) + k * Math.log(share) + (of - k) * Math.log1p(-share))
  return sum
}

function logChoose(n: number, k: number): number {
  let sum = 0
  for (let i = 1; i <= k; i += 1) sum += Math.log((n - k + i) / i)
  return sum
}
