import type {Step} from '../flow/step.js'
import type {Hop, Trace} from '../flow/trace.js'

/** What answers relied on: places in dumps, and clusters by name. */
export class Touched {
  /** Per dump the pointers that evidence names, and everything around them. */
  readonly #pointers = new Map<string, Set<string>>()
  readonly #clusters = new Map<string, Set<string>>()

  add({hops}: Pick<Trace, 'hops'>): void {
    for (const step of Object.values(hops).flatMap(stepsOf)) this.#addStep(step)
  }

  /** Whether evidence points at this place of a dump, or inside it. */
  hasPointer(dump: string, pointer: string): boolean {
    return this.#pointers.get(dump)?.has(pointer) === true
  }

  /** Clusters are known by name: a large dump need not be read for them. */
  hasCluster(dump: string, name: string): boolean {
    return this.#clusters.get(dump)?.has(name) === true
  }

  #addStep(step: Step): void {
    if (isUnmatched(step)) return
    for (const {dump, pointer} of step.evidence) {
      addAround(setOf(this.#pointers, dump), pointer)
      if (step.kind === 'cluster') setOf(this.#clusters, dump).add(step.name)
    }
  }
}

/** A policy that was asked and did not match decides nothing; Envoy's `none` stands for all of them. */
function isUnmatched(step: Step): boolean {
  if (step.kind !== 'authorization') return false
  const {action, decision, policy} = step
  return (
    policy !== undefined &&
    policy !== 'none' &&
    ((action === 'ALLOW' && decision === 'deny') || (action === 'DENY' && decision === 'allow'))
  )
}

function stepsOf({steps, next}: Hop): readonly Step[] {
  return [...steps, ...next.flatMap((branch) => branch.steps)]
}

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const known = sets.get(key) ?? new Set<string>()
  sets.set(key, known)
  return known
}

/** A pointer with those of all values around it; what is there already has its surroundings there too. */
function addAround(pointers: Set<string>, pointer: string): void {
  for (let place = pointer; place !== '' && !pointers.has(place); place = place.slice(0, place.lastIndexOf('/'))) pointers.add(place)
}
