import type {SocketAddress} from '../flow/address.js'
import {UsageError} from '../flow/errors.js'
import type {Share} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import type {Missing, Outlook} from '../flow/verdict.js'
import {canonicalIp, familyOf, parseIp} from '../kernel/config/ip.js'
import type {SocketOwner} from '../kernel/config/model.js'
import type {NetworkNamespace} from '../kernel/config/namespace.js'
import type {Network} from '../kernel/config/network.js'
import {captureRule, endOf, missingOf, type WalkEnd} from '../kernel/end.js'
import {explainPasses, type ExplainedPass} from '../kernel/explain.js'
import type {CaptureFinding} from '../kernel/findings/finding.js'
import {kubeProxyMode} from '../kernel/findings/kube-proxy-mode.js'
import type {Policy} from '../kernel/network-policy/model.js'
import {isLocalAddress} from '../kernel/route/output.js'
import {stepsOfWalk} from '../kernel/steps.js'
import {walkAttempt, type Attempt, type Branch} from '../kernel/walk/connect.js'
import {admissionsFor, decisive, type PortAdmission, type PortAdmissions, type WireEnd} from './capture-admissions.js'
import {findingsAt} from './capture-findings.js'
import {findPlace, type PacketStart} from './capture-place.js'
import {capturesOnNode, gapText, type CapturePlace, type CaptureShelf} from './capture-shelf.js'
import {policiesOf} from './network-policies.js'

/** A packet, and where it is sent or comes in. */
export interface CaptureQuestion {
  /** Node, pod or `namespace/pod`. */
  readonly target: string
  /** Absent: the kernel chooses one. Port 0 stands for every port. */
  readonly source?: SocketAddress
  readonly destination: SocketAddress
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  /** The device the packet comes in on; absent for one that a process of the place sends. */
  readonly inDevice?: string
  /** Of the packet, or of the sending socket. */
  readonly mark: number
  /** Of the process that sends; absent: not known. */
  readonly owner?: SocketOwner
}

/** `ambientctl.capture/1`: what the kernel does with one packet. */
export interface CaptureAnswer {
  readonly schemaVersion: 'ambientctl.capture/1'
  readonly question: CaptureQuestion
  /** Where the packet was put: a pod that was not recorded is looked at from its node. */
  readonly place: {readonly kind: 'node' | 'pod'; readonly name: string; readonly inDevice?: string}
  /** What is wrong with the state of its node; left out of batches. */
  readonly findings?: readonly CaptureFinding[]
  /** What NetworkPolicies say, given ones or those of the inventory, at each end it may have; the asked port first. */
  readonly admissions?: readonly PortAdmission[]
  /** Where policies judge an address that is not known here. */
  readonly unjudged?: string
  /** Shares sum to 1. */
  readonly branches: readonly CaptureBranch[]
  readonly outlook: Outlook
}

export interface CaptureBranch {
  readonly share: Share
  /** What is not known, and how it would have to be for this branch. */
  readonly requires: readonly string[]
  readonly end: WalkEnd
  /** `connected`, `timeout`, or the errno of connect(); `ok` for what has no connection. */
  readonly result: string
  readonly steps: readonly Step[]
  readonly missing: readonly Missing[]
  /** Every rule the packet and its answers met, on request. */
  readonly passes?: readonly ExplainedPass[]
}

export interface CaptureOptions {
  /** Look the node over too. */
  readonly findings: boolean
  /** In the place of those of the inventory. */
  readonly policies?: readonly Policy[]
  /** Where a pod without namespace is looked up first. */
  readonly namespace: string
  readonly explain: boolean
}

/**
 * Walks one packet, and everything it causes, through what was recorded of its node.
 * @throws UsageError for an unknown place or device, or more branches than can be followed
 */
export function askCapture(
  shelf: CaptureShelf,
  {question: asked, options}: {readonly question: CaptureQuestion; readonly options: CaptureOptions},
): CaptureAnswer {
  const start = findPlace(shelf, {target: asked.target, namespace: options.namespace})
  const network = shelf.networkOf(start.place)
  const attempt = attemptOf(asked, {start, explain: options.explain})
  const doubt = serviceDoubt(shelf, {place: start.place, ip: attempt.destination.ip})
  const walked = walkAttempt(network, attempt) ?? tooMany()
  const branches = walked.map((branch) => {
    const doubts = [...(doubt === undefined ? [] : [doubt]), ...gaps(shelf, {branch, attempt})]
    return branchOf(withDoubts(branch, doubts), {network, attempt})
  })
  const {kind, name} = start.place
  const place = {kind, name, ...(attempt.inDevice === undefined ? {} : {inDevice: attempt.inDevice})}
  const wires = walked.map(({outcome}) => wireOf(outcome, attempt))
  const policed = admissionsOf(shelf, {asked, start, options, wires})
  return {
    schemaVersion: 'ambientctl.capture/1',
    question: asked,
    place,
    branches,
    ...(options.findings ? {findings: findingsAt(shelf, start.place)} : {}),
    ...policed,
    outlook: worst([...branches.map(({end}) => OUTLOOKS[end.kind]), ...decisive(policed, wires).map(({admitted}) => ADMITTED[admitted])]),
  }
}

/** eBPF programs translate VIPs before any packet rule: without a list of services every address may be one. */
function serviceDoubt(
  {inventory, places}: CaptureShelf,
  {place, ip}: {readonly place: CapturePlace; readonly ip: string},
): string | undefined {
  const node = places.find(({kind, node: of}) => kind === 'node' && of !== undefined && of === place.node)
  if (node === undefined || kubeProxyMode(node.namespace) !== 'ebpf') return undefined
  const mayBeService = inventory.services?.some(({clusterIPs}) => clusterIPs.includes(ip)) ?? true
  return mayBeService ? `which backend the eBPF programs of ${node.name} choose for ${ip}` : undefined
}

/** What was not recorded of the places that packets met: a walk takes it for empty. */
function gaps({places}: CaptureShelf, {branch, attempt}: {readonly branch: Branch; readonly attempt: Attempt}): readonly string[] {
  const family = familyOf(attempt.destination.ip)
  const passed = new Set([attempt.namespace, ...branch.outcome.passes.map(({namespace}) => namespace)])
  return places.filter(({name, lacks}) => lacks[family].length > 0 && passed.has(name)).map((place) => gapText(place, family))
}

function withDoubts(branch: Branch, doubts: readonly string[]): Branch {
  return {...branch, outcome: {...branch.outcome, doubts: [...branch.outcome.doubts, ...doubts]}}
}

const ADMITTED = {yes: 'positive', no: 'negative', undetermined: 'undetermined'} as const

interface Policed {
  readonly asked: CaptureQuestion
  readonly start: PacketStart
  readonly options: Pick<CaptureOptions, 'policies'>
  readonly wires: readonly WireEnd[]
}

const OUTBOUND = 15_001

/** The address a connection has on the network: what the accepting socket was dialled by, after NAT on the way. */
function wireOf(outcome: Branch['outcome'], attempt: Attempt): WireEnd {
  const {owner} = outcome
  if (owner === undefined) return {...attempt.destination, taken: false}
  const isCaptured = captureRule(outcome, attempt) !== undefined
  return {...(isCaptured ? owner.originalDestination : owner.local), taken: isCaptured && owner.port === OUTBOUND}
}

function admissionsOf({inventory, places}: CaptureShelf, {asked, start, options, wires}: Policed): Partial<PortAdmissions> {
  const policies = policiesOf({inventory, ...options})
  if (policies === undefined) return {}
  const source = asked.source?.ip ?? start.source
  return admissionsFor(
    {policies, inventory},
    {place: start.place, source, wires, protocol: asked.protocol, byNode: places.some(capturesOnNode)},
  )
}

const ANY_PORT = 40_000

interface Sent {
  readonly start: PacketStart
  readonly explain: boolean
}

function attemptOf(asked: CaptureQuestion, {start, explain}: Sent): Attempt {
  const {namespace} = start.place
  const source = asked.source?.ip ?? start.source
  const inDevice = arrivalDevice({...asked, source}, start)
  return {
    namespace: namespace.name,
    protocol: asked.protocol,
    ...(source === undefined ? {} : {source: canonicalIp(source)}),
    // Port 0 stands for any.
    sourcePort: [asked.source?.port ?? 0, ANY_PORT].find((one) => one > 0) ?? ANY_PORT,
    destination: {ip: canonicalIp(asked.destination.ip), port: asked.destination.port},
    mark: asked.mark,
    ...(asked.owner === undefined ? {} : {owner: asked.owner}),
    transparent: isForeign(source, namespace),
    ...(inDevice === undefined ? {} : {inDevice}),
    ...(explain ? {explain} : {}),
  }
}

/** Only a transparent socket sends from an address that is not its own. */
function isForeign(source: string | undefined, namespace: NetworkNamespace): boolean {
  const ip = parseIp(source ?? '')
  return ip !== undefined && !isLocalAddress(namespace, ip)
}

function arrivalDevice(asked: {readonly inDevice?: string; readonly source: string | undefined}, start: PacketStart): string | undefined {
  const inDevice = asked.inDevice ?? start.inDevice
  if (inDevice === undefined) return undefined
  if (!start.place.namespace.devices.some(({name}) => name === inDevice)) throw unknownDevice(inDevice, start)
  if (asked.source === undefined) {
    throw new UsageError({what: 'A packet that comes in has a source.', where: '--in-device', expected: '--src IP'})
  }
  return inDevice
}

function unknownDevice(device: string, {place}: PacketStart): UsageError {
  return new UsageError({
    what: `${place.name} has no device "${device}".`,
    where: '--in-device',
    expected: place.namespace.devices.map(({name}) => name).join(', '),
    got: device,
  })
}

function tooMany(): never {
  throw new UsageError({
    what: 'The rules draw at random too often to follow every branch.',
    help: 'Ask for one backend by its own address.',
  })
}

function branchOf({outcome, share, assumed}: Branch, asked: {readonly network: Network; readonly attempt: Attempt}): CaptureBranch {
  return {
    share,
    requires: assumed.map(({what, holds}) => `${what}: ${holds ? 'yes' : 'no'}`),
    end: endOf(outcome, asked),
    result: outcome.result,
    steps: stepsOfWalk(outcome, asked),
    missing: missingOf(outcome),
    ...(asked.attempt.explain === undefined ? {} : {passes: explainPasses(outcome.passes)}),
  }
}

function worst(all: readonly Outlook[]): Outlook {
  return (['negative', 'undetermined'] as const).find((outlook) => all.includes(outlook)) ?? 'positive'
}

const OUTLOOKS: Readonly<Record<WalkEnd['kind'], Outlook>> = {
  captured: 'positive',
  delivered: 'positive',
  left: 'positive',
  dropped: 'negative',
  asymmetric: 'negative',
  undetermined: 'undetermined',
}
