import {parseIp} from '../config/ip.js'
import type {Step} from '../../flow/step.js'
import type {Place} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import {networkWithOutside} from '../config/outside.js'
import type {Network} from '../config/network.js'
import {endOf, type WalkEnd} from '../end.js'
import {deviceTo} from '../route/device-to.js'
import {stepsOfWalk} from '../steps.js'
import {walkAttempt, type Attempt, type Outcome} from '../walk/connect.js'
import {finding, type CaptureFinding, type EnrolledPod} from './finding.js'
import type {NodeNames} from './expected-rules.js'

export interface Probed {
  readonly node: NetworkNamespace
  readonly ztunnel: NetworkNamespace
  readonly pods: readonly NetworkNamespace[]
  readonly enrolled: readonly EnrolledPod[]
  readonly names: NodeNames
}

/** Enrolled pods that are looked at: each costs a few walks. */
const MOST_PODS = 8
/** Kept for documentation: on no node. */
const ELSEWHERE = '203.0.113.1'
const PORT = 8080
const PLAIN = {protocol: 'tcp', sourcePort: 40_000, mark: 0, transparent: false} as const

interface Probe {
  readonly what: string
  readonly attempt: Attempt
  /** The port of ztunnel that must accept; absent where the pod itself must. */
  readonly port?: number
}

/**
 * The ways that capture is for, walked: what an enrolled pod sends, what comes for it, what ztunnel hands to it, and a probe of the kubelet.
 * One finding for each pod that says which of them do not work. Source: envoy-2022 C.3, walks 1, 2, 3, 4, 6, 7.
 */
export function probeFindings(probed: Probed): readonly CaptureFinding[] {
  const network = networkWithOutside([probed.node, ...probed.pods])
  const pods = probed.enrolled.flatMap(({name, ips}) => ips.filter((ip) => !ip.includes(':')).map((ip) => ({name, ip})))
  const looked = pods.slice(0, MOST_PODS)
  const failures = looked.flatMap((pod) => {
    const failed = [...probesOf(probed, pod), ...toNeighbour(probed, {pod, others: looked})].flatMap((probe) =>
      failureOf(network, {probe, probed}),
    )
    const [first] = failed
    return first === undefined ? [] : [{pod, ways: failed.map(({what}) => what).join('; '), first}]
  })
  const [one, ...others] = failures
  if (one === undefined) return []
  const isCommon = failures.length === looked.length && others.every(({ways}) => ways === one.ways)
  return isCommon && others.length > 0 ? [commonFinding(probed, one)] : failures.map((failed) => podFinding(probed, failed))
}

interface Pod {
  readonly name: string
  readonly ip: string
}

function probesOf({node, ztunnel, pods, names}: Probed, {ip}: Pod): readonly Probe[] {
  const way = PLAIN
  const own = podWith(pods, ip)
  const open = own?.listeners.find((one) => one.protocol === 'tcp' && one.ip === undefined)?.port
  const [port, isOpen] = [open ?? PORT, own === undefined || own.answersAll === true || open !== undefined]
  const from = senderOf({node, pods}, ip)
  const outside = deviceTo(node, {ip: ELSEWHERE, own: false})
  const here = {ip, port}
  return [
    ...(from === undefined
      ? []
      : [{what: 'what it sends', port: 15_001, attempt: {...way, ...from, destination: {ip: ELSEWHERE, port: PORT}}}]),
    ...(outside === undefined ? [] : arriving({way: {...way, namespace: node.name, inDevice: outside, source: ELSEWHERE}, ip, port})),
    {what: 'what ztunnel sends to other nodes', attempt: {...way, namespace: ztunnel.name, destination: {ip: ELSEWHERE, port: PORT}}},
    {
      what: 'tunnels to it from pods of its node',
      port: 15_008,
      attempt: {...way, namespace: ztunnel.name, destination: {ip, port: 15_088}},
    },
    ...(isOpen ? handing({...way, destination: here}, {node, ztunnel, names}) : []),
  ]
}

/** What comes for a pod is captured too: what its neighbours send must be captured before. */
function toNeighbour({node, pods}: Probed, {pod, others}: {readonly pod: Pod; readonly others: readonly Pod[]}): readonly Probe[] {
  const other = others.find(({ip}) => ip !== pod.ip)
  const from = senderOf({node, pods}, pod.ip)
  if (other === undefined || from === undefined) return []
  return [{what: 'what it sends to a pod of its node', port: 15_001, attempt: {...PLAIN, ...from, destination: {ip: other.ip, port: PORT}}}]
}

/** What must reach the pod itself. */
function handing(way: Omit<Attempt, 'namespace'>, {node, ztunnel, names}: Pick<Probed, 'node' | 'ztunnel' | 'names'>): readonly Probe[] {
  const kept = {source: ELSEWHERE, mark: ORIGINAL_SOURCE_MARK, transparent: true}
  return [
    {what: 'what ztunnel hands to it', attempt: {...way, namespace: ztunnel.name}},
    {what: 'what ztunnel hands to it with the address of its client', attempt: {...way, namespace: ztunnel.name, ...kept}},
    {what: 'probes of the kubelet', attempt: {...way, namespace: node.name, source: names.exempt}},
  ]
}

const ORIGINAL_SOURCE_MARK = 0x4d2

function arriving({
  way,
  ip,
  port,
}: {
  readonly way: Omit<Attempt, 'destination'>
  readonly ip: string
  readonly port: number
}): readonly Probe[] {
  return [
    {what: 'what comes for it in a tunnel', port: 15_008, attempt: {...way, destination: {ip, port: 15_008}}},
    {what: 'what comes for it without a tunnel', port: 15_006, attempt: {...way, destination: {ip, port}}},
  ]
}

function senderOf({node, pods}: Pick<Probed, 'node' | 'pods'>, ip: string): Pick<Attempt, 'namespace' | 'inDevice' | 'source'> | undefined {
  const own = podWith(pods, ip)
  return own === undefined ? arrivalFrom(node, ip) : {namespace: own.name}
}

function podWith(pods: readonly NetworkNamespace[], ip: string): NetworkNamespace | undefined {
  return pods.find(({devices}) => devices.some(({addresses}) => addresses.some((one) => one.ip === ip)))
}

/** A pod that was not recorded sends over the device of the node that leads to it. */
function arrivalFrom(node: NetworkNamespace, ip: string): Pick<Attempt, 'namespace' | 'inDevice' | 'source'> | undefined {
  const inDevice = parseIp(ip) === undefined ? undefined : deviceTo(node, {ip, own: true})
  return inDevice === undefined || deviceNamed(node, inDevice) === undefined ? undefined : {namespace: node.name, inDevice, source: ip}
}

interface Failure {
  readonly what: string
  readonly end: WalkEnd
  readonly outcome: Outcome
  readonly steps: readonly Step[]
}

/** What is not known fails nowhere, and neither does what is only known to leave. */
function failureOf(network: Network, {probe, probed}: {readonly probe: Probe; readonly probed: Probed}): readonly Failure[] {
  const {what, attempt, port} = probe
  const branches = walkAttempt(network, attempt) ?? []
  const ends = branches.map(({outcome}) => ({
    what,
    outcome,
    end: endOf(outcome, {network, attempt}),
    steps: stepsOfWalk(outcome, {network, attempt}),
  }))
  return ends.filter(({end, outcome}) => !isFine({end, outcome}, {port, ztunnel: probed.ztunnel.name})).slice(0, 1)
}

function isFine(
  {end, outcome}: Pick<Failure, 'end' | 'outcome'>,
  {port, ztunnel}: {readonly port: number | undefined; readonly ztunnel: string},
): boolean {
  if (end.kind === 'undetermined') return true
  if (port === undefined) return end.kind === 'delivered' || end.kind === 'left'
  return outcome.owner?.namespace === ztunnel && outcome.owner.port === port
}

interface Failed {
  readonly pod: Pod
  readonly ways: string
  readonly first: Failure
}

const ASK = 'Ask for that packet with `ambientctl capture --explain`: it shows each rule and route on the way.'
const LEAD = 'walked through the recorded rules, these do not arrive'

function podFinding({node}: Probed, {pod, ways, first}: Failed): CaptureFinding {
  return finding(node.name, {
    kind: 'walk-fails',
    address: pod.ip,
    what: `pod ${pod.name} (${pod.ip}): ${LEAD}: ${ways}. The first: ${first.end.reason}`,
    evidence: decidingPlaces(first),
    fix: ASK,
  })
}

/** What fails for each pod alike is a matter of the node. */
function commonFinding({node}: Probed, {pod, ways, first}: Failed): CaptureFinding {
  return finding(node.name, {
    kind: 'walk-fails',
    what: `all enrolled pods: ${LEAD}: ${ways}. The first, for ${pod.name}: ${first.end.reason}`,
    evidence: decidingPlaces(first),
    fix: ASK,
  })
}

/** Where the last step on the way was read. */
function decidingPlaces({steps}: Failure): readonly Place[] {
  const refusing = steps.findLast((step) => step.kind === 'rule' && /^(drop|reject)$/.test(step.effect))
  const last = refusing ?? steps.findLast((step) => step.evidence.length > 0)
  return (last?.evidence ?? []).map(({dump, pointer}) => ({file: dump, line: Number(pointer.replace(/^line /, ''))}))
}
