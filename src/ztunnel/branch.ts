import {multiplyShares, WHOLE, type Share} from '../flow/share.js'
import type {Step} from '../flow/step.js'

/** A value that holds for a share of the connections, with the steps that led to it. */
export interface Branch<T> {
  readonly value: T
  readonly share: Share
  readonly steps: readonly Step[]
}

export function single<T>(value: T, steps: readonly Step[] = []): readonly Branch<T>[] {
  return [{value, share: WHOLE, steps}]
}

/** Continues every branch; shares multiply, steps add up. */
export function andThen<A, B>(branches: readonly Branch<A>[], next: (value: A) => readonly Branch<B>[]): readonly Branch<B>[] {
  return branches.flatMap((first) =>
    next(first.value).map((second) => ({
      value: second.value,
      share: multiplyShares(first.share, second.share),
      steps: [...first.steps, ...second.steps],
    })),
  )
}
