import {canonicalIp, familyOf} from './ip.js'
import type {Listener} from './model.js'
import {badLine, linesOf, type SourceLine, type SourceText} from './source-text.js'

/**
 * Reads `ss -lntu` (with or without heading and options). ss tells neither SO_MARK nor IP_TRANSPARENT: both are off here.
 * @throws InputError with the line that is no socket
 */
export function readListeners(source: SourceText): readonly Listener[] {
  const lines = linesOf(source).filter(({text}) => !/^(Netid|State)\s/.test(text))
  const listeners = lines.flatMap((line) => listenerOf(line) ?? [])
  return listeners.map((listener) => ({...listener, dual: listener.dual && !hasTwin(listener, listeners)}))
}

const SOCKET = /^(tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s/

function listenerOf(line: SourceLine): Listener | undefined {
  if (!/^(tcp|udp)\s/.test(line.text)) return undefined
  const [, protocol, address = '', port] = SOCKET.exec(`${line.text} `) ?? []
  if (port === undefined) throw badLine(line, {what: 'A socket of ss is unreadable', expected: '"tcp LISTEN <n> <n> <ip>:<port> …"'})
  const ip = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const dual = ip === '*' || ip === '::'
  return {
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    family: dual ? 6 : familyOf(ip),
    ...(dual || ip === '0.0.0.0' ? {} : {ip: canonicalIp(ip)}),
    port: Number(port),
    dual,
    mark: 0,
    transparent: false,
    place: {file: line.file, line: line.line},
  }
}

/** With its own IPv4 socket beside it, a `[::]` socket can only be v6only. */
function hasTwin(listener: Listener, all: readonly Listener[]): boolean {
  return all.some(
    (other) => other.family === 4 && other.port === listener.port && other.protocol === listener.protocol && other.ip === undefined,
  )
}
