import type {Finding} from '../../flow/finding.js'
import {fullName} from '../../mesh/directory.js'
import type {ZtunnelConfig} from '../../ztunnel/config/model.js'
import {listText, passesWaypoint, type Scene} from './scene.js'
import {dialledServices} from './services.js'
import {knownService, serviceWaypoints, workloadWaypoints} from './waypoints.js'

/**
 * A waypoint of another namespace than its service: who else shares it.
 * Source: ambient-ga B.10; istio issues 57661, 57351, istio.io issue 16781.
 */
export function crossNamespaceWaypoint(scene: Scene): readonly Finding[] {
  const {ztunnel} = scene
  if (ztunnel === undefined || !passesWaypoint(scene)) return []
  return dialledServices(scene)
    .flatMap((service) => {
      const known = knownService(ztunnel, service)
      const waypoints = known === undefined ? undefined : serviceWaypoints(ztunnel, known)
      const foreign = waypoints?.names.find((name) => !name.startsWith(`${service.namespace}/`))
      if (waypoints === undefined || foreign === undefined || !foreign.includes('/')) return []
      const users = usersOf(ztunnel, foreign)
      return [
        {
          kind: 'waypoint-of-other-namespace',
          text: `waypoint ${foreign} of another namespace serves ${fullName(service)}; it is bound to ${users.what} of namespace ${listText(users.namespaces)}`,
          evidence: waypoints.evidence,
        },
      ]
    })
    .slice(0, 1)
}

interface Users {
  readonly what: string
  readonly namespaces: readonly string[]
}

function usersOf(ztunnel: ZtunnelConfig, waypoint: string): Users {
  const services = ztunnel.services.filter((service) => serviceWaypoints(ztunnel, service).names.includes(waypoint))
  const workloads = ztunnel.workloads.filter((workload) => workloadWaypoints(ztunnel, workload).names.includes(waypoint))
  const namespaces = [...new Set([...services, ...workloads].map(({namespace}) => namespace))].toSorted()
  const counts = [
    `${services.length} ${services.length === 1 ? 'service' : 'services'}`,
    ...(workloads.length === 0 ? [] : [`${workloads.length} ${workloads.length === 1 ? 'workload' : 'workloads'}`]),
  ]
  return {what: counts.join(' and '), namespaces}
}
