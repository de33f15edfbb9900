import type {Finding} from '../../flow/finding.js'
import {fullName, type MeshService} from '../../mesh/directory.js'
import {evidenceOf, type Service, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {expectedPods, expectedWaypoint, type Expected} from './expected.js'
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
  /** What all should say. */
  readonly expect: (scene: Scene, service: MeshService) => Expected<string> | undefined
}

const ASPECTS: readonly Aspect[] = [
  {name: 'waypoint', say: (config, service) => listText(serviceWaypoints(config, service).names), expect: expectedWaypoint},
  {
    name: 'endpoints',
    say: (_, service) => listText(service.endpoints.map(({workloadUid}) => lastPart(workloadUid)).toSorted()),
    expect: (scene, service) => {
      const expected = expectedPods(scene, service)
      return expected === undefined ? undefined : {...expected, value: listText([...expected.value.ready.keys()].map(lastPart).toSorted())}
    },
  },
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
  const expected = aspect.expect(scene, service)
  const [first, ...others] = told
  const other = others.find(({says}) => says !== first?.says)
  if (first === undefined || other === undefined) return []
  const versions = [first, other].map(({node, says}) => `${says === '' ? 'none' : says} at ${node}`).join(', ')
  return [
    {
      kind: 'ztunnels-disagree',
      fault: true,
      text: `ztunnels disagree on the ${aspect.name} of service ${fullName(service)}: ${versions}; ${behindText([first, other], expected)}`,
      evidence: [first.evidence, other.evidence, ...(expected?.evidence ?? [])],
    },
  ]
}

/** Who does not say what all should. */
function behindText(told: readonly {readonly node: string; readonly says: string}[], expected: Expected<string> | undefined): string {
  const [behind, ...others] = expected === undefined ? [] : told.filter(({says}) => says !== expected.value)
  if (behind === undefined || others.length > 0) return 'one of them is behind'
  return `${behind.node} is behind what ${expected?.by ?? ''} ${expected?.by === 'labels' ? 'ask for' : 'has'}`
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
