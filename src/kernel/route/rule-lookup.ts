import {portAmong} from '../config/drawn-port.js'
import {contains, type Family} from '../config/ip.js'
import type {PortRange, RoutingRule} from '../config/model.js'
import {defaultRules, type Routing} from '../config/namespace.js'
import {allOf, not, tri, type Tri} from '../../flow/tri.js'
import {LEGACY_TOS, lookUpTable, type RouteError, type RouteKey, type TableAnswer} from './table-lookup.js'

/** One table that was asked, or one rule that decided by itself. */
export interface Lookup {
  readonly rule: RoutingRule
  /** Absent where the rule itself refuses. */
  readonly table?: string
  readonly answer: TableAnswer
}

export type RuleAnswer =
  | {readonly kind: 'found'; readonly lookup: Lookup & {readonly answer: Extract<TableAnswer, {kind: 'found'}>}}
  | {readonly kind: 'refused'; readonly lookup?: Lookup; readonly error: RouteError}
  | {readonly kind: 'undetermined'; readonly why: string}

export interface PolicyLookup {
  readonly answer: RuleAnswer
  /** Every table consulted, in order. */
  readonly lookups: readonly Lookup[]
}

/**
 * Policy routing: rules in ascending priority; a table without an answer, or `throw`, passes on to the next rule.
 * Source: envoy-2022 C.4; fib_rules_lookup (net/core/fib_rules.c).
 */
export function lookUpRules(routing: Routing, key: RouteKey): PolicyLookup {
  const {rules, routes} = isMerged(routing, key.destination.family) ? merged(routing) : routing
  const ordered = rules.toSorted((a, b) => a.priority - b.priority)
  const lookups: Lookup[] = []
  for (let at = 0; at < ordered.length; at += 1) {
    const rule = ordered[at]
    if (rule === undefined) break
    const outcome = applyRule(rule, {key, routes})
    if (outcome.kind === 'undetermined') return {answer: outcome, lookups}
    if (outcome.kind === 'jump') at = jumpIndex(ordered, {from: at, priority: outcome.priority})
    if (outcome.kind === 'looked-up') {
      lookups.push(outcome.lookup)
      const final = finalAnswer(outcome.lookup)
      if (final !== undefined) return {answer: final, lookups}
    }
  }
  return {answer: {kind: 'refused', error: 'ENETUNREACH'}, lookups}
}

/**
 * Until the first ip rule is added, IPv4 keeps local routes in the table main (fib_lookup and fib_unmerge, net/ipv4/fib_rules.c); they
 * stay apart when that rule goes away again. A table of its own tells that there once was a rule.
 */
function isMerged({rules, routes}: Routing, family: Family): boolean {
  const tables = new Set(defaultRules(4).map(tableOf))
  return (
    family === 4 &&
    rules.length === tables.size &&
    rules.every((rule) => tables.has(tableOf(rule)) && isPlain(rule)) &&
    routes.every(({table}) => tables.has(table))
  )
}

function tableOf({action}: RoutingRule): string {
  return action.kind === 'lookup' ? action.table : ''
}

function isPlain({negated, source, destination, mark, inDevice, outDevice, tos, unknown}: RoutingRule): boolean {
  const selectors = [source, destination, mark, inDevice, outDevice, tos]
  return !negated && unknown.length === 0 && selectors.every((selector) => selector === undefined)
}

/** The local routes come first where prefixes are equal. */
function merged({rules, routes}: Routing): Routing {
  const [local, others] = [routes.filter(({table}) => table === 'local'), routes.filter(({table}) => table !== 'local')]
  return {
    rules: rules.filter((rule) => tableOf(rule) !== 'local'),
    routes: [...local, ...others].map((route, order) => ({...route, order, table: route.table === 'local' ? 'main' : route.table})),
  }
}

type Outcome =
  | {readonly kind: 'passed-over'}
  | {readonly kind: 'jump'; readonly priority: number}
  | {readonly kind: 'looked-up'; readonly lookup: Lookup}
  | {readonly kind: 'undetermined'; readonly why: string}

function applyRule(rule: RoutingRule, {key, routes}: {key: RouteKey; routes: Routing['routes']}): Outcome {
  const applies = matchesRule(rule, key)
  if (applies === 'no') return {kind: 'passed-over'}
  if (applies === 'undetermined') return {kind: 'undetermined', why: `ip rule ${rule.priority} ${openIn(rule)}`}
  switch (rule.action.kind) {
    case 'nop':
      return {kind: 'passed-over'}
    case 'goto':
      return {kind: 'jump', priority: rule.action.priority}
    case 'lookup': {
      const {table, suppressPrefixLength} = rule.action
      const answer = lookUpTable(
        routes.filter((route) => route.table === table),
        key,
      )
      return {kind: 'looked-up', lookup: {rule, table, answer: suppressed(answer, suppressPrefixLength)}}
    }
    default:
      return {kind: 'looked-up', lookup: {rule, answer: {kind: 'next'}}}
  }
}

function openIn({unknown}: RoutingRule): string {
  return unknown.length === 0 ? 'asks for a port that the kernel draws' : `has "${unknown.join(', ')}"`
}

function suppressed(answer: TableAnswer, length: number | undefined): TableAnswer {
  return answer.kind === 'found' && length !== undefined && answer.route.destination.length <= length ? {kind: 'next'} : answer
}

/** A target that does not exist is unresolved: the rule does nothing. Jumps only go forward. */
function jumpIndex(rules: readonly RoutingRule[], {from, priority}: {from: number; priority: number}): number {
  const target = rules.findIndex((rule) => rule.priority === priority)
  return target > from ? target - 1 : from
}

function finalAnswer(lookup: Lookup): RuleAnswer | undefined {
  const {answer, rule} = lookup
  if (answer.kind === 'found') return {kind: 'found', lookup: {...lookup, answer}}
  if (answer.kind === 'refused') return {kind: 'refused', lookup, error: answer.error}
  switch (rule.action.kind) {
    case 'unreachable':
      return {kind: 'refused', lookup, error: 'ENETUNREACH'}
    case 'prohibit':
      return {kind: 'refused', lookup, error: 'EACCES'}
    case 'blackhole':
      return {kind: 'refused', lookup, error: 'EINVAL'}
    default:
      return undefined
  }
}

function matchesRule(rule: RoutingRule, key: RouteKey): Tri {
  const known = allOf([
    tri(rule.source === undefined || (key.source === undefined ? rule.source.length === 0 : contains(rule.source, key.source))),
    tri(rule.destination === undefined || contains(rule.destination, key.destination)),
    tri(rule.mark === undefined || ((key.mark ^ rule.mark.value) & rule.mark.mask) === 0),
    tri(rule.inDevice === undefined || rule.inDevice === key.inDevice),
    tri(rule.outDevice === undefined || rule.outDevice === key.outDevice),
    tri(matchesTos(rule.tos, key)),
    // What has no protocol or port in its key counts as 0 there, which no selector names.
    tri(rule.protocol === undefined || rule.protocol === key.protocol),
    ...matchesBothPorts(rule, key),
    rule.unknown.length === 0 ? 'yes' : 'undetermined',
  ])
  return rule.negated ? not(known) : known
}

/** IPv6 compares all but the bits for congestion (fib6_rule_match); 0 names no type (fib4_rule_configure). */
function matchesTos(wanted: number | undefined, {destination, tos = 0}: RouteKey): boolean {
  return wanted === undefined || wanted === 0 || wanted === (tos & (destination.family === 4 ? LEGACY_TOS : 0xfc))
}

function matchesBothPorts(
  {sourcePorts, destinationPorts}: RoutingRule,
  {sourcePort, destinationPort, openPorts}: RouteKey,
): readonly Tri[] {
  return [
    matchesPorts(sourcePorts, {port: sourcePort, open: openPorts?.source}),
    matchesPorts(destinationPorts, {port: destinationPort, open: openPorts?.destination}),
  ]
}

interface KeyPort {
  readonly port: number | undefined
  readonly open: PortRange | undefined
}

function matchesPorts(range: PortRange | undefined, {port, open}: KeyPort): Tri {
  if (range === undefined) return 'yes'
  return port === undefined ? 'no' : portAmong([range], {port, open})
}
