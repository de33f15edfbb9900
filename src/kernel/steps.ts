import {formatSocket} from '../flow/address.js'
import type {Evidence, Step} from '../flow/step.js'
import type {Place} from './config/model.js'
import type {Network} from './config/network.js'
import type {VisitedRule} from './walk/chain.js'
import {formatPacket} from './walk/packet.js'
import type {Pass} from './walk/run.js'
import {answers, captureRule, requests} from './end.js'
import {ownAddress} from './own-address.js'
import type {Attempt, Outcome, Owner} from './walk/connect.js'

/**
 * The way of the request, and of an answer that got lost: rules that changed or ended it, routes, and the socket it came out at.
 * What only counts or jumps is left out.
 */
export function stepsOfWalk(outcome: Outcome, asked: {readonly attempt: Attempt; readonly network: Network}): readonly Step[] {
  const {attempt} = asked
  const astray = outcome.owner === undefined && outcome.reached !== undefined ? answers(outcome.passes) : []
  const steps = [...requests(outcome.passes, attempt), ...astray].flatMap((pass) => stepsOf(pass))
  const news = steps.filter((step, at) => !repeats(step, steps.slice(0, at)))
  return outcome.owner === undefined ? news : [...news, captureStep(outcome, {...asked, owner: outcome.owner})]
}

/** What goes round the loopback keeps the route it was sent with. */
function repeats(step: Step, before: readonly Step[]): boolean {
  if (step.kind !== 'route-lookup') return false
  const last = before.flatMap((one) => (one.kind === 'route-lookup' ? one : [])).at(-1)
  return last?.name === step.name && last.effect === step.effect
}

interface Accepted {
  readonly attempt: Attempt
  readonly network: Network
  readonly owner: Owner
}

/** The socket by an address of its own: TPROXY accepts for the dialled one. */
function captureStep(outcome: Outcome, {attempt, network, owner}: Accepted): Step {
  const rule = captureRule(outcome, attempt)
  return {
    kind: 'capture',
    how: rule === undefined ? `not captured: reaches port ${owner.port}` : `captured by port ${owner.port} of ${owner.namespace}`,
    to: {ip: rule?.target.kind === 'tproxy' ? ownAddress(network, owner) : owner.local.ip, port: owner.port},
    because: [`to ${formatSocket(attempt.destination)}`, ...(rule === undefined ? [] : [rule.text])],
    evidence: rule === undefined ? [] : evidenceOf(rule.place),
  }
}

function stepsOf(pass: Pass): readonly Step[] {
  const routed = pass.hooks.findIndex(({hook}) => ROUTED.has(hook))
  const stepsAt = (hooks: Pass['hooks']): readonly Step[] =>
    hooks.flatMap(({hook, visited}) => visited.flatMap((one) => ruleStep(one, {hook, pass})))
  if (routed < 0) return [...stepsAt(pass.hooks), ...routeStep(pass)]
  return [...stepsAt(pass.hooks.slice(0, routed)), ...routeStep(pass), ...stepsAt(pass.hooks.slice(routed))]
}

/** Hooks behind the last routing decision. Source: kernel ip_input.c, ip_forward.c, ip_output.c. */
const ROUTED: ReadonlySet<Pass['hooks'][number]['hook']> = new Set(['INPUT', 'FORWARD', 'POSTROUTING'])

const PASSING = new Set<VisitedRule['effect']>(['jump', 'goto', 'end', 'policy', 'return', 'passed-over'])

interface Met {
  readonly hook: string
  readonly pass: Pass
}

function ruleStep(visited: VisitedRule, {hook, pass}: Met): readonly Step[] {
  const {table, chain, rule, effect, mark} = visited
  if (rule === undefined) return policyStep(visited, {hook, pass})
  if (PASSING.has(effect) || rule.target.kind === 'continue') return []
  return [
    {
      kind: 'rule',
      name: `${pass.namespace} ${table} ${chain} ${rule.number}`,
      effect: effectText(rule, mark),
      because: [`${hook} of ${pass.namespace}`, formatPacket(pass.packet), rule.text],
      evidence: evidenceOf(rule.place),
    },
  ]
}

/** Only a policy that drops decides something. */
function policyStep({table, chain, effect, place}: VisitedRule, {hook, pass}: Met): readonly Step[] {
  if (effect !== 'policy' || place === undefined) return []
  return [
    {
      kind: 'rule',
      name: `${pass.namespace} ${table} ${chain} policy`,
      effect: 'drop',
      because: [`${hook} of ${pass.namespace}`, formatPacket(pass.packet), `:${chain} DROP`],
      evidence: evidenceOf(place),
    },
  ]
}

function effectText({target}: NonNullable<VisitedRule['rule']>, mark: number): string {
  switch (target.kind) {
    case 'set-mark':
    case 'restore-mark':
      return `mark 0x${mark.toString(16)}`
    case 'tproxy':
      return `TPROXY to port ${target.port}, mark 0x${mark.toString(16)}`
    case 'redirect':
      return `REDIRECT${target.ports === undefined ? '' : ` to port ${target.ports.from}`}`
    case 'dnat':
      return `DNAT to ${target.ip === undefined ? '' : formatSocket({ip: target.ip, port: target.ports?.from ?? 0})}`
    case 'snat':
      return `SNAT to ${target.ip}`
    default:
      return target.kind
  }
}

function routeStep({route, namespace, packet}: Pass): readonly Step[] {
  const answer = route?.policy.answer
  // What was not recorded has no routes to cite.
  if (route === undefined || answer?.kind !== 'found' || answer.lookup.answer.route.place === undefined) return []
  const {rule, table = '', answer: found} = answer.lookup
  return [
    {
      kind: 'route-lookup',
      name: `${namespace} table ${table}`,
      effect: `${route.type === 'unicast' ? '' : `${route.type} `}${route.via === undefined ? '' : `via ${route.via} `}dev ${route.device}`,
      because: [`ip rule ${rule.priority}`, `to ${packet.destination.ip}`],
      evidence: [...evidenceOf(rule.place), ...evidenceOf(found.route.place)],
    },
  ]
}

/** A rule without a place was not recorded but concluded. */
export function evidenceOf(place: Place | undefined): readonly Evidence[] {
  return place === undefined ? [] : [{dump: place.file, pointer: `line ${place.line}`, basis: 'recorded'}]
}
