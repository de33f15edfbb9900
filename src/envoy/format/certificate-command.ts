import type {PeerCertificate} from '../../flow/connection.js'
import type {FormatContext} from './context.js'
import {MISSING, textOr, UNKNOWN, type CommandValue} from './value.js'

const PEER_FIELDS: ReadonlyMap<string, (peer: PeerCertificate) => string | undefined> = new Map([
  ['DOWNSTREAM_PEER_URI_SAN', (peer: PeerCertificate) => join(peer.uriSans)],
  ['DOWNSTREAM_PEER_DNS_SAN', (peer: PeerCertificate) => join(peer.dnsSans)],
  ['DOWNSTREAM_PEER_SUBJECT', (peer: PeerCertificate) => peer.subject],
])

/** Commands that read a certificate of the downstream connection. All are missing on a connection without TLS. */
export function certificateCommand(name: string, {connection}: FormatContext): CommandValue | undefined {
  if (!/^DOWNSTREAM_(PEER|LOCAL|TLS)_/.test(name)) return undefined
  if (connection.tls === undefined) return MISSING
  if (name.startsWith('DOWNSTREAM_PEER_') && connection.tls.peer === undefined) return MISSING
  const field = PEER_FIELDS.get(name)
  // Names of the proxy's own certificate, fingerprints and dates are not in the data.
  return field === undefined || connection.tls.peer === undefined ? UNKNOWN : textOr(field(connection.tls.peer))
}

function join(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(',')
}
