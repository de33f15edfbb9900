import type {MatcherInput} from '../../flow/step.js'
import {oneOf} from '../../flow/share.js'
import type {View} from '../../json/view.js'
import {either, single, type Branch} from '../branch.js'
import type {Semantics} from '../semantics.js'
import {domainCandidates, ipCandidates, prefixCandidates, type Candidate} from './candidates.js'
import {describeInput, inputName, readInput, type InputValue, type MatcherSubject} from './inputs.js'
import {evaluatePredicate} from './predicate.js'

/** `none` with `final` must not fall back to an outer on_no_match (Envoy up to 1.34). */
export type MatcherOutcome =
  | {readonly kind: 'action'; readonly action: View; readonly path: readonly MatcherInput[]}
  | {readonly kind: 'none'; readonly final: boolean; readonly path: readonly MatcherInput[]}
  /** Envoy lacks data to decide and acts as if nothing matched (envoy-2022 I.4). */
  | {readonly kind: 'undecided'; readonly why: string; readonly path: readonly MatcherInput[]}
  | {readonly kind: 'unknown'; readonly why: string; readonly path: readonly MatcherInput[]}

type Outcomes = readonly Branch<MatcherOutcome>[]
type MissRule = 'final' | 'resume' | 'undetermined'

interface Environment {
  readonly subject: MatcherSubject
  readonly semantics: Semantics
  readonly path: readonly MatcherInput[]
}

/** An unknown input is spread over its map keys up to this many; beyond it the outcome is one `unknown`. */
const MAX_UNKNOWN_KEYS = 8

/** Evaluates a unified matcher (xds.type.matcher.v3.Matcher). Source: envoy-2022 D2. */
export function evaluateMatcher(matcher: View, question: {subject: MatcherSubject; semantics: Semantics}): Outcomes {
  return evaluateLevel(matcher, {...question, path: []})
}

function evaluateLevel(matcher: View, environment: Environment): Outcomes {
  const otherwise = (from: Environment): Outcomes => evaluateOnMatch(matcher.get('on_no_match'), from)
  const list = matcher.get('matcher_list')
  if (list !== undefined) return evaluateList({entries: list.list('matchers'), otherwise, environment})
  const tree = matcher.get('matcher_tree')
  return tree === undefined ? otherwise(environment) : evaluateTree({tree, otherwise, environment})
}

function evaluateOnMatch(onMatch: View | undefined, environment: Environment): Outcomes {
  const {path} = environment
  const nested = onMatch?.get('matcher')
  if (nested !== undefined) return evaluateLevel(nested, environment)
  const action = onMatch?.get('action')
  return single(action === undefined ? {kind: 'none', final: false, path} : {kind: 'action', action, path})
}

interface ListInput {
  readonly entries: readonly View[]
  readonly otherwise: (environment: Environment) => Outcomes
  readonly environment: Environment
}

function evaluateList({entries, otherwise, environment}: ListInput): Outcomes {
  const [entry, ...rest] = entries
  if (entry === undefined) return otherwise(environment)
  const predicate = entry.get('predicate')
  const result = predicate === undefined ? undefined : evaluatePredicate(predicate, environment.subject)
  const seen = {...environment, path: [...environment.path, ...(result?.inputs ?? [])]}
  const next = (from: Environment): Outcomes => evaluateList({entries: rest, otherwise, environment: from})
  const taken = (): Outcomes =>
    afterMiss({
      outcomes: evaluateOnMatch(entry.get('on_match'), seen),
      rule: environment.semantics.nestedMiss,
      resume: next,
      environment: seen,
    })
  switch (result?.holds) {
    case 'yes':
      return taken()
    case 'no':
      return next(seen)
    default:
      return undecidedEntry({result, taken, next, seen})
  }
}

function undecidedEntry(input: {
  result: ReturnType<typeof evaluatePredicate> | undefined
  taken: () => Outcomes
  next: (from: Environment) => Outcomes
  seen: Environment
}): Outcomes {
  const {result, seen} = input
  // envoy-2022 I.4: the list stops at an entry it cannot decide; later entries are not reached.
  if (result?.undecided !== undefined) return single({kind: 'undecided', why: result.undecided, path: seen.path})
  return either(`${result?.why.join(' and ') ?? 'a list entry without predicate'} matches`, {yes: input.taken(), no: input.next(seen)})
}

interface TreeInput {
  readonly tree: View
  readonly otherwise: (environment: Environment) => Outcomes
  readonly environment: Environment
}

function evaluateTree({tree, otherwise, environment}: TreeInput): Outcomes {
  const input = tree.get('input')
  const value = readInput(input, environment.subject)
  const level = treeLevel(tree, environment.semantics)
  if (level === undefined) return unknownLevel(tree, environment)
  const miss = {...environment, path: [...environment.path, seen({input, value})]}
  switch (value.kind) {
    case 'absent':
      return otherwise(miss)
    case 'undecided':
      return single({kind: 'undecided', why: value.why, path: miss.path})
    case 'unknown':
      return spreadUnknown({level, why: value.why, otherwise, environment: miss})
    case 'text':
      return tryCandidates({candidates: level.find(value.text), rule: level.rule, otherwise, environment, entry: seen({input, value})})
    default:
      return value satisfies never
  }
}

interface TreeLevel {
  readonly find: (text: string) => readonly Candidate[]
  readonly all: () => readonly Candidate[]
  readonly rule: MissRule
}

function treeLevel(tree: View, semantics: Semantics): TreeLevel | undefined {
  const exact = tree.path('exact_match_map', 'map')
  if (exact !== undefined) return {find: (text) => exactCandidate(exact, text), all: () => entriesOf(exact), rule: semantics.nestedMiss}
  const prefix = tree.path('prefix_match_map', 'map')
  if (prefix !== undefined) {
    return {find: (text) => prefixCandidates(prefix, text), all: () => entriesOf(prefix), rule: semantics.prefixMiss}
  }
  const custom = tree.path('custom_match', 'typed_config')
  switch (custom?.typeName()) {
    // envoy-2022 D2: both custom matchers try less specific entries after a nested miss, in every version.
    case 'xds.type.matcher.v3.IPMatcher':
      return customLevel(custom, ipCandidates)
    case 'xds.type.matcher.v3.ServerNameMatcher':
    case 'xds.type.matcher.v3.DomainMatcher':
      return customLevel(custom, domainCandidates)
    default:
      return tree.get('exact_match_map') !== undefined || tree.get('prefix_match_map') !== undefined
        ? {find: () => [], all: () => [], rule: 'resume'}
        : undefined
  }
}

function customLevel(matcher: View, find: (matcher: View, text: string) => Candidate[]): TreeLevel {
  return {find: (text) => find(matcher, text), all: () => [], rule: 'resume'}
}

function exactCandidate(map: View, text: string): Candidate[] {
  const onMatch = map.own(text)
  return onMatch === undefined ? [] : [{key: text, onMatch}]
}

function entriesOf(map: View): Candidate[] {
  return map.entries().map(([key, onMatch]) => ({key, onMatch}))
}

interface CandidatesInput {
  readonly candidates: readonly Candidate[]
  readonly rule: MissRule
  readonly otherwise: (environment: Environment) => Outcomes
  readonly environment: Environment
  readonly entry: MatcherInput
}

function tryCandidates(input: CandidatesInput): Outcomes {
  const {candidates, environment, entry} = input
  const [candidate, ...rest] = candidates
  if (candidate === undefined) return input.otherwise({...environment, path: [...environment.path, entry]})
  const taken = {...environment, path: [...environment.path, {...entry, matched: candidate.key}]}
  return afterMiss({
    outcomes: evaluateOnMatch(candidate.onMatch, taken),
    rule: input.rule,
    environment: taken,
    resume: () => tryCandidates({...input, candidates: rest, environment: taken}),
  })
}

/** envoy-2022 D2: what happens when a matched entry's nested matcher found nothing. */
function afterMiss(input: {
  outcomes: Outcomes
  rule: MissRule
  resume: (from: Environment) => Outcomes
  environment: Environment
}): Outcomes {
  return input.outcomes.flatMap((branch) => {
    const outcome = branch.value
    if (outcome.kind !== 'none' || outcome.final) return [branch]
    const from = {...input.environment, path: outcome.path}
    const final = single<MatcherOutcome>({kind: 'none', final: true, path: outcome.path})
    switch (input.rule) {
      case 'final':
        return final
      case 'resume':
        return input.resume(from)
      case 'undetermined':
        return either<MatcherOutcome>('Envoy is 1.35 or newer (nested no-match falls back)', {yes: input.resume(from), no: final})
      default:
        return input.rule satisfies never
    }
  })
}

function spreadUnknown(input: {
  level: TreeLevel
  why: string
  otherwise: (from: Environment) => Outcomes
  environment: Environment
}): Outcomes {
  const {level, why, environment} = input
  const candidates = level.all()
  if (candidates.length === 0 || candidates.length > MAX_UNKNOWN_KEYS) return single({kind: 'unknown', why, path: environment.path})
  const options = [
    ...candidates.map((candidate) => ({what: `${why} is ${candidate.key}`, outcomes: evaluateOnMatch(candidate.onMatch, environment)})),
    {what: `${why} is none of the keys`, outcomes: input.otherwise(environment)},
  ]
  return options.flatMap(({what, outcomes}) =>
    outcomes.map((branch) => ({
      ...branch,
      share: oneOf(options.length),
      requires: [{what, group: why}, ...branch.requires],
    })),
  )
}

function unknownLevel(tree: View, environment: Environment): Outcomes {
  const type = tree.path('custom_match', 'typed_config')?.typeName() ?? 'a matcher tree without map'
  return single({kind: 'unknown', why: `custom matcher ${type}`, path: environment.path})
}

function seen({input, value}: {input: View | undefined; value: InputValue}): MatcherInput {
  return {input: inputName(input), value: describeInput(value), matched: undefined}
}

/** Whether keep_matching appears anywhere in a matcher (envoy-2022 I.2). */
export function usesKeepMatching(matcher: View): boolean {
  return JSON.stringify(matcher.value).includes('"keep_matching":true') || JSON.stringify(matcher.value).includes('"keepMatching":true')
}
