import {oneOf} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {either, one, type Branch} from '../branch.js'
import type {Connection} from '../connection.js'
import type {EngineContext} from '../context.js'
import type {Semantics} from '../semantics.js'
import {evaluateMatcher, usesKeepMatching, type MatcherOutcome} from '../matcher/evaluate.js'
import {compiledChains} from './compiled-chains.js'
import {chainName, type LegacyMatch} from './legacy.js'
import {chainOfAction, matcherStep} from './matcher-step.js'

export type ChainChoice =
  | {readonly kind: 'chain'; readonly chain: View}
  | {readonly kind: 'none'; readonly reason: string}
  | {readonly kind: 'crash'; readonly reason: string}
  | {readonly kind: 'unknown'; readonly why: string}

interface SelectInput {
  readonly context: EngineContext
  readonly listener: View
  readonly connection: Connection
}

/** The filter chain of a connection, by the unified matcher when there is one. Source: envoy-2022 D3. */
export function selectFilterChain(input: SelectInput): readonly Branch<ChainChoice>[] {
  const matcher = input.listener.get('filter_chain_matcher')
  return matcher === undefined ? byLegacyMatch(input) : byMatcher(input, matcher)
}

function byMatcher(input: SelectInput, matcher: View): readonly Branch<ChainChoice>[] {
  const {semantics} = input.context
  if (!usesKeepMatching(matcher)) return chainsOf(input, {matcher, semantics})
  // envoy-2022 I.2: Envoy dies on the first connection to such a listener, wherever the entry stands. Before 1.35 the field did not exist.
  const crash = one<ChainChoice>({kind: 'crash', reason: 'keep_matching inside filter_chain_matcher crashes Envoy on the first connection'})
  switch (semantics.nestedMiss) {
    case 'final':
      return chainsOf(input, {matcher, semantics})
    case 'resume':
      return [crash]
    case 'undetermined':
      return either('Envoy is 1.35 or newer (keep_matching makes it crash)', {
        yes: [crash],
        no: chainsOf(input, {matcher, semantics: {...semantics, nestedMiss: 'final', prefixMiss: 'final'}}),
      })
    default:
      return semantics.nestedMiss satisfies never
  }
}

function chainsOf(input: SelectInput, {matcher, semantics}: {matcher: View; semantics: Semantics}): readonly Branch<ChainChoice>[] {
  return evaluateMatcher(matcher, {subject: {connection: input.connection}, semantics}).map((branch) => {
    const taken = takeOutcome(input, {matcher, outcome: branch.value})
    return {...branch, value: taken.value, steps: [...branch.steps, ...taken.steps]}
  })
}

function takeOutcome(input: SelectInput, found: {matcher: View; outcome: MatcherOutcome}): Branch<ChainChoice> {
  const {context, listener} = input
  const {outcome} = found
  const step = matcherStep({...input, ...found})
  switch (outcome.kind) {
    case 'action':
      return namedChain(input, {name: chainOfAction(outcome.action) ?? '', step})
    case 'unknown':
      return one<ChainChoice>({kind: 'unknown', why: outcome.why}, [step])
    case 'none':
    case 'undecided':
      return fallback({context, listener, steps: [step], reason: outcome.kind === 'none' ? 'no matcher entry matched' : outcome.why})
    default:
      return outcome satisfies never
  }
}

/** envoy-2022 D2/D3: the action's StringValue names the chain; an unknown name closes, the default chain is not used. */
function namedChain(input: SelectInput, found: {name: string; step: Step}): Branch<ChainChoice> {
  const chain = compiledChains(input.listener).byName.get(found.name)
  if (chain === undefined) {
    return one<ChainChoice>({kind: 'none', reason: `the matcher names filter chain "${found.name}", which does not exist`}, [found.step])
  }
  return one<ChainChoice>({kind: 'chain', chain}, [found.step, chainStep(input.context, chain)])
}

function byLegacyMatch(input: SelectInput): readonly Branch<ChainChoice>[] {
  const matches = compiledChains(input.listener).byMatch.match(input.connection)
  return matches.map((match) => ({
    ...takeMatch(input, match),
    ...(matches.length < 2 ? {} : {share: oneOf(matches.length), requires: match.requires}),
  }))
}

function takeMatch({context, listener}: SelectInput, match: LegacyMatch): Branch<ChainChoice> {
  if (match.chain !== undefined) {
    const step: Step = {
      ...chainStep(context, match.chain),
      because: match.because,
      get rejected() {
        return match.rejected
      },
    }
    return one<ChainChoice>({kind: 'chain', chain: match.chain}, [step])
  }
  const step: Step = {
    kind: 'matcher',
    path: [],
    because: match.because,
    get rejected() {
      return match.rejected
    },
    evidence: [context.evidence(listener.get('filter_chains') ?? listener)],
  }
  return fallback({context, listener, steps: [step], reason: `no filter chain matches (${match.failedAt ?? 'there is none'})`})
}

function fallback(input: {context: EngineContext; listener: View; steps: readonly Step[]; reason: string}): Branch<ChainChoice> {
  const chain = input.listener.get('default_filter_chain')
  if (chain === undefined) {
    return one<ChainChoice>({kind: 'none', reason: `${input.reason}, and there is no default filter chain`}, input.steps)
  }
  return one<ChainChoice>({kind: 'chain', chain}, [
    ...input.steps,
    {...chainStep(input.context, chain), default: true, because: [input.reason]},
  ])
}

function chainStep(context: EngineContext, chain: View): Extract<Step, {kind: 'filter-chain'}> {
  return {kind: 'filter-chain', name: chainName(chain), because: [], evidence: [context.evidence(chain)]}
}
