import {multiplyShares, oneOf, WHOLE, type Share} from '../../flow/share.js'

/** A question whose answer the recorded state does not hold: a random draw, or something that is not known. */
export interface Choice {
  readonly what: string
  /** The share of `yes`; absent where nobody knows. */
  readonly share?: Share
  /** Told only where it changes how a run ends. */
  readonly silent?: true
}

/** Answers choices during one run. */
export interface Choices {
  /** The same question has the same answer throughout a run when it has no share; every draw is a new one. */
  decide(choice: Choice): boolean
}

/** One way the run can go. */
export interface Way<Result> {
  readonly result: Result
  readonly share: Share
  /** Unknown things that were taken for granted on this way. */
  readonly assumed: readonly {readonly what: string; readonly holds: boolean}[]
}

export interface Taken {
  readonly choice: Choice
  readonly answer: boolean
}

/** The result of a run, and what it was told. */
export interface Answered<Result> {
  readonly result: Result
  readonly taken: readonly Taken[]
}

/**
 * All ways through a function that asks for choices: it is run once per combination of answers, depth first, yes before no.
 * Undefined when there are more than `limit`.
 */
export function explore<Result>(
  run: (choices: Choices) => Result,
  {limit}: {readonly limit: number},
): readonly Answered<Result>[] | undefined {
  const ways: Answered<Result>[] = []
  let next: readonly Taken[] | undefined = []
  while (next !== undefined) {
    if (ways.length >= limit) return undefined
    const taken: Taken[] = [...next]
    ways.push({result: run(following(taken)), taken})
    next = nextAnswers(taken)
  }
  return ways
}

/** A way with its share, and with what is not known. */
export function wayOf<Result>({result, taken}: Answered<Result>): Way<Result> {
  return {result, share: shareOf(taken), assumed: assumedIn(taken)}
}

/** Repeats the answers so far, then says yes. */
function following(taken: Taken[]): Choices {
  let at = 0
  const known = new Map<string, boolean>()
  return {
    decide: (choice) => {
      const before = choice.share === undefined ? known.get(choice.what) : undefined
      if (before !== undefined) return before
      const next = taken[at] ?? {choice, answer: true}
      if (taken[at] === undefined) taken.push(next)
      at += 1
      known.set(choice.what, next.answer)
      return next.answer
    },
  }
}

/** Turns the last yes into a no. */
function nextAnswers(taken: readonly Taken[]): readonly Taken[] | undefined {
  const last = taken.findLastIndex(({answer}) => answer)
  return last < 0 ? undefined : taken.slice(0, last + 1).map((one, index) => ({...one, answer: index === last ? false : one.answer}))
}

function shareOf(taken: readonly Taken[]): Share {
  return taken.map(({choice, answer}) => shareOfAnswer(choice, answer)).reduce(multiplyShares, WHOLE)
}

function shareOfAnswer({share}: Choice, answer: boolean): Share {
  if (share === undefined) return oneOf(2)
  return answer ? share : {...share, numerator: share.denominator - share.numerator}
}

function assumedIn(taken: readonly Taken[]): Way<never>['assumed'] {
  return taken.flatMap(({choice, answer}) => (choice.share === undefined ? [{what: choice.what, holds: answer}] : []))
}
