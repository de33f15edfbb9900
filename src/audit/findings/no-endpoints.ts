import type {Finding} from '../../flow/finding.js'
import {fullName} from '../../mesh/directory.js'
import {evidenceOf as evidenceOfItem} from '../../ztunnel/config/model.js'
import {endsOf, evidenceOf, lastStep, placeText, type End} from './ends.js'
import type {Scene} from './scene.js'
import {dialledServices} from './services.js'
import {knownService} from './waypoints.js'

/**
 * Which route or service has nothing behind it.
 * Source: ambient-ga B.2, D.7; istio issues 54496, 56991.
 */
export function noEndpoints(scene: Scene): readonly Finding[] {
  const [end] = endsOf(scene, 'no-healthy-upstream')
  if (end === undefined) return []
  const isRustZtunnel = end.hop.place.kind === 'ztunnel' && scene.generation === 'ga'
  const parts = isRustZtunnel ? dialledService(scene) : [...emptyService(scene, end), ...routedTo(end)]
  if (parts.length === 0) return []
  return [
    {
      kind: 'no-endpoints',
      fault: true,
      text: parts.map(({text}) => text).join('; '),
      evidence: parts.flatMap(({evidence}) => evidence),
    },
  ]
}

type Part = Pick<Finding, 'text' | 'evidence'>

function routedTo({hop, steps, answer}: Pick<End, 'hop' | 'steps' | 'answer'>): readonly Part[] {
  const cluster = lastStep(steps, 'cluster')
  if (cluster === undefined) return []
  const route = lastStep(steps, 'route')
  const status = answer.kind === 'http' ? `${answer.status}: ` : ''
  const from = route === undefined ? '' : `route ${route.name} → `
  const text = `${status}${from}cluster ${cluster.name} of ${placeText(hop.place)} has no endpoint that can be used`
  return [{text, evidence: evidenceOf(route, cluster)}]
}

/** The service of the cluster, whichever was dialled (ambient-ga D.4). A subset may be empty where its service is not. */
function emptyService({ztunnel}: Scene, {steps}: Pick<End, 'steps'>): readonly Part[] {
  const host = /^(?:inbound-vip|outbound)\|\d+\|[^|]*\|(.+)$/.exec(lastStep(steps, 'cluster')?.name ?? '')?.[1]
  const services = ztunnel?.services.filter(({hostname}) => hostname === host) ?? []
  if (ztunnel === undefined || services.length === 0 || services.some(({endpoints}) => endpoints.length > 0)) return []
  return services.map((known) => ({text: `service ${fullName(known)} has no endpoints`, evidence: [evidenceOfItem(ztunnel, known)]}))
}

/** What a ztunnel refused, for the port that was dialled. */
function dialledService(scene: Scene): readonly Part[] {
  const {ztunnel} = scene
  const [service] = dialledServices(scene)
  const known = ztunnel === undefined || service === undefined ? undefined : knownService(ztunnel, service)
  if (ztunnel === undefined || known === undefined) return []
  const count = known.endpoints.length
  const {port} = scene.trace.flow.connection.destination
  const text =
    count === 0 ? 'has no endpoints' : `has ${count} ${count === 1 ? 'endpoint' : 'endpoints'}, none of them usable for port ${port}`
  return [{text: `service ${fullName(known)} ${text}`, evidence: [evidenceOfItem(ztunnel, known)]}]
}
