import {readBoolean} from '../flow/annotation.js'
import type {Namespace, Pod, StringMap} from '../flow/inventory.js'
import type {Enrolment} from './directory.js'

/**
 * Whether the 2022 node agent enrols a pod: namespace label `istio.io/dataplane-mode=ambient`, no legacy injection
 * labels on namespace or pod, pod not opted out.
 * Source: envoy-2022 C.3 (last paragraph); podutil.go ShouldPodBeInIpset. A mesh-wide mode ON is not looked at.
 */
export function enrolmentOf(pod: Pod, namespaces: readonly Namespace[] | undefined): Enrolment {
  const recorded = pod.annotations.get('ambient.istio.io/redirection')
  if (recorded !== undefined) {
    return {captured: recorded === 'enabled' ? 'yes' : 'no', because: `annotation ambient.istio.io/redirection=${recorded}`}
  }
  const optOut = podOptOut(pod)
  return optOut === undefined ? byNamespace(pod, namespaces) : {captured: 'no', because: optOut}
}

function podOptOut(pod: Pod): string | undefined {
  if (pod.phase !== undefined && pod.phase !== 'Running') return `pod is ${pod.phase}`
  if (pod.ips.length === 0) return 'pod has no address'
  const legacy = legacyLabel(pod.labels)
  if (legacy !== undefined) return `pod label ${legacy}`
  const type = pod.labels.get('ambient-type')
  return type !== undefined && OPT_OUT_TYPES.has(type) ? `pod label ambient-type=${type}` : undefined
}

/** Waypoints and `none` by the rule itself; a ztunnel never captures its own pod. */
const OPT_OUT_TYPES: ReadonlySet<string> = new Set(['waypoint', 'none', 'ztunnel'])

function byNamespace(pod: Pod, namespaces: readonly Namespace[] | undefined): Enrolment {
  const namespace = namespaces?.find(({name}) => name === pod.namespace)
  if (namespace === undefined) return {captured: 'undetermined', because: `labels of namespace ${pod.namespace} are not in the snapshot`}
  const legacy = legacyLabel(namespace.labels)
  if (legacy !== undefined) return {captured: 'no', because: `namespace label ${legacy}`}
  const mode = namespace.labels.get('istio.io/dataplane-mode')
  return mode === 'ambient'
    ? {captured: 'yes', because: `namespace label istio.io/dataplane-mode=ambient on ${pod.namespace}`}
    : {captured: 'no', because: `namespace ${pod.namespace} has no label istio.io/dataplane-mode=ambient`}
}

function legacyLabel(labels: StringMap): string | undefined {
  const revision = labels.get('istio.io/rev')
  if (revision !== undefined) return `istio.io/rev=${revision}`
  return labels.get('istio-injection') === 'enabled' ? 'istio-injection=enabled' : undefined
}

/**
 * Whether the node agent of GA ambient redirects a pod's traffic inside the pod: its annotation says what was done, labels what should be.
 * Pods of the host network and pods with a sidecar never. Source: ambient-ga D.8 (enrolment rule), E.
 */
export function inPodEnrolment(pod: Pod, namespaces: readonly Namespace[] | undefined): Enrolment {
  const outboundOnly =
    readBoolean(pod.annotations.get('ambient.istio.io/bypass-inbound-capture')) === true ? {outboundOnly: true as const} : {}
  const capturesDns = readBoolean(pod.annotations.get('ambient.istio.io/dns-capture'))
  return {...inPodCapture(pod, namespaces), ...outboundOnly, ...(capturesDns === undefined ? {} : {capturesDns})}
}

function inPodCapture(pod: Pod, namespaces: readonly Namespace[] | undefined): Enrolment {
  if (pod.hostNetwork) return {captured: 'no', because: 'the pod uses the network of its node', basis: 'recorded'}
  const evidence = [{dump: pod.recorded.file, pointer: pod.recorded.pointer, basis: 'recorded' as const}]
  const recorded = pod.annotations.get(REDIRECTION)
  if (recorded !== undefined) {
    return {captured: recorded === 'enabled' ? 'yes' : 'no', because: `annotation ${REDIRECTION}=${recorded}`, basis: 'recorded', evidence}
  }
  if (pod.annotations.has('sidecar.istio.io/status')) return {captured: 'no', because: 'the pod has a sidecar', basis: 'recorded', evidence}
  const own = pod.labels.get(DATAPLANE_MODE)
  if (own !== undefined) return byMode({mode: own, owner: 'pod'})
  const namespace = namespaces?.find(({name}) => name === pod.namespace)
  if (namespace === undefined) {
    return {captured: 'undetermined', because: `labels of namespace ${pod.namespace} are not in the snapshot`, basis: 'assumed'}
  }
  return byMode({mode: namespace.labels.get(DATAPLANE_MODE), owner: `namespace ${pod.namespace}`})
}

const REDIRECTION = 'ambient.istio.io/redirection'
const DATAPLANE_MODE = 'istio.io/dataplane-mode'

function byMode({mode, owner}: {readonly mode: string | undefined; readonly owner: string}): Enrolment {
  const because = mode === undefined ? `${owner} has no label ${DATAPLANE_MODE}` : `label ${DATAPLANE_MODE}=${mode} of the ${owner}`
  return {captured: mode === 'ambient' ? 'yes' : 'no', because, basis: 'assumed'}
}
