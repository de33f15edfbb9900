import {formatSocket, type SocketAddress} from '../../flow/address.js'
import type {Finding} from '../../flow/finding.js'
import type {Workload} from '../../mesh/directory.js'
import {hopsAt, type Scene} from './scene.js'

/**
 * The mesh has done its part and hands over to a port that the pod does not declare: if that is refused, the application is why.
 * Source: ambient-ga C.1; istio issue 53696.
 */
export function undeclaredPort(scene: Scene): readonly Finding[] {
  const {trace, cluster, directory} = scene
  if (!hopsAt(scene, 'ztunnel').length || trace.verdict.kind !== 'delivered') return []
  const ends = hopsAt(scene, 'app').filter(({id, place}) => id !== trace.start && place.cluster === cluster)
  for (const {place, arrival} of ends) {
    const {name, namespace = ''} = place
    const pod = directory.workload({name, namespace})
    const {entry} = arrival
    if (pod === undefined || entry.kind !== 'socket' || isDeclared(pod, entry.port)) continue
    return [findingOf(scene, {pod, entry})]
  }
  return []
}

/** Declaring ports is voluntary: a pod that declares none says nothing. */
function isDeclared({containerPorts = []}: Workload, port: number): boolean {
  return containerPorts.length === 0 || containerPorts.some((declared) => declared.port === port)
}

function findingOf({trace, destination}: Scene, {pod, entry}: {readonly pod: Workload; readonly entry: SocketAddress}): Finding {
  const {port} = trace.flow.connection.destination
  const mapping = destination.service === undefined ? '' : ` (service port ${port} → target port ${entry.port})`
  const declared = (pod.containerPorts ?? []).map((one) => String(one.port)).join(', ')
  return {
    kind: 'undeclared-port',
    text: `last mesh hop delivers to ${formatSocket(entry)}${mapping}, but the pod declares only port ${declared}: a refusal there is the application's, not the mesh's`,
    evidence: [pod.evidence, ...(destination.service === undefined ? [] : [destination.service.evidence])],
  }
}
