import type {Finding} from '../../flow/finding.js'
import {behindCluster} from './behind.js'
import {blockedConnection} from './blocked-connection.js'
import {blockedTunnel} from './blocked-tunnel.js'
import {clientSideWaypoint, uncapturedClient} from './client.js'
import {crossNamespaceWaypoint} from './cross-namespace.js'
import {danglingReference} from './dangling.js'
import {tunnelDenied, waypointIdentity} from './denied.js'
import {drift} from './drift.js'
import {edgeOfKnowledge} from './edge-of-knowledge.js'
import {inferredEndpoints, missingEndpoints} from './endpoints-section.js'
import {gatewayBypass} from './gateway.js'
import {halfPolicies} from './half-policies.js'
import {identityMismatch} from './identities.js'
import {undeclaredPort} from './last-hop.js'
import {missingWaypoint} from './missing-waypoint.js'
import {noEndpoints} from './no-endpoints.js'
import {passedByDefault, passedThrough} from './passthrough.js'
import {podAddress, virtualAddress} from './pod-address.js'
import type {FindingRule, Scene} from './scene.js'
import {sharedAddress} from './shared-address.js'
import {failingCall} from './side-call.js'
import {strictMode} from './strict.js'
import {unboundWaypoint} from './unbound-waypoint.js'
import {unenforcedPolicies} from './unenforced.js'
import {stagedService, unknownClient} from './unknown-client.js'
import {unmatchedAddress} from './unmatched-address.js'
import {unusableWaypoint} from './unusable-waypoint.js'

/** Of both generations. What explains the verdict goes first, then what explains the way. */
const OF_ENVOYS: readonly FindingRule[] = [missingEndpoints, danglingReference, noEndpoints, inferredEndpoints]

/** Of the 2022 preview alone, and what both have. */
const OF_2022: readonly FindingRule[] = [blockedConnection, waypointIdentity, passedByDefault, undeclaredPort]

/** Those that know Rust ztunnels, in-pod capture or today's policies. */
const OF_GA: readonly FindingRule[] = [
  unknownClient,
  stagedService,
  tunnelDenied,
  blockedTunnel,
  blockedConnection,
  strictMode,
  waypointIdentity,
  sharedAddress,
  identityMismatch,
  unmatchedAddress,
  unusableWaypoint,
  edgeOfKnowledge,
  behindCluster,
  drift,
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
  failingCall,
  crossNamespaceWaypoint,
  unboundWaypoint,
]

/** Everybody reads the first ones only. */
const MAX_FINDINGS = 6

/** What a person should know about a trace that its hops do not say loudly: the most telling first, each once, at most six. */
export function findIn(scene: Scene): readonly Finding[] {
  const rules = [...OF_ENVOYS, ...(scene.generation === 'ga' ? OF_GA : OF_2022)]
  const all = rules.flatMap((rule) => rule(scene)).map((finding) => ({...finding, evidence: once(finding.evidence)}))
  return [...new Map(all.toReversed().map((finding) => [finding.text, finding])).values()].toReversed().slice(0, MAX_FINDINGS)
}

function once(evidence: Finding['evidence']): Finding['evidence'] {
  return [...new Map(evidence.map((one) => [`${one.dump}#${one.pointer}`, one])).values()]
}
