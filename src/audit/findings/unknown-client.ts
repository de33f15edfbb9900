import type {Finding} from '../../flow/finding.js'
import {fullName, type Workload} from '../../mesh/directory.js'
import {serviceKey, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import type {Scene} from './scene.js'
import {knownService} from './waypoints.js'

/**
 * A ztunnel takes a pod's connections before istiod has told it who the pod is, and fails them.
 * Source: ambient-ga B.0; istio issues 54889, 57674, 61374.
 */
export function unknownClient(scene: Scene): readonly Finding[] {
  const {source, trace} = scene
  if (source === undefined || trace.flow.clientKind !== 'ambient') return []
  const own = scene.ownZtunnelOf(source)
  const [first] = own?.workloads ?? []
  if (own === undefined || first === undefined || mayKnow(own, source)) return []
  return [
    {
      kind: 'client-unknown',
      fault: true,
      text: `pod ${fullName(source)} is not among the workloads that the ztunnel of its node${nodeName(own)} knows: its connections fail with "failed to fetch information about local workload" until istiod tells of it`,
      evidence: [{dump: own.dump, pointer: parentOf(first.view.pointer), basis: 'recorded'}],
    },
  ]
}

/** One that asks for workloads on demand need not have asked yet. */
function mayKnow({settings, workloads}: ZtunnelConfig, source: Workload): boolean {
  return settings.xdsOnDemand || workloads.some(({name, namespace}) => name === source.name && namespace === source.namespace)
}

function nodeName({settings}: ZtunnelConfig): string {
  return settings.localNode === undefined ? '' : ` (${settings.localNode})`
}

/**
 * A service that is held back until all of it has arrived, while its endpoints are there.
 * Source: ambient-ga A.2 (stagedServices); istio issue 57674.
 */
export function stagedService(scene: Scene): readonly Finding[] {
  const {ztunnel, destination} = scene
  const {service} = destination
  if (ztunnel === undefined || service === undefined || knownService(ztunnel, service) !== undefined) return []
  const key = serviceKey({namespace: service.namespace, hostname: service.host})
  if (!ztunnel.stagedServices.includes(key)) return []
  return [
    {
      kind: 'service-staged',
      fault: true,
      text: `service ${fullName(service)} is only staged at ${nodeText(ztunnel)}: endpoints of it arrived, the service itself did not`,
      evidence: [{dump: ztunnel.dump, pointer: ztunnel.shape === 'flattened' ? '/staged_services' : '/stagedServices', basis: 'recorded'}],
    },
  ]
}

function nodeText({settings, dump}: ZtunnelConfig): string {
  return settings.localNode === undefined ? dump : `the ztunnel of ${settings.localNode}`
}

function parentOf(pointer: string): string {
  return pointer.replace(/\/[^/]*$/, '')
}
