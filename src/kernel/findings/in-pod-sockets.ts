import type {NetworkNamespace} from '../config/namespace.js'
import {listeningSocket} from '../walk/sockets.js'
import {finding, type CaptureFinding} from './finding.js'
import {ZTUNNEL_DNS, ZTUNNEL_OUTBOUND} from './in-pod-variant.js'
import type {Variant} from './in-pod-expected.js'
import {podAddress} from './addresses.js'

interface Expected {
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
  /** REDIRECT of what the pod sends goes to its loopback address, of what comes in to its own one. */
  readonly on: 'loopback' | 'pod'
  readonly what: string
}

const OUTBOUND: Expected = {port: ZTUNNEL_OUTBOUND, protocol: 'tcp', on: 'loopback', what: 'connections of the app are refused'}
const HBONE: Expected = {port: 15_008, protocol: 'tcp', on: 'pod', what: 'HBONE from other pods is refused'}
const PLAINTEXT: Expected = {port: 15_006, protocol: 'tcp', on: 'pod', what: 'plaintext from outside is refused'}
const DNS: readonly Expected[] = (['udp', 'tcp'] as const).map((protocol) => ({
  port: ZTUNNEL_DNS,
  protocol,
  on: 'loopback',
  what: `DNS over ${protocol.toUpperCase()} is not answered`,
}))

/** ambient-ga 0.1, E: rules lead to sockets that ztunnel holds in the pod. Nothing is said where nobody recorded sockets. */
export function socketFindings(pod: NetworkNamespace, {family, inbound, dns}: Variant): readonly CaptureFinding[] {
  const own = podAddress(pod, family)
  if (pod.answersAll === true || own === undefined) return []
  const loopback = family === 4 ? '127.0.0.1' : '::1'
  const expected = [
    OUTBOUND,
    HBONE,
    ...(inbound === 'none' ? [] : [PLAINTEXT]),
    ...(dns === 'none' ? [] : DNS.slice(0, dns === 'early' ? 1 : 2)),
  ]
  const missing = expected.filter(
    ({port, protocol, on}) => listeningSocket(pod, {protocol, to: {ip: on === 'pod' ? own : loopback, port}}) === undefined,
  )
  if (missing.length === expected.length) {
    const what = `IPv${family}: no socket of ztunnel is in the pod, though its rules lead to them: captured connections are refused`
    return [finding(pod.name, {kind: 'no-listener', what})]
  }
  return missing.map(({port, protocol, what}) =>
    finding(pod.name, {kind: 'no-listener', what: `IPv${family}: nobody listens on ${protocol} port ${port}: ${what}`}),
  )
}
