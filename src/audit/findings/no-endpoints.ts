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
  const parts = [...serviceBehind(scene), ...(isRustZtunnel ? [] : routedTo(end))]
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

function serviceBehind(scene: Scene): readonly Part[] {
  const {ztunnel} = scene
  const [service] = dialledServices(scene)
  const known = ztunnel === undefined || service === undefined ? undefined : knownService(ztunnel, service)
  if (ztunnel === undefined || known === undefined) return []
  const count = known.endpoints.length
  const text = count === 0 ? 'has no endpoints' : `has ${count} endpoints, none of which can be used`
  return [{text: `service ${fullName(known)} ${text}`, evidence: [evidenceOfItem(ztunnel, known)]}]
}
