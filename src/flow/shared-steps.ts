import type {Exit, Forwarding} from './forwarder.js'
import type {Step} from './step.js'

/** A forwarding of exits that hold all their steps: those that all of them begin with move to the front. */
export function withSharedSteps(exits: readonly Exit[]): Forwarding {
  const shared = sharedPrefix(exits.map(({steps}) => steps))
  return {steps: exits[0]?.steps.slice(0, shared) ?? [], exits: exits.map((exit) => ({...exit, steps: exit.steps.slice(shared)}))}
}

function sharedPrefix(lists: readonly (readonly Step[])[]): number {
  const [first, ...rest] = lists
  if (first === undefined) return 0
  let length = 0
  while (length < first.length && rest.every((list) => list[length] === first[length])) length += 1
  return length
}
