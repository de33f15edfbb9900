import type {Departure} from '../flow/connection.js'
import type {Condition} from '../flow/forwarder.js'
import {multiplyShares, oneOf, WHOLE, type Share} from '../flow/share.js'
import type {Step} from '../flow/step.js'

/** A value that holds for a share of the traffic, with the steps and conditions that led to it. */
export interface Branch<T> {
  readonly value: T
  readonly share: Share
  readonly requires: readonly Condition[]
  readonly steps: readonly Step[]
  readonly mirror?: true
  /** Calls to services of the proxy's own, made on the way. */
  readonly calls?: readonly Departure[]
}

export function one<T>(value: T, steps: readonly Step[] = []): Branch<T> {
  return {value, share: WHOLE, requires: [], steps}
}

export function single<T>(value: T, steps: readonly Step[] = []): Branch<T>[] {
  return [one(value, steps)]
}

/** Two possibilities that depend on something outside the data; exactly one of them holds. */
export function either<T>(condition: string, values: {readonly yes: readonly Branch<T>[]; readonly no: readonly Branch<T>[]}): Branch<T>[] {
  const requiring = (what: string, branches: readonly Branch<T>[]): Branch<T>[] =>
    branches.map((branch) => ({
      ...branch,
      share: multiplyShares(oneOf(2), branch.share),
      requires: [{what, group: condition}, ...branch.requires],
    }))
  return [...requiring(condition, values.yes), ...requiring(`not: ${condition}`, values.no)]
}

/** Continues every branch; shares multiply, steps and conditions add up. */
export function andThen<A, B>(branches: readonly Branch<A>[], next: (value: A) => readonly Branch<B>[]): Branch<B>[] {
  return branches.flatMap((first) =>
    next(first.value).map((second) => ({
      value: second.value,
      share: multiplyShares(first.share, second.share),
      requires: [...first.requires, ...second.requires],
      steps: [...first.steps, ...second.steps],
      ...(first.mirror || second.mirror ? {mirror: true as const} : {}),
      ...callsOf(first, second),
    })),
  )
}

function callsOf(...branches: readonly Branch<unknown>[]): {calls?: readonly Departure[]} {
  const calls = branches.flatMap((branch) => branch.calls ?? [])
  return calls.length === 0 ? {} : {calls}
}
