import type {Place} from '../config/model.js'
import type {PacketRule, RuleChain, RuleTable} from '../config/packet-rules.js'
import {applyTarget} from './apply-target.js'
import {failedMatch} from './match.js'
import {describeMatch} from './describe-match.js'
import type {Effect, HookName, RuleContext, Surroundings, Transit} from './transit.js'

/** One step of the walk, as the kernel's TRACE shows it. */
export interface VisitedRule {
  readonly table: string
  readonly chain: string
  /** Absent at the end of a chain. */
  readonly rule?: PacketRule
  readonly effect: 'jump' | 'goto' | 'continue' | 'accept' | 'drop' | 'reject' | 'return' | 'end' | 'policy' | 'passed-over'
  /** The condition that does not hold, of a rule that was passed over. */
  readonly failed?: string
  /** After the rule. */
  readonly mark: number
  /** Of a policy that drops. */
  readonly place?: Place
}

export type TableVerdict =
  | {readonly kind: 'accept'; readonly transit: Transit}
  /** `error`: what the sending socket learns; else it is EPERM. */
  | {readonly kind: 'drop'; readonly why: string; readonly error?: string}
  | {readonly kind: 'reject'; readonly with: string; readonly transit: Transit}

export interface TableWalk {
  readonly table: RuleTable
  readonly hook: HookName
  readonly transit: Transit
  readonly surroundings: Surroundings
  readonly visited: VisitedRule[]
}

/** Walks the built-in chain of one table. First match decides; RETURN or the end of the base chain leaves it to the policy. Source: envoy-2022 C.4. */
export function walkTable(walk: TableWalk): TableVerdict {
  const chain = walk.table.chains.get(walk.hook)
  if (chain === undefined) return {kind: 'accept', transit: walk.transit}
  const end = walkChain(walk, {chain, transit: walk.transit, depth: 0})
  if (end.kind !== 'end') return end
  const drops = chain.policy === 'DROP'
  visit(walk, {
    chain: chain.name,
    effect: 'policy',
    mark: end.transit.mark,
    ...(drops && chain.place !== undefined ? {place: chain.place} : {}),
  })
  return drops ? {kind: 'drop', why: `policy of ${walk.table.name} ${chain.name}`} : {kind: 'accept', transit: end.transit}
}

type ChainEnd = TableVerdict | {readonly kind: 'end'; readonly transit: Transit}

interface ChainWalk {
  readonly chain: RuleChain
  readonly transit: Transit
  readonly depth: number
}

/** The kernel refuses deeper jumps when rules are loaded; a capture may hold anything. */
const MAX_DEPTH = 32

function walkChain(walk: TableWalk, {chain, transit, depth}: ChainWalk): ChainEnd {
  let current = transit
  for (const rule of chain.rules) {
    const context: RuleContext = {...walk.surroundings, transit: current, hook: walk.hook, table: walk.table.name}
    const failed = failedMatch(rule, context)
    if (failed !== undefined) {
      passOver(walk, {chain: chain.name, rule, failed: describeMatch(failed), mark: current.mark})
      continue
    }
    const effect = applyTarget(rule.target, context)
    visit(walk, {chain: chain.name, rule, effect: effect.kind, mark: 'transit' in effect ? effect.transit.mark : current.mark})
    const next = follow(walk, {effect, transit: current, depth})
    if (next.kind === 'left') return {kind: 'end', transit: next.transit}
    if (next.kind !== 'end') return next
    current = next.transit
  }
  if (depth > 0) visit(walk, {chain: chain.name, effect: 'end', mark: current.mark})
  return {kind: 'end', transit: current}
}

/** `end`: go on with the next rule. `left`: the chain is over. */
function follow(
  walk: TableWalk,
  {effect, transit, depth}: {readonly effect: Effect; readonly transit: Transit; readonly depth: number},
): ChainEnd | {readonly kind: 'left'; readonly transit: Transit} {
  switch (effect.kind) {
    case 'continue':
      return {kind: 'end', transit: effect.transit}
    case 'return':
      return {kind: 'left', transit}
    case 'jump':
    case 'goto': {
      const end = enter(walk, {name: effect.chain, transit, depth})
      return effect.kind === 'goto' && end.kind === 'end' ? {kind: 'left', transit: end.transit} : end
    }
    default:
      return effect
  }
}

function enter(
  walk: TableWalk,
  {name, transit, depth}: {readonly name: string; readonly transit: Transit; readonly depth: number},
): ChainEnd {
  const chain = walk.table.chains.get(name)
  if (chain === undefined) return {kind: 'end', transit}
  return depth >= MAX_DEPTH
    ? {kind: 'drop', why: `chains are nested deeper than ${MAX_DEPTH}`}
    : walkChain(walk, {chain, transit, depth: depth + 1})
}

function visit({visited, table}: TableWalk, step: Omit<VisitedRule, 'table'>): void {
  visited.push({table: table.name, ...step})
}

function passOver(walk: TableWalk, step: Required<Pick<VisitedRule, 'chain' | 'rule' | 'failed' | 'mark'>>): void {
  if (walk.surroundings.explain) visit(walk, {...step, effect: 'passed-over'})
}
