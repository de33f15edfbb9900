import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {Connection} from '../connection.js'
import type {EngineContext} from '../context.js'
import type {MatcherOutcome} from '../matcher/evaluate.js'
import {passedOver} from '../matcher/passed-over.js'
import {compiledChains} from './compiled-chains.js'

interface Found {
  readonly context: EngineContext
  readonly listener: View
  readonly connection: Connection
  readonly matcher: View
  readonly outcome: MatcherOutcome
}

/** The step of a filter_chain_matcher: the way through it, and, worked out when it is read, the chains it passed over. */
export function matcherStep({context, listener, connection, matcher, outcome}: Found): Step {
  const action = outcome.kind === 'action' ? chainOfAction(outcome.action) : undefined
  return {
    kind: 'matcher',
    path: outcome.path,
    ...(action === undefined ? {} : {action}),
    because: outcome.path.map((level) => `${level.input} ${level.value ?? '(absent)'}${level.matched === undefined ? ' (no match)' : ''}`),
    evidence: [context.evidence(outcome.kind === 'action' ? outcome.action : matcher)],
    get rejected() {
      const {byName: names} = compiledChains(listener)
      return passedOver({matcher, subject: {connection}, nameOf: (each) => chainOfAction(each) ?? '', taken: action, names})
    },
  }
}

/** envoy-2022 D2: the StringValue of an action names a filter chain. */
export function chainOfAction(action: View): string | undefined {
  return action.path('typed_config')?.str('value')
}
