import {addShares, formatShare, type Share} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import type {Branch, Hop, HopId, Outcome, Trace} from '../flow/trace.js'
import {bottomUp} from './bottom-up.js'
import {layersOf} from './leg.js'

/** Branches that differ only in which of several equal endpoints they take, or in conditions that make no difference. */
export interface BranchGroup {
  readonly first: Branch
  readonly branches: readonly Branch[]
  /** Of all its branches together. */
  readonly share: Share
}

export interface Likeness {
  readonly trace: Trace
  readonly keys: Map<HopId, string>
  /** A short name for each long key, so that keys of keys stay short. */
  readonly interned: Map<string, string>
}

export function createLikeness(trace: Trace): Likeness {
  const likeness = {trace, keys: new Map<HopId, string>(), interned: new Map<string, string>()}
  for (const id of bottomUp(trace)) hopKey(id, likeness)
  return likeness
}

/** Groups branches that pass the same kinds of places with the same identities and decisions to the same verdict. */
export function groupBranches(hop: Hop, likeness: Likeness): readonly BranchGroup[] {
  const groups = new Map<string, BranchGroup>()
  for (const branch of hop.next) {
    const key = branchKey(branch, likeness)
    const group = groups.get(key)
    groups.set(
      key,
      group === undefined
        ? {first: branch, branches: [branch], share: branch.share}
        : {...group, branches: [...group.branches, branch], share: addShares(group.share, branch.share)},
    )
  }
  return [...groups.values()]
}

/** Every branch for itself. */
export function singleBranches(hop: Hop): readonly BranchGroup[] {
  return hop.next.map((branch) => ({first: branch, branches: [branch], share: branch.share}))
}

function branchKey(branch: Branch, likeness: Likeness): string {
  const {mirror, requires, steps} = branch
  return JSON.stringify([mirror === true, requires.length === 0, steps.flatMap(choiceKey), targetKey(branch, likeness)])
}

function targetKey({to}: Branch, likeness: Likeness): string {
  const outcome = likeness.trace.outcomes[to]
  return outcome === undefined ? hopKey(to, likeness) : outcomeKey(outcome)
}

function hopKey(id: HopId, likeness: Likeness): string {
  const known = likeness.keys.get(id)
  if (known !== undefined) return known
  likeness.keys.set(id, '')
  const hop = likeness.trace.hops[id]
  const key = hop === undefined ? id : (packetRulesKey(hop, likeness) ?? intern(passageKey(hop, likeness), likeness))
  likeness.keys.set(id, key)
  return key
}

/** Packet rules that only pass a connection on make no difference: a neighbour on the same node meets them once, another twice. */
function packetRulesKey({place, next}: Hop, likeness: Likeness): string | undefined {
  const [only] = next
  return place.kind === 'node' && next.length === 1 && only?.requires.length === 0 ? targetKey(only, likeness) : undefined
}

function passageKey({place, arrival, steps, next}: Hop, likeness: Likeness): string {
  return JSON.stringify([
    place.kind,
    layersOf(arrival.payload).map((layer) => ('identity' in layer ? [layer.kind, layer.identity] : [layer.kind])),
    steps.flatMap(decisionKey),
    next.map((branch) => `${formatShare(branch.share)} ${branchKey(branch, likeness)}`).toSorted(),
  ])
}

function intern(key: string, {interned}: Likeness): string {
  const name = interned.get(key) ?? `alike ${interned.size}`
  interned.set(key, name)
  return name
}

function outcomeKey({verdict, answer, place}: Outcome): string {
  return JSON.stringify([verdict, answer, place.kind])
}

type StepKey = readonly (string | undefined)[]

function decisionKey(step: Step): readonly StepKey[] {
  return step.kind === 'authorization' ? [[step.layer, step.decision, step.policy]] : []
}

/** What was chosen where the ways part makes two branches different for a reader; which endpoint it was does not. */
function choiceKey(step: Step): readonly StepKey[] {
  switch (step.kind) {
    case 'authorization':
      return decisionKey(step)
    case 'route':
      return [[step.kind, step.name, step.match]]
    case 'cluster':
    case 'waypoint':
    case 'gateway':
      return [[step.kind, step.name]]
    default:
      return []
  }
}
