import {formatPrefix} from '../config/ip.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import type {PacketRule} from '../config/packet-rules.js'
import {nodeChains, type NodeNames} from './expected-rules.js'
import {finding, placesOf, type CaptureFinding, type EnrolledPod} from './finding.js'
import {ipRuleFindings, NODE_RULES} from './ip-rules.js'
import {jumpFindings} from './jumps.js'
import {nodeNames} from './node-names.js'
import {inboundRoutes, POD_SET, podSetFindings} from './pod-set.js'
import {probeFindings} from './probes.js'
import {chainFindings, chainOf} from './rules.js'
import {settingFindings} from './settings.js'
import {inboundFindings, strayNeighbours, tableFindings, waysToZtunnel, type ExpectedTable} from './tables.js'
import {deviceFindings, tunnelFindings} from './tunnels.js'
import {ztunnelPodFindings} from './ztunnel-pod.js'

export interface NodeOf2022 {
  /** The namespaces of its pods, as far as recorded. */
  readonly pods: readonly NetworkNamespace[]
  readonly enrolled: readonly EnrolledPod[]
}

/**
 * Node capture of 2022: what its agent writes, against what is there. Where nothing of that is broken, what capture is for is walked.
 * Source: envoy-2022 C.1-C.3, H.3.
 */
export function nodeCaptureFindings(node: NetworkNamespace, {pods, enrolled}: NodeOf2022): readonly CaptureFinding[] {
  const ztunnel = pods.find((one) => one.ztunnel === 'node')
  const names = nodeNames(node, ztunnel)
  const rules = [...ruleFindings(node, names), ...(ztunnel === undefined ? [] : ztunnelPodFindings(ztunnel))]
  const others = stateFindings(node, {names, enrolled, ztunnel})
  const probed = probedPods(node, enrolled)
  if (ztunnel === undefined || names === undefined || probed.length === 0) return [...rules, ...others]
  const failed = probeFindings({node, ztunnel, pods, enrolled: probed, names})
  if (failed.length === 0) return [...rules.map((one) => withoutHarm(one, ztunnel.name)), ...others]
  return [...rules, ...others].some(({severity}) => severity === 'broken') ? [...rules, ...others] : [...failed, ...rules, ...others]
}

/** Rules in another order may do the same, and answers of ztunnel may find another way than their own. */
function withoutHarm(one: CaptureFinding, ztunnel: string): CaptureFinding {
  const may = one.kind === 'rule-order' || (one.place === ztunnel && (one.kind === 'rule-missing' || one.kind === 'table-broken'))
  return may ? {...one, severity: 'unsure'} : one
}

function ruleFindings(node: NetworkNamespace, names: NodeNames | undefined): readonly CaptureFinding[] {
  return [...(names === undefined ? [] : chainFindings(node, nodeChains(names))), ...ipRuleFindings(node, NODE_RULES)]
}

/** Without an inventory those that are in the set, and have a route. */
function probedPods(node: NetworkNamespace, enrolled: readonly EnrolledPod[]): readonly EnrolledPod[] {
  if (enrolled.length > 0) return enrolled
  const members = new Set((node.sets.get(POD_SET)?.members ?? []).map(({text}) => text))
  const routed = inboundRoutes(node).map(({destination}) => formatPrefix(destination))
  return routed.filter((ip) => members.has(ip)).map((ip) => ({name: 'unknown', ips: [ip]}))
}

interface State {
  readonly names: NodeNames | undefined
  readonly ztunnel: NetworkNamespace | undefined
  readonly enrolled: readonly EnrolledPod[]
}

function stateFindings(node: NetworkNamespace, {names, ztunnel, enrolled}: State): readonly CaptureFinding[] {
  const devices = [...TUNNELS, ...(names === undefined ? [] : [names.device])]
  return [
    ...(names !== undefined && deviceNamed(node, names.device) !== undefined ? [] : ztunnelGone(node)),
    ...deviceFindings(node, devices),
    ...tunnelFindings(node, {names, ztunnel}),
    ...podSetFindings(node, enrolled),
    ...jumpFindings(node),
    ...tableFindings(node, tablesOf(names)),
    ...(names === undefined ? [] : [...waysToZtunnel(node, names.ip), ...strayNeighbours(node, names.ip)]),
    ...inboundFindings(node, enrolled),
    ...settingFindings(node, {devices, enrolled}),
  ]
}

function tablesOf(names: NodeNames | undefined): readonly ExpectedTable[] {
  const back = names === undefined ? {} : {device: names.device, via: names.ip}
  return [
    {table: '101', device: 'istioout'},
    {table: '102', ...back},
  ]
}

/** envoy-2022 H.3.12: rules and tunnels stay, and packets for them end with "host unreachable". */
function ztunnelGone(node: NetworkNamespace): readonly CaptureFinding[] {
  if (node.devices.length === 0) return []
  const rule = chainOf(node, {table: 'mangle', chain: 'ztunnel-PREROUTING'})?.rules.find((one) => goneDevice(node, one) !== undefined)
  if (rule === undefined) return []
  const what = `packet rules name ${goneDevice(node, rule) ?? ''} as the device of the ztunnel pod, which is not there`
  return [
    finding(node.name, {
      kind: 'ztunnel-gone',
      what: `${what}: the pod is gone or was replaced, and captured connections have nowhere to go`,
      evidence: placesOf(rule.place),
      fix: 'Look after the ztunnel pod of this node; when it runs, restart the node agent (the istio-cni-node pod).',
    }),
  ]
}

function goneDevice(node: NetworkNamespace, {matches}: PacketRule): string | undefined {
  const names = matches.flatMap((match) => (match.kind === 'in-device' && !match.negated ? match.name : []))
  return names.find((name) => !TUNNELS.some((tunnel) => tunnel === name) && deviceNamed(node, name) === undefined)
}

const TUNNELS = ['istioin', 'istioout'] as const
