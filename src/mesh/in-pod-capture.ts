import {isIPv6} from 'node:net'
import type {SocketAddress} from '../flow/address.js'
import type {Forwarder, Forwarding} from '../flow/forwarder.js'
import {PROBE_SOURCE} from '../flow/probe-source.js'
import {captureStep, createCrossing, undetermined, unknownCapture, type Crossing, type NodeCapture} from './crossing.js'
import type {Enrolment, Workload} from './directory.js'
import {departExit, routed} from './forwardings.js'
import {intoPod, type Inbound} from './into-pod.js'
import {ANSWER_OF_DNS} from './recorded-capture-end.js'
import {passOn, throughKubeProxy} from './through-kube-proxy.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'

/**
 * A node of GA ambient: packet rules inside each captured pod lead to the sockets that ztunnel holds there.
 * Which pods are captured, ztunnel itself tells; the rules are those its node agent writes by default (`assumed`).
 * Source: ambient-ga E, H.
 */
export function createInPodCapture(capture: NodeCapture): Forwarder {
  return createCrossing(capture, decide)
}

function decide(crossing: Crossing): Forwarding {
  switch (crossing.arrival.ingress) {
    // ambient-ga E, nat OUTPUT: what carries ztunnel's own mark is not captured again; the mark ends with the pod's network namespace.
    case 'ztunnel':
      return untaken(crossing, ["carries ztunnel's own mark"])
    case 'workload':
      return fromWorkload(crossing)
    case 'host':
      return fromHost(crossing)
    default:
      return intoTarget(crossing, [])
  }
}

function fromWorkload(crossing: Crossing): Forwarding {
  const {arrival, directory, enrolmentOf} = crossing
  const workload = arrival.source === undefined ? undefined : directory.podAt(arrival.source.ip)
  if (workload === undefined) return untaken(crossing, ['source is no pod of the inventory'])
  const {captured, because, ...known} = enrolmentOf(workload)
  switch (captured) {
    case 'yes':
      return outbound(crossing, {captured, because, ...known})
    case 'no':
      return untaken(crossing, [`source not captured: ${because}`])
    case 'undetermined':
      return unknownCapture(crossing, {workload, because})
    default:
      return captured satisfies never
  }
}

const DNS_PORT = 53
const OPEN_DNS = "whether DNS over TCP goes to ztunnel's DNS proxy (dnsCapture of istio-cni)"

/** ambient-ga E, nat OUTPUT: redirect to 15001 of the pod itself, before the node sees anything. */
function outbound(crossing: Crossing, {because, evidence, capturesDns}: Enrolment): Forwarding {
  const {arrival, to} = crossing
  // ambient-ga E: with DNS capture, which the node agent is set to unless the pod says it, TCP 53 goes to 15053.
  if (to.port === DNS_PORT && capturesDns !== false) return undetermined(crossing, {what: capturesDns === true ? ANSWER_OF_DNS : OPEN_DNS})
  const pod = arrival.source?.ip ?? to.ip
  return toZtunnel(crossing, {
    socket: {ip: pod, port: ZTUNNEL_PORTS.outbound},
    how: 'redirected inside the pod',
    because: [`source captured: ${because}`],
    evidence,
  })
}

/** ambient-ga E, H.4: every process of a node reaches its pods as a kubelet probe does, past ztunnel. */
function fromHost(crossing: Crossing): Forwarding {
  const because = ['comes from the node itself']
  return throughKubeProxy(crossing, {
    because,
    deliver: (to) => {
      const target = crossing.directory.podAt(to.ip)
      return target?.node === crossing.node ? asProbe({...crossing, to}, {target, because}) : intoTarget({...crossing, to}, because)
    },
  })
}

/** ambient-ga E: captured pods know such connections by the address that the node gives them. */
function asProbe(crossing: Crossing, {target, because}: {readonly target: Workload; readonly because: readonly string[]}): Forwarding {
  const {arrival, enrolmentOf, to} = crossing
  if (enrolmentOf(target).captured !== 'yes') return passOn(crossing, because)
  const ip = isIPv6(to.ip) ? PROBE_SOURCE.v6 : PROBE_SOURCE.v4
  return passOn({...crossing, arrival: {...arrival, source: {ip, port: 0}}}, [...because, `the node gives it the address of probes, ${ip}`])
}

function untaken(crossing: Crossing, because: readonly string[]): Forwarding {
  return throughKubeProxy(crossing, {because, deliver: (to) => intoTarget({...crossing, to}, because)})
}

function intoTarget(crossing: Crossing, because: readonly string[]): Forwarding {
  return intoPod(crossing, {because, inbound})
}

/** ambient-ga E, nat PREROUTING of the target pod: HBONE reaches ztunnel's socket as it is, all else is redirected to 15006. */
function inbound(crossing: Crossing, {enrolment: {evidence, outboundOnly}, because}: Parameters<Inbound>[1]): Forwarding {
  const {to} = crossing
  if (to.port === ZTUNNEL_PORTS.inbound) {
    return toZtunnel(crossing, {socket: to, how: "ztunnel's HBONE socket in the pod", because, evidence})
  }
  if (outboundOnly === true) return passOn(crossing, [...because, 'annotation ambient.istio.io/bypass-inbound-capture'])
  const socket = {ip: to.ip, port: ZTUNNEL_PORTS.inboundPlaintext}
  return toZtunnel(crossing, {socket, how: 'redirected inside the pod', because, evidence})
}

interface Redirection {
  readonly socket: SocketAddress
  readonly how: string
  readonly because: readonly string[]
  readonly evidence: Enrolment['evidence']
}

function toZtunnel(crossing: Crossing, {socket, how, because, evidence}: Redirection): Forwarding {
  return {
    steps: [captureStep(crossing, {how: `${how} to port ${socket.port}`, to: socket, because, evidence})],
    exits: [departExit(routed(crossing.arrival, {to: socket, originalDestination: crossing.to}))],
  }
}
