import type {NetworkNamespace} from '../config/namespace.js'
import type {TableVerdict, VisitedRule} from './chain.js'
import {walkHook, type HookWalk} from './hook.js'
import {connectionsOf, type AfterHook, type Pass, type Run} from './run.js'
import {socketOf, transparentSocket} from './sockets.js'
import type {HookName, Surroundings, Transit} from './transit.js'

/** A packet in one namespace, with the record of its pass. */
export interface Passing {
  readonly run: Run
  readonly namespace: NetworkNamespace
  readonly pass: Pass
}

export function startPass(
  run: Run,
  {namespace, packet, start}: {readonly namespace: NetworkNamespace} & Pick<Pass, 'packet' | 'start'>,
): Passing {
  const pass: Pass = {namespace: namespace.name, packet, start, hooks: []}
  run.passes.push(pass)
  return {run, namespace, pass}
}

/** Walks one hook and records it. */
export function passHook(
  {run, namespace, pass}: Passing,
  {hook, transit, afterChange}: {readonly hook: HookName; readonly transit: Transit; readonly afterChange?: HookWalk['afterChange']},
): TableVerdict {
  const visited: VisitedRule[] = []
  const verdict = walkHook({
    hook,
    transit,
    surroundings: surroundingsOf(run, namespace),
    visited,
    ...(afterChange === undefined ? {} : {afterChange}),
  })
  pass.hooks.push({hook, visited, ...(verdict.kind === 'accept' ? {after: afterOf(verdict.transit, transit)} : {})})
  if (verdict.kind === 'drop') pass.ended = verdict.why
  if (verdict.kind === 'reject') pass.ended = `REJECT ${verdict.with}`
  return verdict
}

function surroundingsOf(run: Run, namespace: NetworkNamespace): Surroundings {
  return {
    namespace,
    connections: connectionsOf(run, namespace.name),
    choices: run.choices,
    turns: run.turns,
    explain: run.explain,
    socketOf: (transit) => socketOf(run, {namespace, transit}),
    transparentSocket: transparentSocket(run, namespace),
  }
}

/** The device of the first routing decision stays visible until the next hook. */
function afterOf(transit: Transit, before: Transit): AfterHook {
  return {
    packet: transit.packet,
    mark: transit.mark,
    ...(before.inDevice === undefined ? {} : {inDevice: before.inDevice}),
    ...(before.outDevice === undefined ? {} : {outDevice: before.outDevice}),
    ...(transit.tracked === undefined ? {} : {tracked: transit.tracked}),
  }
}
