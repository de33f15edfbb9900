import type {Family} from '../config/ip.js'
import type {PacketRule} from '../config/packet-rules.js'
import {finding, placesOf, type CaptureFinding} from './finding.js'
import {expectedRules, type ExpectedRule, type Variant} from './in-pod-expected.js'
import {conditionOf, redirectsTo, ZTUNNEL_OUTBOUND, type RulesAt} from './in-pod-variant.js'
import {areSame, hasSameConditions, sharedConditions, wordsOf, wordsOfText, type RuleWords} from './rule-words.js'
import {CAPTURE_HOOKS} from './rules-on-the-way.js'

/** Rules of one family of one pod, and what they show of how it is captured. */
export interface Compared {
  readonly place: string
  readonly variant: Variant
  readonly at: RulesAt
}

/** What the rules of an enrolled pod lack, hold in another form or order, or hold besides. Source: ambient-ga E. */
export function ruleFindings({place, variant, at}: Compared): readonly CaptureFinding[] {
  const all = expectedRules(variant)
  return CAPTURE_HOOKS.flatMap((hook) => {
    const rules = at(hook.table, hook.hook)
    const expected = all.filter((one) => one.table === hook.table && one.hook === hook.hook)
    const pairs = pairsOf(expected, {rules, family: variant.family})
    const named = {place, where: `${hook.table} ${hook.hook}`, rules, pairs, family: variant.family, native: variant.native}
    return [...wrongOnes(named), ...late(named), ...unknownOnes(named)]
  })
}

/** An expected rule with what there is of it. */
interface Pair {
  readonly expected: ExpectedRule
  readonly rule?: PacketRule
  /** One that nearly says it. */
  readonly alike?: PacketRule
}

interface Present {
  readonly rules: readonly PacketRule[]
  readonly family: Family
}

function pairsOf(expected: readonly ExpectedRule[], {rules, family}: Present): readonly Pair[] {
  const exact = expected.map((one): Pair => {
    const words = one.texts.map((text) => wordsOfText(text, family))
    const rule = rules.find((candidate) => words.some((each) => areSame(each, wordsOf(candidate))))
    return {expected: one, ...(rule === undefined ? {} : {rule})}
  })
  const taken = new Set(exact.flatMap(({rule}) => rule ?? []))
  return exact.map((pair) => (pair.rule === undefined ? withAlike(pair, {rules, family, taken}) : pair))
}

/** The rule that shares most with what is missing: the same effect, or the same conditions. */
function withAlike(pair: Pair, {rules, family, taken}: Present & {readonly taken: Set<PacketRule>}): Pair {
  const wanted = wordsOfText(pair.expected.texts[0] ?? '', family)
  const candidates = rules
    .filter((rule) => !taken.has(rule) && isOfCapture(rule.chain) && !isKnownOption(rule))
    .map((rule) => ({rule, likeness: likeness(wanted, wordsOf(rule))}))
    .filter((one) => one.likeness > 0)
  const [best] = candidates.toSorted((one, other) => other.likeness - one.likeness)
  if (best === undefined) return pair
  taken.add(best.rule)
  return {...pair, alike: best.rule}
}

/** At least half of the conditions must be the same. */
function likeness(wanted: RuleWords, one: RuleWords): number {
  if (hasSameConditions(wanted, one)) return wanted.conditions.size + 1
  const shared = sharedConditions(wanted, one)
  const isNear = wanted.target === one.target && (2 * shared >= wanted.conditions.size - 1 || wanted.conditions.size === 1)
  return isNear ? shared + 1 : 0
}

interface Named extends Present {
  readonly place: string
  readonly where: string
  readonly pairs: readonly Pair[]
  readonly native: boolean
}

function wrongOnes({place, where, pairs, family, native}: Named): readonly CaptureFinding[] {
  return pairs.flatMap((pair): readonly CaptureFinding[] => {
    if (pair.rule !== undefined) return []
    const {expected, alike} = pair
    const {severity = 'broken', without} = expected
    const wanted = `\`${native ? expected.native : (expected.texts[0] ?? '')}\``
    if (alike !== undefined) {
      const what = `IPv${family} ${where}: \`${alike.text}\` should say ${wanted}`
      return [finding(place, {kind: 'rule-differs', severity, what, evidence: placesOf(alike.place)})]
    }
    const {position, evidence} = gapOf(pair, pairs)
    return [
      finding(place, {kind: 'rule-missing', severity, what: `IPv${family} ${where} lacks ${wanted}${position}: ${without}`, evidence}),
    ]
  })
}

interface Gap {
  readonly position: string
  readonly evidence: CaptureFinding['evidence']
}

/** Where a rule is missing: before the next one that is there, else after the last one. */
function gapOf(pair: Pair, pairs: readonly Pair[]): Gap {
  const at = pairs.indexOf(pair)
  const next = pairs.slice(at + 1).find(({rule}) => rule !== undefined)?.rule
  const last = pairs.slice(0, at).findLast(({rule}) => rule !== undefined)?.rule
  const near = next ?? last
  if (near === undefined) return {position: '', evidence: []}
  return {position: ` ${next === undefined ? 'after' : 'before'} rule ${near.number} of ${near.chain}`, evidence: placesOf(near.place)}
}

function late({place, where, pairs, rules, family}: Named): readonly CaptureFinding[] {
  return pairs.flatMap(({rule, expected}) => {
    const passed = ordersOf(expected).flatMap((order) => {
      const other = pairs.find((one) => one.expected.id === order.before)?.rule
      const isEarly = rule !== undefined && other !== undefined && rules.indexOf(other) < rules.indexOf(rule)
      return isEarly ? [{...order, rule, other}] : []
    })
    return passed.slice(0, 1).map(({rule: own, other, loss, severity}) => {
      const what = `IPv${family} ${where}: \`${own.text}\` comes after rule ${other.number} of ${other.chain}: ${loss}`
      return finding(place, {kind: 'rule-order', severity, what, evidence: placesOf(own.place, other.place)})
    })
  })
}

interface Order {
  readonly before: string
  readonly loss: string
  readonly severity: CaptureFinding['severity']
}

/** A rule that comes too late is as good as missing. */
function ordersOf({before, without, severity = 'broken', rather}: ExpectedRule): readonly Order[] {
  const orders = before.map((id): Order => ({before: id, loss: without, severity}))
  return rather === undefined ? orders : [...orders, {...rather, severity: 'unsure'}]
}

/** Rules that nobody expects may take packets away from capture, or give ztunnel others. */
function unknownOnes({place, where, rules, pairs, family}: Named): readonly CaptureFinding[] {
  const known = new Set(pairs.flatMap(({rule, alike}) => [rule, alike]))
  const usual = pairs.flatMap(({expected}) => expected.texts.map((text) => wordsOfText(text, family)))
  const isAgain = (rule: PacketRule): boolean => usual.some((one) => areSame(one, wordsOf(rule)))
  const jump = rules.findIndex(({target}) => (target.kind === 'jump' || target.kind === 'goto') && isOfCapture(target.chain))
  const strange = rules.filter(
    (rule, at) => !known.has(rule) && !isHarmless(rule) && !isAgain(rule) && (isOfCapture(rule.chain) || at < jump),
  )
  return strange.map((rule) =>
    finding(place, {
      kind: 'rule-unknown',
      severity: 'unsure',
      what: `IPv${family} ${where}: \`${rule.text}\` is none of istio-cni's, and is asked among or before its rules`,
      evidence: placesOf(rule.place),
    }),
  )
}

function isHarmless(rule: PacketRule): boolean {
  const {kind} = rule.target
  return kind === 'continue' || kind === 'jump' || kind === 'goto' || isKnownOption(rule)
}

/** ambient-ga E: rerouted virtual interfaces; interfaces that annotations exclude leave the chain at once. */
function isKnownOption(rule: PacketRule): boolean {
  const device = conditionOf(rule, 'in-device') ?? conditionOf(rule, 'out-device')
  const isPlain = rule.matches.every((match) => match === device || match.kind === 'protocol')
  if (device === undefined || device.negated || !isPlain) return false
  return rule.target.kind === 'return' || redirectsTo(rule.target, ZTUNNEL_OUTBOUND)
}

/** Names of iptables and of the nftables mode. */
export function isOfCapture(chain: string): boolean {
  return /^(?:ISTIO_(?:OUTPUT|PRERT)|istio-(?:output|prerouting))(?: rule \d+)?$/.test(chain)
}
