import type {NetworkNamespace} from '../config/namespace.js'
import type {PacketRule, RuleChain, RuleTable} from '../config/packet-rules.js'
import {align} from './alignment.js'
import type {ExpectedChain, ExpectedRule} from './expected-rules.js'
import {finding, placesOf, REWRITE, type CaptureFinding} from './finding.js'

/** A longer one is none that the node agent writes. */
const LONGEST_CHAIN = 300

/** The rules of whole chains against what the node agent writes there: what is missing, in another place, or not of its making. */
export function chainFindings(namespace: NetworkNamespace, expected: readonly ExpectedChain[]): readonly CaptureFinding[] {
  return expected.flatMap((one) => {
    const found = chainOf(namespace, one)
    if (found === undefined) return missingChain(namespace, one)
    return found.rules.length > LONGEST_CHAIN ? [] : compareChain({namespace, found, expected: one, whole: true})
  })
}

/** Only what is missing, or in another order: rules of others may stand between. */
export function partFindings(namespace: NetworkNamespace, expected: readonly ExpectedChain[]): readonly CaptureFinding[] {
  return expected.flatMap((one) => {
    const chain = chainOf(namespace, one)
    const own = new Set(one.rules.map(({rule}) => keyOf(rule)))
    const found = {...chain, name: one.chain, rules: (chain?.rules ?? []).filter((rule) => own.has(keyOf(rule)))}
    return found.rules.length > LONGEST_CHAIN ? [] : compareChain({namespace, found, expected: one, whole: false})
  })
}

/** Both backends may have a table of that name. */
export function chainOf({packetRules}: NetworkNamespace, {table, chain}: Pick<ExpectedChain, 'table' | 'chain'>): RuleChain | undefined {
  const tables = packetRules[4].tables.filter((one: RuleTable) => one.name === table && one.chains.has(chain))
  const chains = tables.flatMap(({chains: known}) => known.get(chain) ?? [])
  return chains.find(({rules}) => rules.length > 0) ?? chains[0]
}

function missingChain(namespace: NetworkNamespace, {table, chain, rules}: ExpectedChain): readonly CaptureFinding[] {
  const [loss] = rules.flatMap((one) => one.loss ?? [])
  const what = `the chain ${chain} of table ${table} is missing${loss === undefined ? '' : `: ${loss}`}`
  return [finding(namespace.name, {kind: 'rule-missing', severity: severityOf(loss), what, fix: REWRITE})]
}

interface Compared {
  readonly namespace: NetworkNamespace
  readonly found: RuleChain
  readonly expected: ExpectedChain
  /** What is not expected counts too. */
  readonly whole: boolean
}

function compareChain(compared: Compared): readonly CaptureFinding[] {
  const {expected, found, whole} = compared
  const wanted = expected.rules.filter(({rule, optional}) => optional !== true || found.rules.some((one) => keyOf(one) === keyOf(rule)))
  const {missing, moved, extra} = align(
    wanted.map(({rule}) => keyOf(rule)),
    found.rules.map(keyOf),
  )
  const at = (position: number): ExpectedRule | undefined => wanted[position]
  return [
    ...missing.flatMap((one) => missingRule(compared, {wanted: at(one.expected), after: found.rules[one.after]})),
    ...moved.flatMap((one) => movedRule(compared, {wanted: at(one.expected), rule: found.rules[one.actual]})),
    ...(whole ? extra.flatMap((position) => extraRule(compared, found.rules[position])) : []),
  ]
}

interface Missing {
  readonly wanted: ExpectedRule | undefined
  readonly after: PacketRule | undefined
}

/** The line after which it belongs is where to look. */
function missingRule({namespace, found, expected}: Compared, {wanted, after}: Missing): readonly CaptureFinding[] {
  if (wanted === undefined) return []
  const {rule, loss} = wanted
  return [
    finding(namespace.name, {
      kind: 'rule-missing',
      severity: severityOf(loss),
      what: `the ${expected.table} rule \`${rule.text}\` is missing${loss === undefined ? '' : `: ${loss}`}`,
      evidence: placesOf(after?.place ?? found.place),
      fix: REWRITE,
    }),
  ]
}

interface Moved {
  readonly wanted: ExpectedRule | undefined
  readonly rule: PacketRule | undefined
}

function movedRule({namespace, expected}: Compared, {wanted, rule}: Moved): readonly CaptureFinding[] {
  if (wanted === undefined || rule === undefined) return []
  const what = `the ${expected.table} rule \`${rule.text}\` is rule ${rule.number} of its chain, not ${wanted.rule.number}`
  return [
    finding(namespace.name, {
      kind: 'rule-order',
      severity: severityOf(wanted.loss),
      what,
      evidence: placesOf(rule.place),
      fix: REWRITE,
    }),
  ]
}

function extraRule({namespace, expected}: Compared, rule: PacketRule | undefined): readonly CaptureFinding[] {
  if (rule === undefined || rule.target.kind === 'continue') return []
  // It sends packets of pods elsewhere.
  const severity = rule.target.kind === 'dnat' ? 'broken' : 'unsure'
  const what = `the ${expected.table} rule \`${rule.text}\` is none that the node agent writes for the ztunnel that is there now`
  return [
    finding(namespace.name, {
      kind: 'rule-unknown',
      severity,
      what,
      evidence: placesOf(rule.place),
      fix: REWRITE,
    }),
  ]
}

/** What no connection needs may be missing without harm. */
function severityOf(loss: string | undefined): CaptureFinding['severity'] {
  return loss === undefined ? 'unsure' : 'broken'
}

/** Conditions in the same order whatever printed them; addresses are big numbers. */
function keyOf({matches, target}: Pick<PacketRule, 'matches' | 'target'>): string {
  return JSON.stringify([matches.map((match) => text(match)).toSorted(), text(target)])
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))
}
