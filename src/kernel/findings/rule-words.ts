import type {Family} from '../config/ip.js'
import {readPacketRules} from '../config/iptables-save.js'
import type {Match, PacketRule, Target} from '../config/packet-rules.js'

/** What a rule asks and does, in words that two rules can be compared by, however they are written. */
export interface RuleWords {
  readonly conditions: ReadonlySet<string>
  readonly target: string
}

export function wordsOf({matches, target}: Pick<PacketRule, 'matches' | 'target'>): RuleWords {
  return {conditions: new Set(matches.map(conditionOf)), target: textOf(target)}
}

/** A rule as iptables-save prints it, without its chain: `-p tcp -j ACCEPT`. */
export function wordsOfText(text: string, family: Family): RuleWords {
  const {tables} = readPacketRules([{file: '', text: `*nat\n-A OUTPUT ${text}`}], family)
  const [rule] = tables.flatMap(({chains}) => [...chains.values()].flatMap(({rules}) => rules))
  return rule === undefined ? {conditions: new Set(), target: ''} : wordsOf(rule)
}

export function areSame(one: RuleWords, other: RuleWords): boolean {
  return one.target === other.target && hasSameConditions(one, other)
}

export function hasSameConditions({conditions: one}: RuleWords, {conditions: other}: RuleWords): boolean {
  return one.size === other.size && sharedConditions({conditions: one}, {conditions: other}) === one.size
}

export function sharedConditions(
  {conditions: one}: Pick<RuleWords, 'conditions'>,
  {conditions: other}: Pick<RuleWords, 'conditions'>,
): number {
  return [...one].filter((condition) => other.has(condition)).length
}

function conditionOf(match: Match): string {
  return textOf({...match, negated: match.negated})
}

/** Keys in one order, so that equal things have equal texts. */
function textOf(thing: Match | Target): string {
  return JSON.stringify(thing, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : sorted(value)))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const said = Object.entries(value).filter(([key]) => !OF_BACKENDS.has(key))
  return Object.fromEntries(said.toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

/** How one backend differs from the other in what both say alike. */
const OF_BACKENDS: ReadonlySet<string> = new Set(['strict', 'overrides', 'lenient', 'besideState'])
