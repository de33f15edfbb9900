import type {View} from '../../json/view.js'
import type {Connection} from '../connection.js'
import type {Opened} from './stream.js'

interface Refusal {
  readonly status: number
  /** Of the access log. */
  readonly details: string
  readonly reason: string
}

/** What is answered before there is any routing; HTTP/1.0 must be allowed (conn_manager_impl.cc decodeHeaders, seen on Envoy 1.40.0). */
export function refusalOf(
  {manager, connection: {payload}}: {readonly manager: View; readonly connection: Pick<Connection, 'payload'>},
  opened: Opened,
): Refusal | undefined {
  if (opened.kind === 'rejected') {
    const reason = 'original IP detection wants an address that the request does not bring'
    return {status: opened.status, details: 'rejecting_because_detection_failed', reason}
  }
  const old = payload.kind === 'http' && payload.http10 === true
  return old && manager.get('http_protocol_options')?.bool('accept_http_10') !== true
    ? {status: 426, details: 'low_version', reason: 'the connection manager accepts no HTTP/1.0'}
    : undefined
}
