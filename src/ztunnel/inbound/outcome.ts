import type {SocketAddress} from '../../flow/address.js'
import type {Missing, Verdict} from '../../flow/verdict.js'
import type {ApplicationTunnel, Service, Workload} from '../config/model.js'

/** A connection that reached a captured pod. */
export interface InboundConnection {
  /** The pod that owns the network namespace. */
  readonly pod: {readonly name: string; readonly namespace: string; readonly serviceAccount: string}
  /** The TCP peer. */
  readonly source: SocketAddress
  /** SPIFFE identity of the client certificate; absent for plaintext. */
  readonly identity?: string
  /** Where the connection went: the pod at 15008, or the original destination of a plaintext connection. */
  readonly local: SocketAddress
  /** The CONNECT of an HBONE connection, with the host of its `forwarded` header; absent for plaintext. */
  readonly connect?: {readonly method: string; readonly authority: string; readonly forwardedHost?: string; readonly baggage?: Baggage}
}

/** What a client's ztunnel says of its workload; it decides nothing but the log (ambient-ga B.7). */
export interface Baggage {
  readonly workloadName: string
  readonly namespace: string
}

export type InboundOutcome = InboundAllowed | InboundDenied | InboundRejected | InboundUnknown

/** Where an accepted connection goes. */
export interface InboundTarget {
  readonly workload: Workload
  /** The pod with its final port; always the local pod, whatever the authority says (ambient-ga C.1). */
  readonly upstream: SocketAddress
  /** How the pod gets it; `target` is the destination in the PROXY header. */
  readonly tunnel?: ApplicationTunnel & {readonly target: SocketAddress}
  /** PROXY tunnels may go through the loopback device. */
  readonly throughLoopback: boolean
  /** The service a hostname authority named. */
  readonly service?: Service
}

export interface InboundAllowed {
  readonly kind: 'allowed'
  readonly target: InboundTarget
}

/** A policy said no, after the request was found to be in order. */
export interface InboundDenied {
  readonly kind: 'denied'
  readonly target: InboundTarget
  readonly error: string
  readonly policy?: string
  /** Only an HBONE client gets an answer. */
  readonly status?: number
}

/** The request itself is refused. */
export interface InboundRejected {
  readonly kind: 'rejected'
  readonly error: string
  readonly status?: number
  readonly verdict: Verdict
}

export interface InboundUnknown {
  readonly kind: 'unknown'
  readonly missing: Missing
}
