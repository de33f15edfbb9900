import {COLLECT_INVENTORY} from './collect.js'
import type {SocketAddress} from '../flow/address.js'
import type {Exit, Forwarder, Forwarding} from '../flow/forwarder.js'
import {multiplyShares, oneOf, WHOLE} from '../flow/share.js'
import type {Missing} from '../flow/verdict.js'
import {captureStep, createCrossing, formatOptional, undetermined, unknownCapture, type Crossing, type NodeCapture} from './crossing.js'
import {departExit, routed, stopExit} from './forwardings.js'
import {intoPod, type Inbound} from './into-pod.js'
import {isInside, normalIp} from './ip.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'
import {lacksEndpoints, translate} from './kube-proxy.js'
import {passOn, throughKubeProxy} from './through-kube-proxy.js'

/**
 * A node of 2022 ambient as its agent sets it up: what it captures is concluded from the inventory (`assumed`),
 * not read from packet rules. A forwarder over the real rules can take its place.
 * Source: envoy-2022 C.1-C.3, H.3.
 */
export function createNodeCapture(capture: NodeCapture): Forwarder {
  return createCrossing(capture, decide)
}

function decide(crossing: Crossing): Forwarding {
  switch (crossing.arrival.ingress) {
    case 'ztunnel':
      return fromZtunnel(crossing)
    case 'workload':
      return fromWorkload(crossing)
    case 'host':
      return fromNode(crossing)
    default:
      return inbound(crossing, [])
  }
}

/**
 * envoy-2022 C.3 walk 7: to its own pods a node has the address that is exempt (HostIP). To a virtual address it has the one of the way
 * out, and what kube-proxy then sends to a captured pod was captured where that is another (recorded: `node-to-vip`, port 15006).
 */
function fromNode(crossing: Crossing): Forwarding {
  const because = ['comes from the node itself']
  return throughKubeProxy(crossing, {
    because,
    deliver: (to) =>
      to === crossing.to ? passOn({...crossing, to}, because) : intoPod({...crossing, to}, {because, inbound: exemptOrNot}),
  })
}

function exemptOrNot(crossing: Crossing): Forwarding {
  const {node} = crossing
  return undetermined(crossing, {
    what: `whether node ${node} has the address its agent exempts from capture when it dials a virtual address`,
    collect: 'ambientctl record',
  })
}

function fromZtunnel(crossing: Crossing): Forwarding {
  const {arrival, to} = crossing
  const ztunnel = crossing.directory.ztunnelOf(crossing.node)
  const own = arrival.source !== undefined && (ztunnel?.ips ?? []).includes(normalIp(arrival.source.ip))
  if (to.port === ZTUNNEL_PORTS.inboundNodeLocal) return own ? redirectInside(crossing) : redirectBroken(crossing)
  // envoy-2022 C.3 walks 2 and 3: own source gets mark 0x220, a kept one 0x210; both continue in the main table.
  return notCaptured(crossing, [own ? 'comes from the ztunnel with its own address' : 'comes from the ztunnel with a kept source address'])
}

// envoy-2022 C.3 walk 6: nat OUTPUT in the ztunnel pod turns 15088 into its own 15008; SO_ORIGINAL_DST stays podB:15088.
function redirectInside(crossing: Crossing): Forwarding {
  const socket = {ip: '127.0.0.1', port: ZTUNNEL_PORTS.inbound}
  const step = captureStep(crossing, {
    how: 'redirected inside the ztunnel pod: 15088 to 15008',
    to: socket,
    because: ['port 15088', 'source is the ztunnel'],
  })
  return {steps: [step], exits: [departExit(routed(crossing.arrival, {to: socket, originalDestination: crossing.to}))]}
}

// envoy-2022 H.3.7: with original_src the SYN reaches the socket, but its SYN-ACK has no route.
function redirectBroken(crossing: Crossing): Forwarding {
  const step = captureStep(crossing, {
    how: 'redirected inside the ztunnel pod, the answer has no route',
    because: ['port 15088', 'kept source address'],
  })
  const reason = `port 15088 works only with the ztunnel's own source address; the answer to ${formatOptional(crossing.arrival.source)} has no route`
  return {steps: [step], exits: [stopExit({verdict: {kind: 'dropped', reason}, answer: {kind: 'timeout'}})]}
}

function fromWorkload(crossing: Crossing): Forwarding {
  const {arrival, directory, enrolmentOf} = crossing
  const workload = arrival.source === undefined ? undefined : directory.podAt(arrival.source.ip)
  if (workload === undefined) return inbound(crossing, ['source is no pod of the inventory'])
  const {captured, because} = enrolmentOf(workload)
  switch (captured) {
    case 'yes':
      return outbound(crossing, because)
    case 'no':
      return inbound(crossing, [`source not captured: ${because}`])
    case 'undetermined':
      return unknownCapture(crossing, {workload, because})
    default:
      return captured satisfies never
  }
}

/** An enrolled pod connects. */
function outbound(crossing: Crossing, because: string): Forwarding {
  const {directory, node, to} = crossing
  // C.1 table 101: the ztunnel pod itself is reached over its own device, not through a tunnel.
  if (directory.ztunnelOf(node)?.ips.includes(to.ip) === true) return notCaptured(crossing, ['dials the ztunnel pod of its node'])
  const local = localAddress(crossing)
  if (local !== undefined) return undetermined(crossing, local)
  // C.3 walk 1: ipset match, mark 0x100, table 101, istioout, TPROXY 15001.
  const captured = toZtunnel(crossing, {port: ZTUNNEL_PORTS.outbound, originalDestination: to, because: [`source captured: ${because}`]})
  return lacksEndpoints(directory, to) ? orRejected(crossing, captured) : captured
}

/** envoy-2022 C.3 walk 8: HostIP is answered by the node, another local address breaks; the inventory does not tell which one HostIP is. */
function localAddress({directory, node, to}: Crossing): Missing | undefined {
  const own = directory.node(node)
  const isNode = own?.ips.some((ip) => normalIp(ip) === normalIp(to.ip)) === true
  const isUnowned = own?.podCIDRs.some((cidr) => isInside(to.ip, cidr)) === true && directory.podAt(to.ip) === undefined
  return isNode || isUnowned
    ? {what: `whether ${to.ip} is the address of node ${node} that its agent exempts from capture`, collect: COLLECT_INVENTORY}
    : undefined
}

// envoy-2022 H.3.2: kube-proxy rejects in filter FORWARD before the ztunnel sees the packet, unless an earlier rule accepts.
function orRejected(crossing: Crossing, captured: Forwarding): Forwarding {
  const translation = translate(crossing.directory, crossing.to)
  if (translation.kind !== 'end') return captured
  const group = 'forwarded packets to a service without endpoints'
  const accepted = {what: 'an earlier FORWARD rule of the node accepts the packets', group}
  const rejected = {what: 'no earlier FORWARD rule of the node accepts the packets', group}
  return {
    steps: captured.steps,
    exits: [
      ...captured.exits.map(
        (exit): Exit => ({...exit, share: multiplyShares(exit.share, oneOf(2)), requires: [accepted, ...exit.requires]}),
      ),
      stopExit(translation, {share: oneOf(2), requires: [rejected], steps: [translation.step]}),
    ],
  }
}

/** The source is not captured here: kube-proxy translates first, then routing decides about the target (C.1 rule 103, table 100). */
function inbound(crossing: Crossing, because: readonly string[]): Forwarding {
  return throughKubeProxy(crossing, {because, deliver: (to) => inboundTo({...crossing, to}, because)})
}

function notCaptured(crossing: Crossing, because: readonly string[]): Forwarding {
  return throughKubeProxy(crossing, {because, deliver: (to) => passOn({...crossing, to}, because)})
}

function inboundTo(crossing: Crossing, because: readonly string[]): Forwarding {
  return intoPod(crossing, {because, inbound: throughIstioin})
}

/** envoy-2022 C.2, C.3 walk 4: an enrolled pod of this node is reached through istioin; dport 15008 keeps its port, all else goes to 15006. */
function throughIstioin(crossing: Crossing, {because}: Parameters<Inbound>[1]): Forwarding {
  const {to} = crossing
  const port = to.port === ZTUNNEL_PORTS.inbound ? ZTUNNEL_PORTS.inbound : ZTUNNEL_PORTS.inboundPlaintext
  return toZtunnel(crossing, {port, originalDestination: to, because})
}

function toZtunnel(
  crossing: Crossing,
  {
    port,
    originalDestination,
    because,
  }: {
    readonly port: number
    readonly originalDestination: SocketAddress
    readonly because: readonly string[]
  },
): Forwarding {
  const socket = {ip: crossing.directory.ztunnelOf(crossing.node)?.ips[0] ?? '127.0.0.1', port}
  const step = captureStep(crossing, {how: `into the ztunnel of the node, port ${port}`, to: socket, because})
  return {steps: [step], exits: [departExit(routed(crossing.arrival, {to: socket, originalDestination}), {share: WHOLE})]}
}
