import type {ExpectedName, Payload} from '../../flow/connection.js'
import type {Finding} from '../../flow/finding.js'
import type {Step} from '../../flow/step.js'
import type {Hop} from '../../flow/trace.js'
import {evidenceOf as evidenceOfItem} from '../../ztunnel/config/model.js'
import {endsOf, evidenceOf, leadingTo, placeText} from './ends.js'
import {listText, type Scene} from './scene.js'
import {dialledServices} from './services.js'
import {knownService} from './waypoints.js'

/**
 * What one side of a tunnel expects the other to be, and what that presents: both sides, because each alone looks right.
 * Source: ambient-ga B.2 (expected names), B.6; istio issues 60626, 58630, 61609.
 */
export function identityMismatch(scene: Scene): readonly Finding[] {
  const [end] = endsOf(scene, 'tls-failure')
  const {expected, presented} = end?.verdict ?? {}
  if (end === undefined || expected === undefined || presented === undefined) return []
  const dialler = diallerOf(scene, end.hop)
  const sides = [...(dialler === undefined ? [] : [placeText(dialler.from.place)]), placeText(end.hop.place)].join(' dials ')
  return [
    {
      kind: 'identity-mismatch',
      fault: true,
      text: `expected SAN ${expected.length === 0 ? 'none' : listText([...new Set(expected)])}, presented ${listText(presented)}: ${sides} ("peer did not present the expected SAN")`,
      evidence: [...serviceEvidence(scene), ...evidenceOf(...(dialler?.steps ?? []).filter(({kind}) => LOOKUPS.has(kind)))],
    },
  ]
}

const LOOKUPS: ReadonlySet<Step['kind']> = new Set(['service-lookup', 'tls', 'cluster'] as const)

/** Who wrapped the connection in the TLS that fails: whoever passes a tunnel on inside another has no say in it. */
function diallerOf(scene: Scene, hop: Hop): ReturnType<typeof leadingTo> {
  const {payload} = hop.arrival
  const expects = payload.kind === 'tls' ? payload.expects : undefined
  let before = leadingTo(scene, hop)
  while (before !== undefined && carries(before.from.arrival.payload, expects)) before = leadingTo(scene, before.from)
  return before
}

function carries(payload: Payload | undefined, expects: readonly ExpectedName[] | undefined): boolean {
  switch (payload?.kind) {
    case 'tls':
      return JSON.stringify(payload.expects) === JSON.stringify(expects) || carries(payload.payload, expects)
    case 'proxy-protocol':
      return carries(payload.payload, expects)
    case 'http':
      return carries(payload.tunneled, expects)
    default:
      return false
  }
}

function serviceEvidence(scene: Scene): Finding['evidence'] {
  const {ztunnel} = scene
  const [service] = dialledServices(scene)
  const known = ztunnel === undefined || service === undefined ? undefined : knownService(ztunnel, service)
  return ztunnel === undefined || known === undefined ? [] : [evidenceOfItem(ztunnel, known)]
}
