import type {MatcherInput} from '../../flow/step.js'
import {oneOf} from '../../flow/share.js'
import {isObject, type View} from '../../json/view.js'
import {andThen, either, one, single, type Branch} from '../branch.js'
import type {Semantics} from '../semantics.js'
import type {Candidate} from './candidates.js'
import {describeInput, inputName, readInput, type MatcherSubject} from './inputs.js'
import {evaluatePredicate, type PredicateResult} from './predicate.js'
import {treeLevel, type MissRule, type TreeLevel} from './tree-level.js'

/** `none` with `final` must not fall back to an outer on_no_match (Envoy up to 1.34). */
export type MatcherOutcome =
  | {readonly kind: 'action'; readonly action: View; readonly path: readonly MatcherInput[]}
  | {readonly kind: 'none'; readonly final: boolean; readonly path: readonly MatcherInput[]}
  /** Envoy lacks data to decide and acts as if nothing matched (envoy-2022 I.4). */
  | {readonly kind: 'undecided'; readonly why: string; readonly path: readonly MatcherInput[]}
  | {readonly kind: 'unknown'; readonly why: string; readonly path: readonly MatcherInput[]}

type Outcomes = readonly Branch<MatcherOutcome>[]

interface Question {
  readonly subject: MatcherSubject
  readonly semantics: Semantics
}

interface Environment {
  readonly subject: MatcherSubject
  readonly rules: MissRules
  readonly path: readonly MatcherInput[]
  /** How many ways the evaluation took so far where the data leaves several open. */
  readonly ways: number
  /** How many matched entries so far led to nothing. */
  readonly misses: number
}

interface MissRules {
  readonly nested: MissRule
  readonly prefix: MissRule
}

/** An unknown input is spread over its map keys up to this many; beyond it the outcome is one `unknown`. */
const MAX_UNKNOWN_KEYS = 8
/** Open choices multiply: with more ways than this the outcome is one `unknown`. */
const MAX_WAYS = 256
/** No generator nests that many entries that find nothing. */
const MAX_MISSES = 256

/** Evaluates a unified matcher (xds.type.matcher.v3.Matcher). Source: envoy-2022 D2. */
export function evaluateMatcher(matcher: View, {subject, semantics: {nestedMiss, prefixMiss}}: Question): Outcomes {
  const evaluate = (rules: MissRules): Outcomes => evaluateLevel(matcher, {subject, rules, path: [], ways: 1, misses: 0})
  if (nestedMiss !== 'undetermined' && prefixMiss !== 'undetermined') return evaluate({nested: nestedMiss, prefix: prefixMiss})
  // One proxy has one version: the whole matcher follows the new rules or the old ones.
  const newer = evaluate({nested: 'resume', prefix: 'resume'})
  const older = evaluate({nested: 'final', prefix: 'final'})
  return JSON.stringify(newer.map(comparable)) === JSON.stringify(older.map(comparable))
    ? newer
    : either('Envoy is 1.35 or newer (nested no-match falls back)', {yes: newer, no: older})
}

function comparable({value, requires}: Branch<MatcherOutcome>): unknown {
  return [value.kind, value.path, requires, value.kind === 'action' ? value.action.pointer : '']
}

function evaluateLevel(matcher: View, environment: Environment): Outcomes {
  const otherwise = (from: Environment): Outcomes => evaluateOnMatch(matcher.get('on_no_match'), from)
  const list = matcher.get('matcher_list')
  if (list !== undefined) return evaluateList({entries: list.list('matchers'), otherwise, environment})
  const tree = matcher.get('matcher_tree')
  return tree === undefined ? otherwise(environment) : evaluateTree({tree, otherwise, environment})
}

function evaluateOnMatch(onMatch: View | undefined, environment: Environment): Outcomes {
  const outcomes = outcomesOf(onMatch, environment)
  // envoy-2022 D2: from 1.35 an action under keep_matching is only recorded; before, the field did not exist.
  if (environment.rules.nested === 'final' || onMatch?.bool('keep_matching') !== true) return outcomes
  return outcomes.map((branch) => (branch.value.kind === 'action' ? {...branch, value: missed(branch.value.path)} : branch))
}

function outcomesOf(onMatch: View | undefined, environment: Environment): Outcomes {
  const {path} = environment
  const nested = onMatch?.get('matcher')
  if (nested !== undefined) return evaluateLevel(nested, environment)
  const action = onMatch?.get('action')
  return single(action === undefined ? missed(path) : {kind: 'action', action, path})
}

function missed(path: readonly MatcherInput[]): MatcherOutcome {
  return {kind: 'none', final: false, path}
}

interface ListInput {
  readonly entries: readonly View[]
  readonly otherwise: (environment: Environment) => Outcomes
  readonly environment: Environment
}

function evaluateList({entries, otherwise, environment}: ListInput): Outcomes {
  const path = [...environment.path]
  for (const [index, entry] of entries.entries()) {
    const result = evaluatePredicate(entry.get('predicate'), environment.subject)
    path.push(...result.inputs)
    if (result.holds === 'no') continue
    const next = (from: Environment): Outcomes => evaluateList({entries: entries.slice(index + 1), otherwise, environment: from})
    return enterEntry({entry, result, next, environment: {...environment, path}})
  }
  return otherwise({...environment, path})
}

interface EntryInput {
  readonly entry: View
  readonly result: PredicateResult
  readonly next: (from: Environment) => Outcomes
  readonly environment: Environment
}

function enterEntry({entry, result, next, environment}: EntryInput): Outcomes {
  const taken = (from: Environment): Outcomes =>
    afterMiss({outcomes: evaluateOnMatch(entry.get('on_match'), from), rule: from.rules.nested, resume: next, environment: from})
  if (result.holds === 'yes') return taken(environment)
  // envoy-2022 I.4: the list stops at an entry it cannot decide; later entries are not reached.
  if (result.undecided !== undefined) return single({kind: 'undecided', why: result.undecided, path: environment.path})
  const why = result.why.join(' and ')
  return fork(environment, {count: 2, why, spread: (from) => either(`${why} matches`, {yes: taken(from), no: next(from)})})
}

/** Goes several ways at once, unless there are too many already. */
function fork(
  environment: Environment,
  {count, why, spread}: {count: number; why: string; spread: (from: Environment) => Outcomes},
): Outcomes {
  const ways = environment.ways * count
  return ways > MAX_WAYS ? single({kind: 'unknown', why, path: environment.path}) : spread({...environment, ways})
}

interface TreeInput {
  readonly tree: View
  readonly otherwise: (environment: Environment) => Outcomes
  readonly environment: Environment
}

function evaluateTree({tree, otherwise, environment}: TreeInput): Outcomes {
  const input = tree.get('input')
  const value = readInput(input, environment.subject)
  const level = treeLevel(tree, environment.rules)
  const entry: MatcherInput = {input: inputName(input), value: describeInput(value), matched: undefined}
  const miss = {...environment, path: [...environment.path, entry]}
  if (level === undefined) return single({kind: 'unknown', why: `custom matcher ${customType(tree)}`, path: miss.path})
  switch (value.kind) {
    case 'absent':
      return otherwise(miss)
    case 'undecided':
      return single({kind: 'undecided', why: value.why, path: miss.path})
    case 'unknown':
      return spreadUnknown({level, why: value.why, otherwise, environment, entry})
    case 'text':
      return tryCandidates({candidates: level.find(value.text), rule: level.rule, otherwise, environment, entry})
    default:
      return value satisfies never
  }
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
    resume: (from) => tryCandidates({...input, candidates: rest, environment: from}),
  })
}

interface MissInput {
  readonly outcomes: Outcomes
  readonly rule: MissRule
  readonly resume: (from: Environment) => Outcomes
  readonly environment: Environment
}

/** envoy-2022 D2: what happens when a matched entry's nested matcher found nothing. */
function afterMiss({outcomes, rule, resume, environment}: MissInput): Outcomes {
  const misses = environment.misses + 1
  return outcomes.flatMap((branch) => {
    const outcome = branch.value
    if (outcome.kind !== 'none' || outcome.final) return [branch]
    if (rule === 'final') return [{...branch, value: {...outcome, final: true}}]
    return andThen([branch], () =>
      misses > MAX_MISSES
        ? single<MatcherOutcome>({kind: 'unknown', why: `more than ${MAX_MISSES} entries that lead to nothing`, path: outcome.path})
        : resume({...environment, path: outcome.path, misses}),
    )
  })
}

interface UnknownInput {
  readonly level: TreeLevel
  readonly why: string
  readonly otherwise: (from: Environment) => Outcomes
  readonly environment: Environment
  readonly entry: MatcherInput
}

/** The input may hold any key of the map, or none of them. */
function spreadUnknown({level, why, otherwise, environment, entry}: UnknownInput): Outcomes {
  const {relation, rule} = level
  const keys = level.keys()
  if (keys.length === 0 || keys.length > MAX_UNKNOWN_KEYS) return single({kind: 'unknown', why, path: [...environment.path, entry]})
  const choices = [
    ...keys.map((key) => ({what: `${why} ${relation} ${key}`, candidates: level.find(key)})),
    {what: `${why} is none of the keys`, candidates: []},
  ]
  const spread = (from: Environment): Outcomes =>
    choices.flatMap(({what, candidates}) =>
      andThen([{...one(undefined), share: oneOf(choices.length), requires: [{what, group: why}]}], () =>
        tryCandidates({candidates, rule, otherwise, environment: from, entry}),
      ),
    )
  return fork(environment, {count: choices.length, why, spread})
}

function customType(tree: View): string {
  return tree.path('custom_match', 'typed_config')?.typeName() ?? 'of no type'
}

/** By the raw matcher: printing a large one takes longer than any question to it. */
const keeping = new WeakMap<object, boolean>()

/** Whether keep_matching appears anywhere in a matcher (envoy-2022 I.2). */
export function usesKeepMatching({value}: View): boolean {
  if (!isObject(value)) return false
  const text = keeping.has(value) ? '' : JSON.stringify(value)
  const uses = keeping.get(value) ?? ['keep_matching', 'keepMatching'].some((field) => text.includes(`"${field}":true`))
  keeping.set(value, uses)
  return uses
}
