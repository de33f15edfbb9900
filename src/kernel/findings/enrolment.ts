import type {NetworkNamespace} from '../config/namespace.js'
import {podAddress} from './addresses.js'
import {hasChain} from './chains.js'
import {finding, type CaptureFinding, type EnrolledPod} from './finding.js'
import {ANEW, captures, isSidecar} from './in-pod.js'
import {isOfCapture} from './in-pod-rules.js'

/** envoy-2022 C.1, C.2: chains of the node, or the devices of its tunnels. */
export function isOf2022(namespaces: readonly NetworkNamespace[]): boolean {
  return namespaces.some(
    (one) => one.ztunnel === 'node' || hasChain(one, 'ztunnel-PREROUTING') || one.devices.some(({name}) => name === 'istioout'),
  )
}

/** ambient-ga E: an enrolled pod has rules of its own, all others have none. */
export function enrolmentFindings(
  pod: NetworkNamespace,
  {enrolled, others}: {readonly enrolled: readonly EnrolledPod[]; readonly others: readonly string[]},
): readonly CaptureFinding[] {
  if (isSidecar(pod)) return []
  if (!captures(pod) && enrolled.some(({name}) => name === pod.name)) {
    return [
      finding(pod.name, {kind: 'not-captured', ...addressOf(pod), what: 'enrolled, but no rule captures what it sends or gets', fix: ANEW}),
    ]
  }
  if (!captures(pod) || !others.includes(pod.name)) return []
  const what = 'not enrolled, but rules of capture are left in it: they lead its connections to a ztunnel that does not know it'
  return [finding(pod.name, {kind: 'left-over', ...addressOf(pod), what, evidence: firstCaptureRule(pod), fix: 'Restart the pod.'})]
}

function addressOf(pod: NetworkNamespace): Pick<CaptureFinding, 'address'> {
  const address = podAddress(pod, 4) ?? podAddress(pod, 6)
  return address === undefined ? {} : {address}
}

function firstCaptureRule({packetRules}: NetworkNamespace): CaptureFinding['evidence'] {
  const rules = [...packetRules[4].tables, ...packetRules[6].tables].flatMap(({chains}) =>
    [...chains.values()].flatMap((chain) => chain.rules),
  )
  return rules
    .filter(({chain}) => isOfCapture(chain))
    .flatMap(({place}) => place ?? [])
    .slice(0, 1)
}
