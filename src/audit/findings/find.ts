import type {Finding} from '../../flow/finding.js'
import {blockedTunnel} from './blocked-tunnel.js'
import {clientSideWaypoint, uncapturedClient} from './client.js'
import {tunnelDenied, waypointIdentity} from './denied.js'
import {gatewayBypass} from './gateway.js'
import {halfPolicies} from './half-policies.js'
import {undeclaredPort} from './last-hop.js'
import {missingWaypoint} from './missing-waypoint.js'
import {passedThrough} from './passthrough.js'
import {podAddress, virtualAddress} from './pod-address.js'
import type {FindingRule, Scene} from './scene.js'
import {unenforcedPolicies} from './unenforced.js'

/** What explains the verdict goes first, then what explains the way. */
const RULES: readonly FindingRule[] = [
  tunnelDenied,
  blockedTunnel,
  waypointIdentity,
  halfPolicies,
  missingWaypoint,
  podAddress,
  virtualAddress,
  uncapturedClient,
  gatewayBypass,
  unenforcedPolicies,
  clientSideWaypoint,
  passedThrough,
  undeclaredPort,
]

/** Everybody reads the first ones only. */
const MAX_FINDINGS = 6

/** What a person should know about a trace that its hops do not say loudly: the most telling first, each once, at most six. */
export function findIn(scene: Scene): readonly Finding[] {
  const all = RULES.flatMap((rule) => rule(scene))
  return [...new Map(all.toReversed().map((finding) => [finding.text, finding])).values()].toReversed().slice(0, MAX_FINDINGS)
}
