import type {Finding} from '../../flow/finding.js'
import {endsOf, evidenceOf, lastStep, leadingTo, placeText, type End} from './ends.js'
import type {Scene} from './scene.js'

/**
 * A name that one resource of a dump refers to and no other defines: pure data, no traffic needed.
 * Source: ambient-ga D.2, D.4; istio issue 61725.
 */
export function danglingReference(scene: Scene): readonly Finding[] {
  const found = endsOf(scene, 'dangling-reference').flatMap((end) => (isBlackhole(end) ? [] : [atEnd(scene, end)]))
  return found.slice(0, 2)
}

/** One that is missing blocks all the same, and is meant to (envoy-2022 A.2). */
function isBlackhole({verdict}: End<'dangling-reference'>): boolean {
  return /black-?hole/i.test(verdict.reason)
}

function atEnd(scene: Scene, end: End<'dangling-reference'>): Finding {
  const {what, evidence} = referrerOf(scene, end)
  return {kind: 'dangling-reference', fault: true, text: `DANGLING: ${what}`, evidence}
}

function referrerOf(scene: Scene, {hop, steps, verdict}: End<'dangling-reference'>): Pick<Finding, 'evidence'> & {readonly what: string} {
  const {entry} = hop.arrival
  if (entry.kind === 'internal' && scene.envoyOf(hop.place)?.listener(entry.listener) === undefined) {
    const before = leadingTo(scene, hop)
    const cluster = lastStep(before?.steps ?? [], 'cluster')
    const from = cluster === undefined ? '' : `cluster ${cluster.name} → `
    return {what: `${from}envoy://${entry.listener} (no such listener in ${placeText(hop.place)})`, evidence: evidenceOf(cluster)}
  }
  const route = lastStep(steps, 'route')
  const from = route === undefined ? '' : `route ${route.name} → `
  const referrer = route ?? steps.findLast(({evidence}) => evidence.length > 0)
  return {what: `${from}${verdict.reason} (${placeText(hop.place)})`, evidence: evidenceOf(referrer)}
}
