import {parseIdentity} from '../authorization/connection.js'
import type {Workload} from '../config/model.js'
import type {InboundRejected} from './outcome.js'
import {rejected} from './rejection.js'

/** Client certificates of another trust domain end in the handshake: there are no aliases (ambient-ga C.1). */
export function checkPeer(workload: Workload, identity: string): InboundRejected | undefined {
  const peer = parseIdentity(identity)
  if (peer?.trustDomain === workload.trustDomain) return undefined
  const names =
    peer === undefined
      ? ''
      : `Spiffe { trust_domain: ${quote(peer.trustDomain)}, namespace: ${quote(peer.namespace)}, service_account: ${quote(peer.serviceAccount)} }`
  const reason = `InvalidCertificate(Other(OtherError(SanTrustDomainError(${quote(workload.trustDomain)}, [${names}]))))`
  const error = `tls handshake error: Custom { kind: InvalidData, error: ${reason} }`
  return rejected(error, {
    verdict: {
      kind: 'tls-failure',
      reason: `the client is of another trust domain than ${workload.trustDomain}`,
      expected: [`spiffe://${workload.trustDomain}/…`],
      presented: [identity],
    },
  })
}

function quote(text: string): string {
  return JSON.stringify(text)
}
