import type {Family} from '../config/ip.js'
import type {Route, RoutingRule} from '../config/model.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {finding, placesOf, type CaptureFinding} from './finding.js'

const RETURN_MARK = {value: 0x111, mask: 0xfff}
const TABLE = '100'
const WANTED = 'fwmark 0x111/0xfff lookup 100'

/** ambient-ga E: answers of captured connections carry mark 0x111, and table 100 brings them back to ztunnel. */
export function returnRouteFindings(pod: NetworkNamespace, family: Family): readonly CaptureFinding[] {
  const {rules, routes} = pod.routing[family]
  // A list of rules without a line of its own was not recorded.
  if (rules.every(({place}) => place === undefined)) return []
  const rule = rules.find(isReturnRule)
  if (rule === undefined) return [withoutRule(pod, {family, alike: rules.find(isAlike)})]
  return [...lateRule(pod, {family, rule, rules}), ...brokenTable(pod, {family, rule, routes})]
}

function isReturnRule({mark, negated, action}: RoutingRule): boolean {
  return !negated && mark?.value === RETURN_MARK.value && mark.mask === RETURN_MARK.mask && action.kind === 'lookup'
}

/** The same table, or the same bits in another form. */
function isAlike({mark, action}: RoutingRule): boolean {
  const asks = action.kind === 'lookup' && action.table === TABLE
  return asks || (mark !== undefined && (mark.value & RETURN_MARK.mask) === RETURN_MARK.value)
}

function withoutRule(
  pod: NetworkNamespace,
  {family, alike}: {readonly family: Family; readonly alike: RoutingRule | undefined},
): CaptureFinding {
  const loss = 'answers of the app to ztunnel leave the pod'
  if (alike === undefined) {
    return finding(pod.name, {kind: 'rule-missing', what: `the IPv${family} rule ${WANTED} is missing: ${loss}`})
  }
  const what = `the IPv${family} rule of priority ${alike.priority} should say ${WANTED}: ${loss}`
  return finding(pod.name, {kind: 'rule-differs', what, evidence: placesOf(alike.place)})
}

interface Asked {
  readonly family: Family
  readonly rule: RoutingRule
}

/** Whatever has a default route answers before a rule of a higher number is asked. */
function lateRule(
  pod: NetworkNamespace,
  {family, rule, rules}: Asked & {readonly rules: readonly RoutingRule[]},
): readonly CaptureFinding[] {
  const first = rules.find((one) => one !== rule && one.priority <= rule.priority && answersAll(pod, {family, rule: one}))
  if (first === undefined || rules.indexOf(first) > rules.indexOf(rule)) return []
  const what = `the IPv${family} rule ${WANTED} comes too late: the rule of priority ${first.priority} answers before it`
  return [finding(pod.name, {kind: 'rule-order', what, evidence: placesOf(rule.place, first.place)})]
}

function answersAll({routing}: NetworkNamespace, {family, rule}: Asked): boolean {
  const {action, mark, source, destination, inDevice, outDevice, protocol, negated, unknown} = rule
  const asksAll =
    [mark, source, destination, inDevice, outDevice, protocol].every((one) => one === undefined) && !negated && unknown.length === 0
  if (!asksAll || action.kind !== 'lookup' || action.suppressPrefixLength !== undefined) return false
  return routing[family].routes.some(({table, destination: to}) => table === action.table && to.length === 0)
}

function brokenTable(
  pod: NetworkNamespace,
  {family, rule, routes}: Asked & {readonly routes: readonly Route[]},
): readonly CaptureFinding[] {
  const table = rule.action.kind === 'lookup' ? rule.action.table : ''
  const defaults = routes.filter((route) => route.table === table && route.destination.length === 0)
  if (defaults.some(({type}) => type === 'local')) return []
  const wrong = placesOf(...defaults.map(({place}) => place))
  const what = `IPv${family} table ${table} has no local default route: answers of the app to ztunnel leave the pod`
  return [finding(pod.name, {kind: 'table-broken', what, evidence: wrong.length > 0 ? wrong : placesOf(rule.place)})]
}
