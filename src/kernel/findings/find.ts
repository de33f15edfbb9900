import type {NetworkNamespace} from '../config/namespace.js'
import type {Backend, RuleTable} from '../config/packet-rules.js'
import {nodeAddresses} from './addresses.js'
import {finding, placesOf, type CaptureFinding, type EnrolledPod} from './finding.js'
import {hasChain} from './chains.js'
import {enrolmentFindings, isOf2022} from './enrolment.js'
import {guardrails} from './guardrails.js'
import {inPodFindings} from './in-pod.js'
import {nodeCaptureFindings} from './node-capture.js'
import {kubeProxyMode} from './kube-proxy-mode.js'
import {probeFindings} from './probe-rules.js'

export interface NodeState {
  /** The node itself. */
  readonly node: NetworkNamespace
  /** The namespaces of its pods, as far as recorded. */
  readonly pods: readonly NetworkNamespace[]
  /** Pods of the node that ambient captures. */
  readonly enrolled: readonly EnrolledPod[]
  /** Names of pods of the node that it surely does not capture. */
  readonly others?: readonly string[]
}

/**
 * What is wrong with the capture state of one node: sets, ip rules, tables, backends, and service proxies that no rule shows.
 * Source: envoy-2022 C.1, C.3 (walk 10), H.3; ambient-ga E, H.
 */
export function findCaptureProblems({node, pods, enrolled, others = []}: NodeState): readonly CaptureFinding[] {
  const captures2022 = hasChain(node, 'ztunnel-PREROUTING')
  const recorded = enrolled.filter(({name}) => pods.some((pod) => pod.name === name))
  return [
    ...(captures2022 ? nodeCaptureFindings(node, {pods, enrolled}) : []),
    ...ownAddresses(node),
    ...(captures2022 ? [] : probeFindings(node, {pods, enrolled: recorded})),
    ...pods.flatMap((pod) => inPodFindings(pod, enrolled.find(({name}) => name === pod.name)?.wishes)),
    ...(isOf2022([node, ...pods]) ? [] : pods.flatMap((pod) => enrolmentFindings(pod, {enrolled, others}))),
    ...[node, ...pods].flatMap(guardrails),
    ...[node, ...pods].flatMap(mixedBackends),
    ...serviceProxy(node, captures2022),
  ]
}

/** Sets that hold addresses of pods: those of node capture, and of probes since 1.22. */
const POD_SETS = new Set(['ztunnel-pods-ips', 'istio-inpod-probes-v4', 'istio-inpod-probes-v6'])

function ownAddresses(node: NetworkNamespace): readonly CaptureFinding[] {
  const sets = [...node.sets.values()].filter(({name}) => POD_SETS.has(name))
  const own = nodeAddresses(node)
  return sets.flatMap(({name, members}) =>
    members
      .filter(({text}) => own.has(text))
      .map(({text, place}) =>
        finding(node.name, {
          kind: 'node-address-in-set',
          what: `set ${name} holds ${text}, an address of the node itself`,
          evidence: placesOf(place),
          fix: `\`ipset del ${name} ${text}\`; a pod of the host network in an enrolled namespace puts it there: label it ambient-type=none.`,
        }),
      ),
  )
}

/** envoy-2022 H.3.6: rules of both backends are in force, and each tool shows only its own. */
function mixedBackends({name, packetRules}: NetworkNamespace): readonly CaptureFinding[] {
  const tables = [...packetRules[4].tables, ...packetRules[6].tables].filter(({chains}) =>
    [...chains.values()].some(({rules}) => rules.length > 0),
  )
  const backends = new Set(tables.map(({backend}) => backend))
  if (backends.size < 2) return []
  const what = 'rules of iptables-legacy and of iptables-nft are in force together'
  return [finding(name, {kind: 'mixed-backends', severity: 'unsure', what, evidence: [...backends].flatMap((one) => firstOf(one, tables))})]
}

/** The rule by which a backend is noticed. */
function firstOf(backend: Backend, tables: readonly RuleTable[]): CaptureFinding['evidence'] {
  const rules = tables
    .filter((table) => table.backend === backend)
    .flatMap(({chains}) => [...chains.values()].flatMap((chain) => chain.rules))
  return rules.flatMap(({place}) => place ?? []).slice(0, 1)
}

function serviceProxy(node: NetworkNamespace, captures2022: boolean): readonly CaptureFinding[] {
  switch (kubeProxyMode(node)) {
    case 'ipvs': {
      // envoy-2022 C.3 walk 10: VIPs are local addresses, so the table local wins over the table of capture.
      const what = 'kube-proxy uses IPVS: VIPs are addresses of the node'
      return captures2022
        ? [finding(node.name, {kind: 'ipvs', what: `${what}, so traffic to them is not captured`})]
        : [finding(node.name, {kind: 'ipvs', severity: 'unsure', what: `${what}, and their backends are in no rule`})]
    }
    case 'ebpf':
      return [
        finding(node.name, {
          kind: 'ebpf-kube-proxy',
          severity: 'unsure',
          what: 'eBPF programs translate VIPs: no packet rule shows where to',
        }),
      ]
    default:
      return []
  }
}
