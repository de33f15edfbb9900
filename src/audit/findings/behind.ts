import type {Finding} from '../../flow/finding.js'
import {fullName, type MeshService, type Workload} from '../../mesh/directory.js'
import {evidenceOf, type Service, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {expectedPods, expectedWaypoint, podOfUid, type Expected} from './expected.js'
import {listText, type Scene} from './scene.js'
import {knownService, knownWorkload, serviceWaypoints} from './waypoints.js'

/**
 * The client's ztunnel does not know what it should of what was dialled: istiod has not told it, or it still has what is gone.
 * Source: ambient-ga 0.8 (every ztunnel is told of the whole mesh); istio issue 47917.
 */
export function behindCluster(scene: Scene): readonly Finding[] {
  const {source, destination, trace} = scene
  const ztunnel = source === undefined || trace.flow.clientKind !== 'ambient' ? undefined : scene.ownZtunnelOf(source)
  // One that fetches what it needs on demand does not know all.
  if (ztunnel === undefined || ztunnel.settings.xdsOnDemand) return []
  const {service, workload} = destination
  if (workload !== undefined) return unknownPod({ztunnel, workload})
  const known = service === undefined ? undefined : knownService(ztunnel, service)
  if (service === undefined || known === undefined) return []
  const asked = {ztunnel, service, known}
  return [...otherWaypoint(scene, asked), ...otherEndpoints(scene, asked)]
}

interface Asked {
  readonly ztunnel: ZtunnelConfig
  readonly service: MeshService
  readonly known: Service
}

/** None at all, where labels ask for one, has a rule of its own. */
function otherWaypoint(scene: Scene, {ztunnel, service, known}: Asked): readonly Finding[] {
  const {names, evidence} = serviceWaypoints(ztunnel, known)
  const expected = expectedWaypoint(scene, service)
  if (expected === undefined || names.includes(expected.value) || service.headless) return []
  if (names.length === 0 && (expected.value === '' || expected.by === 'labels')) return []
  const should = expected.by === 'istiod' ? `istiod says ${expected.value === '' ? 'none' : expected.value}` : askedText(expected.value)
  return [
    {
      kind: 'ztunnel-behind',
      fault: true,
      text: `${nameOf(ztunnel)} is behind: it has ${names.length === 0 ? 'no waypoint' : `waypoint ${listText(names)}`} for service ${fullName(service)}, ${should}`,
      evidence: [...evidence, ...expected.evidence],
    },
  ]
}

function askedText(waypoint: string): string {
  return waypoint === '' ? 'which no label asks for' : `labels ask for ${waypoint}`
}

function otherEndpoints(scene: Scene, asked: Asked): readonly Finding[] {
  const {ztunnel, service, known} = asked
  const expected = expectedPods(scene, service)
  if (expected === undefined) return []
  const pods = (cluster?: string): readonly string[] => known.endpoints.flatMap(({workloadUid}) => podOfUid(workloadUid, cluster) ?? [])
  const gone = pods(ztunnel.settings.clusterId).filter((pod) => !expected.value.existing.has(pod))
  const has = new Set(pods())
  const fresh = [...expected.value.ready.keys()].filter((pod) => !has.has(pod)).toSorted()
  const texts = [
    ...(gone.length === 0 ? [] : [`it still has ${listText(gone)} as endpoint, which ${goneText(expected)}`]),
    ...(fresh.length === 0 ? [] : [`it does not know endpoint ${listText(fresh)}, which ${expected.by} has`]),
  ]
  if (texts.length === 0) return []
  return [
    {
      kind: 'ztunnel-behind',
      fault: true,
      text: `${nameOf(ztunnel)} is behind on service ${fullName(service)}: ${texts.join('; ')}`,
      evidence: [evidenceOf(ztunnel, known), ...expected.evidence],
    },
  ]
}

function goneText({by}: Expected<unknown>): string {
  return by === 'istiod' ? 'istiod does not tell of' : 'is no pod of the cluster'
}

/** A pod whose address is nobody's is dialled in plaintext, and its policies see no identity (ambient-ga B.2). */
function unknownPod({ztunnel, workload}: {readonly ztunnel: ZtunnelConfig; readonly workload: Workload}): readonly Finding[] {
  const [first] = ztunnel.workloads
  if (first === undefined || workload.hostNetwork || knownWorkload(ztunnel, workload) !== undefined) return []
  const namesake = ztunnel.workloads.find(({name, namespace}) => name === workload.name && namespace === workload.namespace)
  const what =
    namesake === undefined
      ? `it does not know pod ${fullName(workload)}`
      : `it has ${listText(namesake.ips)} as address of pod ${fullName(workload)}, which has ${listText(workload.ips)}`
  return [
    {
      kind: 'ztunnel-behind',
      fault: true,
      text: `${nameOf(ztunnel)} is behind: ${what}, so the connection is passed through in plaintext`,
      evidence: [namesake === undefined ? allWorkloads(ztunnel, first.view.pointer) : evidenceOf(ztunnel, namesake), workload.evidence],
    },
  ]
}

function allWorkloads({dump}: ZtunnelConfig, pointer: string): Finding['evidence'][number] {
  return {dump, pointer: pointer.replace(/\/[^/]*$/, ''), basis: 'recorded'}
}

function nameOf({settings, dump}: ZtunnelConfig): string {
  return settings.localNode === undefined ? `the ztunnel of ${dump}` : `the ztunnel of ${settings.localNode}`
}
