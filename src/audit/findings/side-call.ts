import type {Finding} from '../../flow/finding.js'
import {outlookOf} from '../../flow/verdict.js'
import {placeText} from './ends.js'
import {hopsOf, type Scene} from './scene.js'

/**
 * A call a proxy makes of its own while the request waits, to an authorization service above all, and that does not arrive: the
 * filter says whether that refuses the request or lets it through.
 * Source: ambient-ga D.4 (ext_authz of CUSTOM policies), J.
 */
export function failingCall(scene: Scene): readonly Finding[] {
  return hopsOf(scene)
    .flatMap((hop) => hop.next.flatMap(({calls = []}) => calls.flatMap((call) => atCall(scene, {from: placeText(hop.place), call}))))
    .slice(0, 1)
}

function atCall({trace}: Scene, {from, call}: {readonly from: string; readonly call: string}): readonly Finding[] {
  const ends = endsBehind(trace, call)
  const [bad] = ends.flatMap((id) => trace.outcomes[id] ?? []).filter(({verdict}) => outlookOf(verdict) === 'negative')
  if (bad === undefined || ends.some((id) => isPositive(trace, id))) return []
  const {verdict, place} = bad
  const reason = 'reason' in verdict ? `: ${verdict.reason}` : ''
  const steps = Object.values(trace.hops).find(({next}) => next.some(({to}) => to === bad.id))?.steps ?? []
  return [
    {
      kind: 'side-call-fails',
      fault: true,
      text: `the call of ${from} to its authorization service fails at ${placeText(place)} (${verdict.kind}${reason}), so that it is never asked`,
      evidence: steps.flatMap(({evidence}) => evidence),
    },
  ]
}

function isPositive(trace: Scene['trace'], id: string): boolean {
  const outcome = trace.outcomes[id]
  return outcome !== undefined && outlookOf(outcome.verdict) !== 'negative'
}

function endsBehind({hops}: Scene['trace'], start: string): readonly string[] {
  const seen = new Set([start])
  // A set grows while it is gone through: each hop once.
  for (const id of seen) for (const {to} of hops[id]?.next ?? []) seen.add(to)
  return [...seen].filter((id) => hops[id] === undefined)
}
