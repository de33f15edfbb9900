import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {Exit} from '../flow/forwarder.js'
import type {Step} from '../flow/step.js'
import type {NodeCapture} from './crossing.js'
import {fullName, type Workload} from './directory.js'
import {stopExit} from './forwardings.js'
import type {Generation} from './generation.js'
import type {NodeRules} from './node-rules.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'

/** What tells whose socket an address is. */
export interface RuledNode extends Pick<NodeCapture, 'directory' | 'node'> {
  readonly rules: NodeRules
  readonly generation: Generation
}

type Leaving = Extract<Exit, {readonly kind: 'depart'}>

/** An end of recorded rules as the mesh knows it: only ztunnel's sockets make an original destination that matters to others. */
export function knownEnd(exit: Exit, node: RuledNode): Exit {
  if (exit.kind !== 'depart' || exit.departure.to.kind !== 'socket') return exit
  const {to} = exit.departure
  const owner = node.directory.podAt(to.ip)
  return isZtunnelSocket(to, {...node, owner}) ? atZtunnel(exit, {to, ...node}) : pastCapture(exit, {to, owner})
}

interface Socket {
  readonly to: SocketAddress
}

function atZtunnel(exit: Leaving, {to, generation}: Socket & Pick<RuledNode, 'generation'>): Exit {
  if (to.port === ZTUNNEL_PORTS.dns) return atDnsProxy(exit)
  if (exit.departure.originalDestination !== undefined || generation === '2022') return exit
  const steps = exit.steps.map(
    (step): Step => (step.kind === 'capture' ? {...step, how: `ztunnel's socket in the pod, port ${to.port}: no rule redirects`} : step),
  )
  return {...exit, steps, departure: {...exit.departure, originalDestination: {ip: to.ip, port: to.port}}}
}

/** A redirection inside a pod is the pod's own business, one on the node is done. */
function pastCapture(exit: Leaving, {to, owner}: {readonly to: SocketAddress; readonly owner: Workload | undefined}): Exit {
  const {source, payload, originalDestination} = exit.departure
  if (originalDestination === undefined) return exit
  const reached = owner === undefined ? to : originalDestination
  return {...exit, departure: {to: {kind: 'socket', ip: reached.ip, port: reached.port}, source, payload}}
}

export const ANSWER_OF_DNS = "what ztunnel's DNS proxy answers"

/** ambient-ga E: with DNS capture TCP 53 comes here too; ztunnel answers or asks on, which no dump tells. */
function atDnsProxy({share, requires, steps}: Exit): Exit {
  return stopExit({verdict: {kind: 'undetermined', missing: [{what: ANSWER_OF_DNS}]}}, {share, requires, steps})
}

const TAKEN_PORTS: ReadonlySet<number> = new Set([
  ZTUNNEL_PORTS.outbound,
  ZTUNNEL_PORTS.inboundPlaintext,
  ZTUNNEL_PORTS.inbound,
  ZTUNNEL_PORTS.dns,
])

function isZtunnelSocket(
  {ip, port}: SocketAddress,
  {owner, directory, rules, generation, node}: RuledNode & {readonly owner: Workload | undefined},
): boolean {
  if (!TAKEN_PORTS.has(port)) return false
  return generation === 'ga' ? holdsZtunnel(rules, owner) : directory.ztunnelOf(node)?.ips.includes(ip) === true
}

function holdsZtunnel(rules: NodeRules, owner: Workload | undefined): boolean {
  return owner !== undefined && owner.role !== 'sidecar' && rules.pod(fullName(owner))?.holdsZtunnel === true
}

/** A virtual address that left the node as it was: no rule knows it, or whoever translates it is in no rule. */
export function untranslated(exit: Leaving, {directory, rules, node}: RuledNode): Exit | undefined {
  const {to} = exit.departure
  if (to.kind !== 'socket' || directory.serviceAt(to.ip)?.kubernetes !== true) return undefined
  const {share, requires, steps} = exit
  return stopExit(rules.translatesServices ? notTranslated(to, node) : unseen(to, node), {share, requires, steps})
}

function notTranslated(to: SocketAddress, node: string): Parameters<typeof stopExit>[0] {
  const reason = `no rule of node ${node} translates ${formatSocket(to)}, and no machine has this virtual address`
  return {verdict: {kind: 'dropped', reason}, answer: {kind: 'timeout'}}
}

/** IPVS, eBPF and nftables modes of kube-proxy leave no chains of iptables. */
function unseen(to: SocketAddress, node: string): Parameters<typeof stopExit>[0] {
  const what = `which backend node ${node} chooses for ${formatSocket(to)}: its recorded rules do not translate services`
  return {verdict: {kind: 'undetermined', missing: [{what}]}}
}
