import type {Place} from './config/model.js'
import type {VisitedRule} from './walk/chain.js'
import {formatPacket} from './walk/packet.js'
import type {Pass} from './walk/run.js'

/** One packet in one namespace, with every rule it met. */
export interface ExplainedPass {
  readonly namespace: string
  readonly packet: string
  /** The device it came in on, or the one it was first to leave by. */
  readonly device: string
  readonly hooks: readonly {readonly hook: string; readonly rules: readonly ExplainedRule[]}[]
  /** Where it went; absent where it went nowhere. */
  readonly route?: string
  readonly ended?: string
}

export interface ExplainedRule {
  readonly table: string
  readonly chain: string
  /** Absent for the end of a chain and for a policy. */
  readonly number?: number
  readonly text?: string
  readonly effect: VisitedRule['effect']
  /** The condition that ruled it out. */
  readonly failed?: string
  /** After the rule. */
  readonly mark: number
  readonly place?: Place
}

/** All passes in order, both directions of the connection, as data for people and JSON. */
export function explainPasses(passes: readonly Pass[]): readonly ExplainedPass[] {
  return passes.map(({namespace, packet, start, hooks, route, ended}) => ({
    namespace,
    packet: formatPacket(packet),
    device: start.device,
    hooks: hooks.map(({hook, visited}) => ({hook, rules: visited.map(explainedRule)})),
    ...(route === undefined ? {} : {route: `${route.type}${route.via === undefined ? '' : ` via ${route.via}`} dev ${route.device}`}),
    ...(ended === undefined ? {} : {ended}),
  }))
}

function explainedRule({rule, ...rest}: VisitedRule): ExplainedRule {
  if (rule === undefined) return rest
  return {...rest, number: rule.number, text: rule.text, ...(rule.place === undefined ? {} : {place: rule.place})}
}
