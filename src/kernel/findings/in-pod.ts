import type {Family} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import type {Backend, PacketRule, RuleTable} from '../config/packet-rules.js'
import {podAddress} from './addresses.js'
import {finding, placesOf, type CaptureFinding, type PodWishes} from './finding.js'
import {isOfCapture, ruleFindings} from './in-pod-rules.js'
import {returnRouteFindings} from './in-pod-routing.js'
import {socketFindings} from './in-pod-sockets.js'
import {isProbeRule, variantOf, type RulesAt} from './in-pod-variant.js'
import {wishFindings} from './in-pod-wishes.js'
import {CAPTURE_HOOKS, rulesOnTheWay, type HookOfTable} from './rules-on-the-way.js'

/** What is wrong with the rules, routes and sockets that capture inside a pod. Source: ambient-ga E, H. */
export function inPodFindings(pod: NetworkNamespace, wishes?: PodWishes): readonly CaptureFinding[] {
  if (isSidecar(pod)) return []
  const families = ([4, 6] as const).map((family) => ({family, backend: captureBackend(pod, family)}))
  return families.flatMap(({family, backend}) => {
    const found = backend === undefined ? notCaptured(pod, family) : familyFindings(pod, {family, backend, wishes})
    const address = podAddress(pod, family)
    return found.map((one) => ({...one, ...(address === undefined ? {} : {address}), ...fixOf(one)}))
  })
}

/** Rules inside a pod are written once, when it is enrolled. */
export const ANEW = 'Restart the pod, or take its label istio.io/dataplane-mode off and put it on again: istio-cni writes its rules anew.'
const FIXES: ReadonlyMap<CaptureFinding['kind'], string> = new Map([
  ['rule-missing', ANEW],
  ['rule-order', ANEW],
  ['rule-differs', ANEW],
  ['table-broken', ANEW],
  ['annotation-unheeded', 'Restart the pod: istio-cni reads its annotations anew.'],
  ['no-listener', 'Look at the ztunnel of the node: does it run, and does its log say that it took the pod in?'],
  [
    'not-captured',
    'Look at istio-cni of the node: it captures IPv6 with ambient.ipv6 switched on, and needs ip6tables; then restart the pod.',
  ],
])

function fixOf({kind}: CaptureFinding): Pick<CaptureFinding, 'fix'> {
  const fix = FIXES.get(kind)
  return fix === undefined ? {} : {fix}
}

/** Chains of a sidecar's rules, some of which have the names of ambient's. */
export function isSidecar({packetRules, ztunnel}: NetworkNamespace): boolean {
  const names = [...packetRules[4].tables, ...packetRules[6].tables].flatMap(({chains}) => [...chains.keys()])
  return ztunnel !== 'in-pod' && names.some((name) => name === 'ISTIO_INBOUND' || name === 'istio-inbound')
}

/** The rule that lets probes of the kubelet in, and the source it knows them by. */
export function probeLetIn(pod: NetworkNamespace, family: Family): {readonly rule: PacketRule; readonly address: string} | undefined {
  const backend = captureBackend(pod, family)
  if (backend === undefined || isSidecar(pod)) return undefined
  const at: RulesAt = (table, hook) => rulesAt(pod, {table, hook, family, backend})
  const rule = [...at('nat', 'PREROUTING'), ...at('mangle', 'PREROUTING')].find(isProbeRule)
  return rule === undefined ? undefined : {rule, address: variantOf(at, family).probe.replace(/\/\d+$/, '')}
}

export function captures(pod: NetworkNamespace): boolean {
  return ([4, 6] as const).some((family) => captureBackend(pod, family) !== undefined)
}

/** The backend that most rules of capture are in; with rules in both, another finding says so. */
function captureBackend({packetRules}: NetworkNamespace, family: Family): Backend | undefined {
  const sizes = (['nft', 'legacy'] as const).map((backend) => ({
    backend,
    size: packetRules[family].tables.filter((table) => table.backend === backend).flatMap(captureRules).length,
  }))
  return sizes.filter(({size}) => size > 0).toSorted((one, other) => other.size - one.size)[0]?.backend
}

function captureRules({chains}: RuleTable): readonly PacketRule[] {
  return [...chains.values()].filter(({name}) => isOfCapture(name)).flatMap(({rules}) => rules)
}

/** A pod with addresses of two families that is captured in one of them. */
function notCaptured(pod: NetworkNamespace, family: Family): readonly CaptureFinding[] {
  const other = family === 4 ? 6 : 4
  const isKnown = pod.packetRules[family].tables.length > 0
  const isRecorded = isKnown || pod.routing[family].rules.some(({place}) => place !== undefined)
  if (!isRecorded || podAddress(pod, family) === undefined || captureBackend(pod, other) === undefined) return []
  const what = `IPv${family} is not captured, though the pod has an address: what it sends and gets there goes past ztunnel`
  return [finding(pod.name, {kind: 'not-captured', severity: isKnown ? 'broken' : 'unsure', what})]
}

interface Captured {
  readonly family: Family
  readonly backend: Backend
  readonly wishes: PodWishes | undefined
}

function familyFindings(pod: NetworkNamespace, {family, backend, wishes}: Captured): readonly CaptureFinding[] {
  const at: RulesAt = (table, hook) => rulesAt(pod, {table, hook, family, backend})
  const variant = variantOf(at, family)
  const judged = isKata(at)
    ? []
    : [...ruleFindings({place: pod.name, variant, at}), ...wishFindings({place: pod.name, variant, at}, wishes)]
  return [...unreached(pod, {family, backend}), ...judged, ...returnRouteFindings(pod, family), ...socketFindings(pod, variant)]
}

/** Pods in virtual machines of Kata have rules of their own, which are walked but not judged. */
function isKata(at: RulesAt): boolean {
  return at('nat', 'PREROUTING').some(({matches}) => matches.some((match) => match.kind === 'in-device' && match.name === 'tap0_kata'))
}

type Asked = HookOfTable & Omit<Captured, 'wishes'>

/** A chain that nothing jumps to is compared all the same: that nothing does is said once. */
function rulesAt(pod: NetworkNamespace, asked: Asked): readonly PacketRule[] {
  const reached = rulesOnTheWay(pod.packetRules[asked.family], asked)
  return reached.some(({chain}) => isOfCapture(chain)) ? reached : [...reached, ...chainRules(pod, asked)]
}

function chainRules({packetRules}: NetworkNamespace, {table, hook, family, backend}: Asked): readonly PacketRule[] {
  const names = hook === 'OUTPUT' ? ['ISTIO_OUTPUT', 'istio-output'] : ['ISTIO_PRERT', 'istio-prerouting']
  const [own] = packetRules[family].tables.filter(
    (one) => one.name === table && one.backend === backend && names.some((name) => one.chains.has(name)),
  )
  return names.flatMap((name) => own?.chains.get(name)?.rules ?? [])
}

function unreached(pod: NetworkNamespace, captured: Omit<Captured, 'wishes'>): readonly CaptureFinding[] {
  return CAPTURE_HOOKS.flatMap((hook) => {
    const asked = {...captured, ...hook}
    const reached = rulesOnTheWay(pod.packetRules[captured.family], asked)
    const [first] = chainRules(pod, asked)
    if (first === undefined || reached.some(({chain}) => isOfCapture(chain))) return []
    const what = `IPv${captured.family} ${hook.table}: nothing in ${hook.hook} leads to ${first.chain}, so none of its rules is asked`
    return [finding(pod.name, {kind: 'rule-missing', what, evidence: placesOf(first.place)})]
  })
}
