import type {SocketAddress} from '../../flow/address.js'

/** What policies see of a connection: the destination is the pod with the final port (ambient-ga C.3). */
export interface AuthorizedConnection {
  readonly source: SocketAddress
  readonly destination: SocketAddress
  /** SPIFFE identity of the TLS peer; absent for plaintext. */
  readonly identity?: string
}

/** The parts of `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`; undefined when it is no such identity. */
export function parseIdentity(
  identity: string,
): {readonly trustDomain: string; readonly namespace: string; readonly serviceAccount: string} | undefined {
  const parts = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity)
  const [, trustDomain, namespace, serviceAccount] = parts ?? []
  if (trustDomain === undefined || namespace === undefined || serviceAccount === undefined) return undefined
  return {trustDomain, namespace, serviceAccount}
}
