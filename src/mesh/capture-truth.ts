import type {Evidence} from '../flow/step.js'
import {evidenceOf, identityOf, type CapturedPod, type Workload as KnownWorkload, type ZtunnelConfig} from '../ztunnel/config/model.js'
import {fullName, type Enrolment, type Workload} from './directory.js'

/** What ztunnels say about the capture of a pod. */
export interface CaptureSources {
  /** The dump of the ztunnel of the pod's own node. */
  readonly own?: ZtunnelConfig
  /** A dump of another node's ztunnel, which knows the same mesh. */
  readonly other?: ZtunnelConfig
}

/**
 * Whether a pod is really captured. The ztunnel of its node lists the pods it holds; then counts what the pod's annotation records,
 * then what the control plane tells all ztunnels, and labels last. Source: ambient-ga A.8, B.10, E.
 */
export function capturedInPod(workload: Workload, sources: CaptureSources): Enrolment {
  const {enrolment, hostNetwork} = workload
  if (hostNetwork) return {captured: 'no', because: 'the pod uses the network of its node', basis: 'recorded'}
  const told = toldByZtunnels(workload, sources)
  if (told === undefined) return enrolment
  const {outboundOnly, capturesDns} = enrolment
  return {...told, ...(outboundOnly === undefined ? {} : {outboundOnly}), ...(capturesDns === undefined ? {} : {capturesDns})}
}

/** What the pod's annotation records goes before what the control plane says, and after what ztunnel holds. */
function toldByZtunnels(workload: Workload, {own, other}: CaptureSources): Enrolment | undefined {
  const held = own?.capturedPods === undefined ? undefined : byZtunnel(workload, {config: own, held: own.capturedPods})
  if (held !== undefined || workload.enrolment.basis === 'recorded') return held
  const told = own ?? other
  const known = told === undefined ? undefined : knownAs(told, workload)
  return told === undefined || known === undefined ? undefined : byControlPlane(told, known)
}

interface HeldBy {
  readonly config: ZtunnelConfig
  readonly held: readonly CapturedPod[]
}

function byZtunnel(workload: Workload, {config, held}: HeldBy): Enrolment {
  const pod = held.find(({uid}) => uid === workload.uid) ?? held.find((one) => isNamed(one, workload))
  if (pod !== undefined) return {...listed(config, pod), ...heldAsAnother(config, {pod, workload})}
  const nameless = workload.uid === undefined ? held.filter(({name}) => name === undefined).length : 0
  if (nameless > 0) return {captured: 'undetermined', because: `workloadState of ${config.dump} lists ${nameless} pods without their names`}
  const because = `workloadState of ${config.dump} does not list it`
  const known = knownAs(config, workload)
  const base: Enrolment = {
    captured: 'no',
    because,
    basis: 'recorded',
    evidence: [{dump: config.dump, pointer: '/workloadState', basis: 'recorded'}],
  }
  if (known?.protocol !== 'HBONE') return base
  const finding = `pod ${fullName(workload)} is marked HBONE, but the ztunnel of its node does not hold it: its capture is broken, and tunnels to it find nobody`
  return {...base, finding, evidence: [...(base.evidence ?? []), evidenceOf(config, known)]}
}

function isNamed({name, namespace}: CapturedPod, workload: Workload): boolean {
  return name === workload.name && namespace === workload.namespace
}

/** The first release that takes the pod for whom the node agent named, and not for whoever has its address (ambient-ga K.7). */
const NAMED_FROM = 24

/** ztunnel was told another name for the pod than Kubernetes has: it presents the identity of that one. */
function heldAsAnother(
  config: ZtunnelConfig,
  {pod, workload}: {readonly pod: CapturedPod; readonly workload: Workload},
): Pick<Enrolment, 'finding' | 'presents'> {
  const {name, namespace, serviceAccount} = pod
  if (name === undefined || namespace === undefined || isNamed(pod, workload) || config.version.minor < NAMED_FROM) return {}
  const finding = `pod ${fullName(workload)} is held by the ztunnel of its node as ${namespace}/${name}`
  const trustDomain = /^spiffe:\/\/([^/]+)\//.exec(workload.identity ?? '')?.[1]
  if (serviceAccount === undefined || trustDomain === undefined) return {finding}
  return {finding, presents: identityOf({trustDomain, namespace, serviceAccount})}
}

function listed(config: ZtunnelConfig, pod: CapturedPod): Enrolment {
  const evidence: readonly Evidence[] = [evidenceOf(config, pod)]
  return pod.up
    ? {captured: 'yes', because: `workloadState of ${config.dump} lists it`, basis: 'recorded', evidence}
    : {captured: 'undetermined', because: `workloadState of ${config.dump} says Pending`, basis: 'recorded', evidence}
}

/** ambient-ga B.10: istiod says HBONE for pods that the node agent annotated. */
function byControlPlane(config: ZtunnelConfig, known: KnownWorkload): Enrolment {
  const captured = known.protocol === 'HBONE' ? 'yes' : 'no'
  const because = `${config.dump} says protocol ${known.protocol}`
  return {captured, because, basis: 'inferred', evidence: [{...evidenceOf(config, known), basis: 'inferred'}]}
}

function knownAs({workloads}: ZtunnelConfig, {name, namespace, ips}: Workload): KnownWorkload | undefined {
  return workloads.find((known) => known.name === name && known.namespace === namespace && known.ips.some((ip) => ips.includes(ip)))
}
