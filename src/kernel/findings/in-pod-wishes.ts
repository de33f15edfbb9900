import {finding, placesOf, type CaptureFinding, type PodWishes} from './finding.js'
import type {Compared} from './in-pod-rules.js'
import {conditionOf, redirectsTo, ZTUNNEL_DNS, ZTUNNEL_OUTBOUND} from './in-pod-variant.js'

const BYPASS = 'ambient.istio.io/bypass-inbound-capture'
const DNS = 'ambient.istio.io/dns-capture'
const WHEN = 'istio-cni reads it when the pod is enrolled'

/** Annotations that ask for other rules than there are. Source: ambient-ga E, variants. */
export function wishFindings(compared: Compared, wishes: PodWishes | undefined): readonly CaptureFinding[] {
  return [...inbound(compared, wishes), ...(wishes === undefined ? [] : [...dns(compared, wishes), ...virtualDevices(compared, wishes)])]
}

function inbound({place, variant, at}: Compared, wishes: PodWishes | undefined): readonly CaptureFinding[] {
  const isWished = wishes?.bypassesInbound
  if (variant.inbound === 'none') return isWished === true ? [] : [open({place, variant, at}, wishes)]
  if (isWished !== true) return []
  const kind = variant.inbound
  const rule = at(kind === 'tproxy' ? 'mangle' : 'nat', 'PREROUTING').findLast(({target}) => target.kind === kind)
  const what = `IPv${variant.family}: the pod has the annotation ${BYPASS}, yet what comes in is captured: ${WHEN}`
  return [finding(place, {kind: 'annotation-unheeded', what, evidence: placesOf(rule?.place)})]
}

function open({place, variant}: Compared, wishes: PodWishes | undefined): CaptureFinding {
  const why =
    wishes === undefined ? `which the annotation ${BYPASS} asks for where it is set` : `though no annotation ${BYPASS} asks for that`
  const what = `IPv${variant.family}: nothing captures what comes in, ${why}: plaintext from outside reaches the app past ztunnel`
  return finding(place, {kind: 'rule-missing', severity: wishes === undefined ? 'unsure' : 'broken', what})
}

function dns({place, variant, at}: Compared, {capturesDns}: PodWishes): readonly CaptureFinding[] {
  const isCaptured = variant.dns !== 'none'
  if (capturesDns === undefined || capturesDns === isCaptured) return []
  const rule = at('nat', 'OUTPUT').find(({target}) => redirectsTo(target, ZTUNNEL_DNS))
  const what = `IPv${variant.family}: the pod has the annotation ${DNS}=${String(capturesDns)}, yet DNS is ${isCaptured ? '' : 'not '}captured: ${WHEN}`
  return [finding(place, {kind: 'annotation-unheeded', what, evidence: placesOf(rule?.place)})]
}

function virtualDevices({place, variant, at}: Compared, {virtualDevices: devices}: PodWishes): readonly CaptureFinding[] {
  const rerouted = new Set(
    at('nat', 'PREROUTING').flatMap((rule) =>
      redirectsTo(rule.target, ZTUNNEL_OUTBOUND) ? (conditionOf(rule, 'in-device')?.name ?? []) : [],
    ),
  )
  return devices
    .filter((name) => !rerouted.has(name))
    .map((name) => {
      const what = `IPv${variant.family}: the annotation istio.io/reroute-virtual-interfaces names ${name}, whose connections no rule takes: ${WHEN}`
      return finding(place, {kind: 'annotation-unheeded', what})
    })
}
