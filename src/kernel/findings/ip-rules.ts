import type {RoutingRule} from '../config/model.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {align} from './alignment.js'
import {finding, placesOf, REWRITE, type CaptureFinding} from './finding.js'

export interface ExpectedIpRule {
  readonly priority: number
  readonly what: string
  readonly is: (rule: RoutingRule, all: readonly RoutingRule[]) => boolean
  /** Where capture ends: what is asked later concerns only what it left alone. */
  readonly last?: true
}

/** envoy-2022 C.1, in the order they must be asked. */
export const NODE_RULES: readonly ExpectedIpRule[] = [
  {priority: 0, what: 'lookup local', is: (rule) => isPlain(rule) && asks(rule, 'local')},
  {priority: 100, what: 'fwmark 0x200/0x200 goto 32766', is: (rule, all) => rule.mark?.value === 0x200 && leadsToMain(rule, all)},
  {priority: 101, what: 'fwmark 0x100/0x100 lookup 101', is: (rule) => rule.mark?.value === 0x100 && asks(rule, '101')},
  {priority: 102, what: 'fwmark 0x40/0x40 lookup 102', is: (rule) => rule.mark?.value === 0x40 && asks(rule, '102')},
  {priority: 103, what: 'lookup 100', is: (rule) => isPlain(rule) && asks(rule, '100'), last: true},
  {priority: 32_766, what: 'lookup main', is: (rule) => isPlain(rule) && asks(rule, 'main')},
]

/** envoy-2022 C.2. */
export const ZTUNNEL_RULES: readonly ExpectedIpRule[] = [
  {priority: 0, what: 'lookup local', is: (rule) => isPlain(rule) && asks(rule, 'local')},
  {priority: 20_000, what: 'fwmark 0x400/0xfff lookup 100', is: (rule) => rule.mark?.value === 0x400 && asks(rule, '100')},
  {priority: 20_001, what: 'fwmark 0x401/0xfff lookup 101', is: (rule) => rule.mark?.value === 0x401 && asks(rule, '101')},
  {priority: 20_002, what: 'fwmark 0x402/0xfff lookup 102', is: (rule) => rule.mark?.value === 0x402 && asks(rule, '102')},
  {priority: 20_003, what: 'fwmark 0x4d3/0xfff lookup 100', is: (rule) => rule.mark?.value === 0x4d3 && asks(rule, '100'), last: true},
  {priority: 32_766, what: 'lookup main', is: (rule) => isPlain(rule) && asks(rule, 'main')},
]

function isPlain({mark, source, destination, inDevice, outDevice, unknown}: RoutingRule): boolean {
  return [mark, source, destination, inDevice, outDevice].every((one) => one === undefined) && unknown.length === 0
}

function asks({action}: RoutingRule, table: string): boolean {
  return action.kind === 'lookup' && action.table === table
}

/** The first rule at the target counts. */
function leadsToMain(rule: RoutingRule, all: readonly RoutingRule[]): boolean {
  const {action} = rule
  if (action.kind !== 'goto') return asks(rule, 'main')
  const [target] = inOrder(all).filter(({priority}) => priority >= action.priority)
  // Where nothing asks for main at all, that is what is missing.
  return target === undefined ? false : asks(target, 'main') || all.every((one) => !asks(one, 'main'))
}

function inOrder(rules: readonly RoutingRule[]): readonly RoutingRule[] {
  return rules.toSorted((a, b) => a.priority - b.priority)
}

/** More than this are no rules of one node agent. */
const MOST_RULES = 200

/** Rules that are missing, asked at the wrong time, or asked before capture has had its turn. */
export function ipRuleFindings({name, routing}: NetworkNamespace, expected: readonly ExpectedIpRule[]): readonly CaptureFinding[] {
  const rules = inOrder(routing[4].rules)
  // A list of rules without a line of its own was not recorded.
  if (rules.length > MOST_RULES || rules.every(({place}) => place === undefined)) return []
  const keys = rules.map((rule) => expected.findIndex(({is}) => is(rule, rules)))
  const {missing, moved, extra} = align(
    expected.map((_, at) => String(at)),
    keys.map(String),
  )
  return [
    ...missing.flatMap((one) => missingRule(name, {expected, at: one.expected, rules})),
    ...moved.flatMap((one) => movedRule(name, {wanted: expected[one.expected], rule: rules[one.actual]})),
    ...extra.flatMap((at) => strangeRule(name, {rule: rules[at], before: lastOwn(keys, expected) > at && at > 0})),
  ]
}

/** Position of the last rule of capture. */
function lastOwn(keys: readonly number[], expected: readonly ExpectedIpRule[]): number {
  return keys.findLastIndex((key) => expected[key]?.last === true)
}

interface Absent {
  readonly expected: readonly ExpectedIpRule[]
  readonly at: number
  readonly rules: readonly RoutingRule[]
}

function missingRule(place: string, {expected, at, rules}: Absent): readonly CaptureFinding[] {
  const wanted = expected[at]
  if (wanted === undefined) return []
  const next = rules.find(({priority}) => priority > wanted.priority)
  return [
    finding(place, {
      kind: 'rule-missing',
      what: `the ip rule ${wanted.what} is missing`,
      evidence: placesOf(next?.place),
      fix: `${commandOf(wanted)}; or: ${REWRITE}`,
    }),
  ]
}

function commandOf({priority, what}: ExpectedIpRule): string {
  return `\`ip rule add pref ${priority} ${what}\``
}

interface Moved {
  readonly wanted: ExpectedIpRule | undefined
  readonly rule: RoutingRule | undefined
}

function movedRule(place: string, {wanted, rule}: Moved): readonly CaptureFinding[] {
  if (wanted === undefined || rule === undefined) return []
  const when = rule.priority < wanted.priority ? 'early' : 'late'
  return [
    finding(place, {
      kind: 'rule-order',
      what: `the ip rule ${wanted.what} comes too ${when}: priority ${rule.priority} instead of ${wanted.priority}`,
      evidence: placesOf(rule.place),
      fix: `${commandOf(wanted)} and \`ip rule del pref ${rule.priority}\`; or: ${REWRITE}`,
    }),
  ]
}

/** What other programs ask after capture does not concern it. */
function strangeRule(
  place: string,
  {rule, before}: {readonly rule: RoutingRule | undefined; readonly before: boolean},
): readonly CaptureFinding[] {
  if (rule === undefined || !before) return []
  return [
    finding(place, {
      kind: 'rule-unknown',
      severity: 'unsure',
      what: `an ip rule of another program, priority ${rule.priority}, is asked before those of capture have had their turn`,
      evidence: placesOf(rule.place),
    }),
  ]
}
