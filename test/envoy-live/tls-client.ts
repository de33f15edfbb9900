import type {Socket} from 'node:net'
import {Duplex} from 'node:stream'
import {connect, type TLSSocket} from 'node:tls'

/** A TLS client over a connection that is there already. */
export interface TlsClient {
  readonly inside: TLSSocket
  /** What somebody says who speaks no TLS: a whole line of an upstream, or the beginning of anything else. Never comes from others. */
  readonly unencrypted: Promise<string>
}

export function tlsOver(socket: Socket, {sni, alpn}: {readonly sni?: string | undefined; readonly alpn: readonly string[]}): TlsClient {
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _, done) => {
      socket.write(chunk)
      done()
    },
    final: (done) => {
      socket.end()
      done()
    },
  })
  const unencrypted = tapped(socket, wire)
  const inside = connect({
    socket: wire,
    rejectUnauthorized: false,
    ...(sni === undefined ? {} : {servername: sni}),
    ...(alpn.length === 0 ? {} : {ALPNProtocols: [...alpn]}),
  })
  return {inside, unencrypted}
}

/** Kinds of TLS records: change of cipher, alert, handshake, data. */
const RECORDS: readonly number[] = [20, 21, 22, 23]

/** Hands on what comes, unless it is no TLS. */
function tapped(socket: Socket, wire: Duplex): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const isTls = (): boolean => text === '' || RECORDS.includes(text.charCodeAt(0))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (isTls()) wire.push(chunk)
      else if (!text.startsWith('{') || text.endsWith('\n')) resolve(text)
    })
    socket.on('close', () => isTls() && wire.push(null))
  })
}
