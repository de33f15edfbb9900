import type {Answer, Place} from '../../flow/forwarder.js'
import type {Share} from '../../flow/share.js'
import type {Evidence, Step} from '../../flow/step.js'
import type {Hop} from '../../flow/trace.js'
import type {Verdict} from '../../flow/verdict.js'
import {hopsOf, type Scene} from './scene.js'

/** Where a way of the traffic ends. */
export interface End<Kind extends Verdict['kind'] = Verdict['kind']> {
  readonly hop: Hop
  readonly verdict: Verdict & {readonly kind: Kind}
  /** What the hop decided on this way. */
  readonly steps: readonly Step[]
  readonly answer: Answer
  readonly share: Share
}

/** Ends of one kind, in the order of the trace. */
export function endsOf<Kind extends Verdict['kind']>(scene: Scene, kind: Kind): readonly End<Kind>[] {
  return hopsOf(scene).flatMap((hop) =>
    hop.next.flatMap(({to, steps}) => {
      const outcome = scene.trace.outcomes[to]
      if (outcome === undefined || !isOf(outcome.verdict, kind)) return []
      return [{hop, verdict: outcome.verdict, steps: [...hop.steps, ...steps], answer: outcome.answer, share: outcome.share}]
    }),
  )
}

function isOf<Kind extends Verdict['kind']>(verdict: Verdict, kind: Kind): verdict is Verdict & {readonly kind: Kind} {
  return verdict.kind === kind
}

/** What led to a hop: the proxy before it, packet rules passed over, and what that decided on the way. */
export function leadingTo(scene: Scene, hop: Hop): {readonly from: Hop; readonly steps: readonly Step[]} | undefined {
  for (const from of hopsOf(scene)) {
    const branch = from.next.find(({to, mirror}) => to === hop.id && mirror !== true)
    if (branch !== undefined) return from.place.kind === 'node' ? leadingTo(scene, from) : {from, steps: [...from.steps, ...branch.steps]}
  }
  return undefined
}

export function lastStep<Kind extends Step['kind']>(steps: readonly Step[], kind: Kind): Extract<Step, {kind: Kind}> | undefined {
  return steps.findLast((step): step is Extract<Step, {kind: Kind}> => step.kind === kind)
}

/** Where steps of these kinds were read. */
export function evidenceOf(...steps: readonly (Step | undefined)[]): readonly Evidence[] {
  return steps.flatMap((step) => step?.evidence ?? [])
}

/** `waypoint shop/wp`. */
export function placeText({kind, namespace, name}: Place): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`
}
