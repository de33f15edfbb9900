import {addShares, fraction, isWhole, multiplyShares, NOTHING, WHOLE, type Share} from '../../flow/share.js'
import type {Host} from './host.js'

/** Which hosts a load balancer can pick, and how often; `none` is the share that finds no host. */
export interface Choice {
  readonly candidates: readonly Candidate[]
  readonly none: Share
}

export interface Candidate {
  readonly host: Host
  readonly share: Share
}

export const NO_HOST: Choice = {candidates: [], none: WHOLE}

/** Shares by weight. `exact` false says that the weights are not known: every host is one of so many. */
export function choiceOf(hosts: readonly {readonly host: Host; readonly weight: number}[], exact = true): Choice {
  const usable = hosts.filter(({weight}) => weight > 0)
  if (usable.length === 0) return NO_HOST
  const known = exact || usable.length === 1
  const total = usable.reduce((sum, {weight}) => sum + (known ? weight : 1), 0)
  return {
    candidates: usable.map(({host, weight}) => ({host, share: {...fraction(known ? weight : 1, total), exact: known}})),
    none: NOTHING,
  }
}

/** One after another with the given shares, which sum to 1. */
export function mixChoices(parts: readonly {readonly share: Share; readonly choice: Choice}[]): Choice {
  const candidates = parts.flatMap(({share, choice}) =>
    choice.candidates.map((candidate) => ({host: candidate.host, share: multiplyShares(share, candidate.share)})),
  )
  const none = parts.map(({share, choice}) => multiplyShares(share, choice.none)).reduce(addShares, NOTHING)
  return {candidates: mergeHosts(candidates), none}
}

/** What finds no host is tried again elsewhere. */
export function orElse(first: Choice, next: () => Choice): Choice {
  if (first.none.numerator === 0n) return first
  const second = next()
  return isWhole(first.none)
    ? second
    : mixChoices([
        {share: WHOLE, choice: {candidates: first.candidates, none: NOTHING}},
        {share: first.none, choice: second},
      ])
}

function mergeHosts(candidates: readonly Candidate[]): Candidate[] {
  const shares = new Map<Host, Share>()
  for (const {host, share} of candidates) shares.set(host, addShares(shares.get(host) ?? NOTHING, share))
  return [...shares].map(([host, share]) => ({host, share}))
}
