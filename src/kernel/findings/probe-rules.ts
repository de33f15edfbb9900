import type {Family} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import type {PacketRule, Target} from '../config/packet-rules.js'
import {finding, placesOf, REWRITE, type CaptureFinding, type EnrolledPod} from './finding.js'
import {probeLetIn} from './in-pod.js'
import {conditionOf} from './in-pod-variant.js'
import {rulesOnTheWay} from './rules-on-the-way.js'

interface Probed {
  /** Recorded pods that are captured inside. */
  readonly pods: readonly NetworkNamespace[]
  /** Those of them that are known to be enrolled, with all addresses. */
  readonly enrolled: readonly EnrolledPod[]
}

/**
 * What keeps probes of the kubelet from the app: pods know them by a source address that only rules of the node give.
 * Source: ambient-ga E (host network namespace), H.4.
 */
export function probeFindings(node: NetworkNamespace, {pods, enrolled}: Probed): readonly CaptureFinding[] {
  const families = ([4, 6] as const).flatMap((family) => {
    const wanted = pods.flatMap((pod) => probeLetIn(pod, family) ?? [])
    const [first] = wanted
    return first === undefined || node.packetRules[family].tables.length === 0 ? [] : hostRules(node, {family, wanted: first})
  })
  return [...families, ...enrolled.flatMap((pod) => missingProbes(node, pod))].map((one) => ({...one, fix: REWRITE}))
}

/** Probes are told from other traffic by a source address that only set members get. */
function missingProbes(node: NetworkNamespace, {name, ips}: EnrolledPod): readonly CaptureFinding[] {
  return ips.flatMap((ip) => {
    const set = node.sets.get(ip.includes(':') ? 'istio-inpod-probes-v6' : 'istio-inpod-probes-v4')
    if (set === undefined || set.members.some(({text}) => text === ip)) return []
    return [
      finding(node.name, {
        kind: 'pod-not-in-set',
        address: ip,
        what: `set ${set.name} lacks ${ip} of enrolled pod ${name}: its probes are captured`,
        evidence: placesOf(set.place),
      }),
    ]
  })
}

interface Asked {
  readonly family: Family
  /** The rule of a pod that lets probes in. */
  readonly wanted: {readonly rule: PacketRule; readonly address: string}
}

type ProbeRule = PacketRule & {readonly target: Extract<Target, {readonly kind: 'snat'}>}

function hostRules(node: NetworkNamespace, {family, wanted}: Asked): readonly CaptureFinding[] {
  const rules = (['nft', 'legacy'] as const).flatMap((backend) =>
    rulesOnTheWay(node.packetRules[family], {table: 'nat', hook: 'POSTROUTING', backend}),
  )
  const own = rules.find(isProbeRule)
  if (own === undefined) return [withoutRule(node, {family, wanted})]
  return [...otherAddress(node, {family, wanted, own}), ...masquerades(node, {rules, own, family}), ...withoutSet(node, own)]
}

/** What a process of the node sends: told by its socket, or by its user in nftables mode. */
function isProbeRule(rule: PacketRule): rule is ProbeRule {
  return rule.target.kind === 'snat' && (conditionOf(rule, 'socket-exists') ?? conditionOf(rule, 'owner')) !== undefined
}

function withoutRule(node: NetworkNamespace, {family, wanted: {rule, address}}: Asked): CaptureFinding {
  const unasked = node.packetRules[family].tables.flatMap(({chains}) => [...chains.values()].flatMap(({rules}) => rules)).find(isProbeRule)
  const loss = `probes of the kubelet are captured`
  if (unasked === undefined) {
    const what = `IPv${family}: no rule of nat POSTROUTING gives probes the source ${address}, which pods let in: ${loss}`
    return finding(node.name, {kind: 'rule-missing', what, evidence: placesOf(rule.place)})
  }
  const what = `IPv${family}: nothing in nat POSTROUTING leads to ${unasked.chain}: ${loss}`
  return finding(node.name, {kind: 'rule-missing', what, evidence: placesOf(unasked.place)})
}

function otherAddress(node: NetworkNamespace, {family, wanted, own}: Asked & {readonly own: ProbeRule}): readonly CaptureFinding[] {
  if (own.target.ip === wanted.address) return []
  const what = `IPv${family}: probes get the source ${own.target.ip}, pods let in ${wanted.address}: probes of the kubelet are captured`
  return [finding(node.name, {kind: 'rule-differs', what, evidence: placesOf(own.place, wanted.rule.place)})]
}

interface Ordered {
  readonly rules: readonly PacketRule[]
  readonly own: ProbeRule
  readonly family: Family
}

/**
 * ambient-ga H.4: ISTIO_POSTRT stands before KUBE-POSTROUTING; the first rule that translates a source counts. In nftables mode both are
 * tables of equal priority, whose order no output tells.
 */
function masquerades(node: NetworkNamespace, {rules, own, family}: Ordered): readonly CaptureFinding[] {
  if (!own.text.startsWith('-A ')) return []
  const first = rules.slice(0, rules.indexOf(own)).find(({target}) => target.kind === 'masquerade' || target.kind === 'snat')
  if (first === undefined) return []
  const what = `IPv${family}: \`${first.text}\` is asked before the rule that gives probes their source: those that it takes are captured`
  return [finding(node.name, {kind: 'rule-order', severity: 'unsure', what, evidence: placesOf(first.place, own.place)})]
}

function withoutSet(node: NetworkNamespace, own: ProbeRule): readonly CaptureFinding[] {
  const set = conditionOf(own, 'set')
  if (set === undefined || node.sets.has(set.set)) return []
  const what = `set ${set.set}, which tells the addresses of pods, was not recorded, or is missing`
  return [finding(node.name, {kind: 'pod-not-in-set', severity: 'unsure', what, evidence: placesOf(own.place)})]
}
