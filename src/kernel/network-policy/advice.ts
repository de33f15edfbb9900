import type {HopEnd, NetworkPolicy, PolicyPort, PolicyRule} from './model.js'
import {judgeRule, otherEnd, type Asked, type RuleJudgement} from './rule.js'

interface Denied extends Asked {
  readonly isolatedBy: readonly NetworkPolicy[]
}

interface JudgedRule extends RuleJudgement {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  /** `spec.ingress[0]` */
  readonly path: string
}

/** Why no rule took the connection, rule by rule. */
export function reasonsAgainst(denied: Denied): string {
  const {isolatedBy, direction} = denied
  const judged = judgedRules(denied)
  const told = judged.slice(0, MOST).map((one) => `${placeOf(one, denied)} takes ${takes(one, denied)}`)
  const more = judged.length > MOST ? [`${judged.length - MOST} more rules`] : []
  const empty = isolatedBy.filter((policy) => policy[direction].length === 0)
  return [...told, ...more, ...empty.slice(0, MOST).map((policy) => `${nameIn(policy, denied)} has no ${direction} rule`)].join('; ')
}

/** What to write where. Source: users.md P13: what users lack is the port of the tunnel. */
export function adviceFor(denied: Denied): {readonly advice?: string} {
  const {isolatedBy, direction, hop} = denied
  const judged = judgedRules(denied)
  const port = `{protocol: ${hop.protocol}, port: ${hop.port}}`
  const byPort = judged.find(({peer}) => peer === 'yes')
  if (byPort !== undefined) return {advice: `add ${port} to ${byPort.path}.ports of ${fullName(byPort.policy)}`}
  const byPeer = judged.find((one) => one.port === 'yes')
  const other = describe(otherEnd(denied))
  if (byPeer !== undefined) return {advice: `add ${other} to ${byPeer.path}.${side(denied)} of ${fullName(byPeer.policy)}`}
  const [first] = isolatedBy
  return first === undefined ? {} : {advice: `add to spec.${direction} of ${fullName(first)} a rule for ${port} ${side(denied)} ${other}`}
}

/** A list of rules longer than this tells nothing at a glance. */
const MOST = 3

function judgedRules({isolatedBy, hop, direction}: Denied): readonly JudgedRule[] {
  return isolatedBy.flatMap((policy) =>
    policy[direction].map((rule, index) => ({
      policy,
      rule,
      path: `spec.${direction}[${index}]`,
      ...judgeRule(rule, {hop, direction, namespace: policy.namespace}),
    })),
  )
}

function placeOf({policy, path}: JudgedRule, denied: Denied): string {
  return denied.isolatedBy.length === 1 ? path : `${fullName(policy)} ${path}`
}

function nameIn(policy: NetworkPolicy, {isolatedBy}: Denied): string {
  return isolatedBy.length === 1 ? 'it' : fullName(policy)
}

/** `only TCP 80, 443`, `TCP 15008, but not from 10.0.0.1 (shop/a)`. */
function takes({rule: {ports}, peer, port}: JudgedRule, denied: Denied): string {
  const {hop} = denied
  const stranger = `not ${side(denied)} ${addressOf(otherEnd(denied))}`
  if (port === 'yes') return `${hop.protocol} ${hop.port}, but ${stranger}`
  const only = `only ${ports.slice(0, MOST).map(portText).join(', ')}${ports.length > MOST ? ', …' : ''}`
  return peer === 'no' ? `${only}, and ${stranger}` : only
}

function portText({protocol, port, endPort}: PolicyPort): string {
  return [protocol, ...(port === undefined ? [] : [`${port}${endPort === undefined ? '' : `-${endPort}`}`])].join(' ')
}

function side({direction}: Asked): 'from' | 'to' {
  return direction === 'ingress' ? 'from' : 'to'
}

function addressOf({ip, pod}: HopEnd): string {
  return pod === undefined ? ip : `${ip} (${pod.namespace}/${pod.name})`
}

/** What a peer of a rule would have to select. */
function describe({ip, pod}: HopEnd): string {
  return pod === undefined ? `ipBlock ${ip}/${ip.includes(':') ? 128 : 32}` : `pod ${pod.namespace}/${pod.name}`
}

function fullName({namespace, name}: NetworkPolicy): string {
  return `${namespace}/${name}`
}
