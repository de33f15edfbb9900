import type {Rejected} from '../../flow/step.js'
import {isObject, type View} from '../../json/view.js'
import type {Candidate} from './candidates.js'
import {inputName, readInput, type MatcherSubject} from './inputs.js'
import {evaluatePredicate} from './predicate.js'
import {failedPredicateText, heldValue} from './predicate-text.js'
import {treeLevel, type TreeLevel} from './tree-level.js'

/** What is explained: a matcher, what it was asked about, the action it took, and all the names its actions can have. */
export interface PassedOverQuestion {
  readonly matcher: View
  readonly subject: MatcherSubject
  readonly nameOf: (action: View) => string
  readonly taken: string | undefined
  readonly names: Names
}

/** All names that an action can have: a set, or the keys of a map. */
type Names = Pick<ReadonlyMap<string, unknown>, 'size' | 'has' | 'keys'>

/** Branches that are listed before the rest is only counted. */
const MAX_LISTED = 10
/** Entries that are looked at: an explanation must not cost more than the decision. */
const BUDGET = 400
/** A dump may be hostile. */
const MAX_DEPTH = 32

/**
 * The actions a unified matcher passed over, those nearest to the one it took first: each branch with the key that ruled it out and what
 * the input holds instead. Source: envoy-2022 D2.
 */
export function passedOver({matcher, subject, nameOf, taken, names}: PassedOverQuestion): readonly Rejected[] {
  const told = new Set([taken ?? ''].filter((name) => names.has(name)))
  const search: Search = {subject, nameOf, budget: BUDGET, isCut: false}
  const listed: Rejected[] = []
  for (const {because, actions} of passedBranches(matcher, {search, depth: 0})) {
    const fresh = actions.filter((name) => names.has(name) && !told.has(name))
    for (const name of fresh) told.add(name)
    if (fresh.length > 0) listed.push({candidate: namesText(fresh), because})
    if (listed.length === MAX_LISTED) {
      search.isCut = true
      break
    }
  }
  return told.size === names.size ? listed : [...listed, restOf({names, told, isCut: search.isCut})]
}

function namesText([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`
}

interface Rest {
  readonly names: Names
  readonly told: ReadonlySet<string>
  readonly isCut: boolean
}

/** What a search that came to its end did not meet is not in the matcher at all. */
function restOf({names, told, isCut}: Rest): Rejected {
  if (isCut) return {candidate: `+${names.size - told.size} more`, because: 'under further entries, or under none'}
  return {candidate: namesText([...names.keys()].filter((name) => !told.has(name))), because: 'no entry of the matcher leads there'}
}

interface Search {
  readonly subject: MatcherSubject
  readonly nameOf: (action: View) => string
  budget: number
  /** Not every entry was looked at. */
  isCut: boolean
}

interface Place {
  readonly search: Search
  readonly depth: number
}

/** A part of a matcher that is not the way taken, with the actions it would have led to. */
interface PassedBranch {
  readonly because: string
  readonly actions: readonly string[]
}

/** Lazily, and from the inside out: what failed last is nearest. */
function* passedBranches(matcher: View, place: Place): Generator<PassedBranch> {
  if (isTooDeep(place)) return
  const below = {...place, depth: place.depth + 1}
  const {entered, passed} = splitEntries(matcher, place.search)
  for (const {onMatch, isOpen} of entered) {
    const because = isOpen === true ? 'it cannot be decided whether its entry matches' : 'an earlier entry matches'
    yield* passedInside(onMatch, {place: below, because})
  }
  for (const {onMatch, why} of passed()) {
    if (!spend(place.search)) return
    yield {because: why, actions: actionsBelow(onMatch, below)}
  }
  yield* passedInside(matcher.get('on_no_match'), {place: below, because: 'only where no entry matches'})
}

/** Of an entry that was, or may be, entered: what failed further inside; its own action can only have come too late. */
function* passedInside(onMatch: View | undefined, {place, because}: {place: Place; because: string}): Generator<PassedBranch> {
  const nested = onMatch?.get('matcher')
  if (nested === undefined) yield {because, actions: actionsBelow(onMatch, place)}
  else yield* passedBranches(nested, place)
}

interface Entered {
  readonly onMatch: View | undefined
  /** The data does not tell whether it matches. */
  readonly isOpen?: boolean
}

interface Passed {
  readonly onMatch: View | undefined
  readonly why: string
}

/** The entries of one level; those that were passed are many, and only looked at on demand. */
interface Entries {
  readonly entered: readonly Entered[]
  readonly passed: () => Iterable<Passed>
}

function splitEntries(matcher: View, search: Search): Entries {
  const tree = matcher.get('matcher_tree')
  if (tree !== undefined) return splitTree(tree, search)
  const all = matcher.get('matcher_list')?.list('matchers') ?? []
  search.isCut ||= all.length > BUDGET
  const entries = all.slice(0, BUDGET)
  const judged = entries.map((entry) => ({entry, holds: evaluatePredicate(entry.get('predicate'), search.subject).holds}))
  const failed = judged.filter(({holds}) => holds === 'no')
  return {
    entered: judged
      .filter(({holds}) => holds !== 'no')
      .map(({entry, holds}) => ({onMatch: entry.get('on_match'), isOpen: holds === 'undetermined'})),
    passed: () =>
      failed.map(({entry}) => ({onMatch: entry.get('on_match'), why: failedPredicateText(entry.get('predicate'), search.subject)})),
  }
}

function splitTree(tree: View, {subject}: Search): Entries {
  const level = levelOf(tree)
  if (level === undefined) return {entered: [], passed: () => []}
  const input = tree.get('input')
  const value = readInput(input, subject)
  if (value.kind === 'unknown' || value.kind === 'undecided') {
    return {entered: entriesOf(tree, level).map(({onMatch}) => ({onMatch, isOpen: true})), passed: () => []}
  }
  const entered = value.kind === 'text' ? level.find(value.text) : []
  const pointers = new Set(entered.map(({onMatch}) => onMatch.pointer))
  const why = (key: string): string => `wants ${inputName(input)} ${key}, got ${heldValue(value)}`
  return {
    entered,
    *passed() {
      for (const {key, onMatch} of entriesOf(tree, level)) if (!pointers.has(onMatch.pointer)) yield {onMatch, why: why(key)}
    },
  }
}

/** Names of all actions below an entry, each once. */
function actionsBelow(onMatch: View | undefined, {search, depth}: Place): readonly string[] {
  if (onMatch === undefined || isTooDeep({search, depth}) || !spend(search)) return []
  const action = onMatch.get('action')
  if (action !== undefined) return [search.nameOf(action)]
  const nested = onMatch.get('matcher')
  const below = nested === undefined ? [] : [...onMatchesOf(nested), nested.get('on_no_match')]
  return [...new Set(below.flatMap((inner) => actionsBelow(inner, {search, depth: depth + 1})))]
}

function onMatchesOf(matcher: View): readonly (View | undefined)[] {
  const tree = matcher.get('matcher_tree')
  const level = tree && levelOf(tree)
  if (tree !== undefined && level !== undefined) return entriesOf(tree, level).map(({onMatch}) => onMatch)
  return (
    matcher
      .get('matcher_list')
      ?.list('matchers')
      .map((entry) => entry.get('on_match')) ?? []
  )
}

function spend(search: Search): boolean {
  search.budget -= 1
  search.isCut ||= search.budget < 0
  return search.budget >= 0
}

function isTooDeep({search, depth}: Place): boolean {
  search.isCut ||= depth > MAX_DEPTH
  return depth > MAX_DEPTH
}

/** By the raw tree: a level may have thousands of entries, and a batch asks it again and again. */
const entriesByTree = new WeakMap<object, readonly Candidate[]>()

function entriesOf(tree: View, level: TreeLevel): readonly Candidate[] {
  const raw = isObject(tree.value) ? tree.value : {}
  const entries = entriesByTree.get(raw) ?? level.all()
  entriesByTree.set(raw, entries)
  return entries
}

/** Which entries there are does not depend on what happens after a nested miss. */
function levelOf(tree: View): TreeLevel | undefined {
  return treeLevel(tree, {nested: 'resume', prefix: 'resume'})
}
