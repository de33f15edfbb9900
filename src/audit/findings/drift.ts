import type {Finding} from '../../flow/finding.js'
import {fullName, type MeshService} from '../../mesh/directory.js'
import {evidenceOf, type Service, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {listText, targetsOf, type Scene} from './scene.js'
import {dialledServices} from './services.js'
import {knownService, serviceWaypoints} from './waypoints.js'

/**
 * Ztunnels on the way that do not know the same of the service: one of them is behind. What stands in for a missing dump says nothing.
 * Source: ambient-ga 0.8 (every ztunnel is told of the whole mesh); istio issue 47917.
 */
export function drift(scene: Scene): readonly Finding[] {
  const [service] = dialledServices(scene)
  return service === undefined ? [] : ASPECTS.flatMap((aspect) => disagreement(scene, {service, aspect})).slice(0, 1)
}

interface Aspect {
  readonly name: string
  readonly say: (config: ZtunnelConfig, service: Service) => string
}

const ASPECTS: readonly Aspect[] = [
  {name: 'waypoint', say: (config, service) => listText(serviceWaypoints(config, service).names)},
  {name: 'endpoints', say: (_, service) => listText(service.endpoints.map(({workloadUid}) => lastPart(workloadUid)).toSorted())},
]

interface Question {
  readonly service: MeshService
  readonly aspect: Aspect
}

function disagreement(scene: Scene, {service, aspect}: Question): readonly Finding[] {
  const told = ztunnelsOf(scene).flatMap((config) => {
    const known = knownService(config, service)
    if (known === undefined) return []
    return [{node: config.settings.localNode ?? config.dump, says: aspect.say(config, known), evidence: evidenceOf(config, known)}]
  })
  const [first, ...others] = told
  const other = others.find(({says}) => says !== first?.says)
  if (first === undefined || other === undefined) return []
  const versions = [first, other].map(({node, says}) => `${says === '' ? 'none' : says} at ${node}`).join(', ')
  return [
    {
      kind: 'ztunnels-disagree',
      fault: true,
      text: `ztunnels disagree on the ${aspect.name} of service ${fullName(service)}: ${versions}; one of them is behind`,
      evidence: [first.evidence, other.evidence],
    },
  ]
}

/** Their own dumps, of one release; one that fetches what it needs on demand does not know all. */
function ztunnelsOf(scene: Scene): readonly ZtunnelConfig[] {
  const pods = [...(scene.source === undefined ? [] : [scene.source]), ...targetsOf(scene)]
  const configs = [...new Set(pods.flatMap((pod) => scene.ownZtunnelOf(pod) ?? []))]
  return configs.filter(({shape, settings}) => shape === configs[0]?.shape && !settings.xdsOnDemand)
}

/** `Kubernetes//Pod/shop/cart-1`: the name alone. */
function lastPart(uid: string): string {
  return uid.split('/').at(-1) ?? uid
}
