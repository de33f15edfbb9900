import {withSharedSteps} from '../../flow/shared-steps.js'
import {multiplyShares, oneOf, WHOLE} from '../../flow/share.js'
import type {Answer, Exit, Forwarding} from '../../flow/forwarder.js'
import type {Missing, Verdict} from '../../flow/verdict.js'
import type {Branch} from '../branch.js'
import type {Told} from '../state/history.js'

/** What an exit is, before its share and conditions are known. */
export type Ending = Exit extends infer E ? (E extends Exit ? Omit<E, 'share' | 'requires' | 'steps'> : never) : never

export const CLOSED: Answer = {kind: 'closed', accepted: true}

export function stop(verdict: Verdict, answer: Answer = CLOSED): Ending {
  return {kind: 'stop', verdict, answer}
}

export function undetermined(missing: Missing): Ending {
  return {kind: 'stop', verdict: {kind: 'undetermined', missing: [missing]}, answer: {kind: 'unknown'}}
}

/** A whole forwarding that ends here. */
export function stopped(verdict: Verdict, answer: Answer = CLOSED): Exit {
  return {...stop(verdict, answer), share: WHOLE, requires: [], steps: []}
}

export interface Histories {
  readonly told: readonly Told<readonly Branch<Ending>[]>[]
  readonly complete: boolean
}

/** One exit per branch of every history; histories are alternatives nobody can weigh. Steps shared by all exits move to the front. */
export function toForwarding({told, complete}: Histories): Forwarding {
  const count = told.length + (complete ? 0 : 1)
  const exits = told.flatMap(({value, requires}) =>
    value.map((branch): Exit => ({...branch.value, share: multiplyShares(oneOf(count), branch.share), requires, steps: branch.steps})),
  )
  const rest = complete
    ? []
    : [{...undetermined({what: 'more orders of arrival than are told apart'}), share: oneOf(count), requires: [], steps: []}]
  return withSharedSteps([...exits, ...rest])
}
