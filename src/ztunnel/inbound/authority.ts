import {isIP} from 'node:net'
import type {SocketAddress} from '../../flow/address.js'
import {canonicalIp} from '../config/ip.js'

/** What a CONNECT asks for: an address, or a service by its host (from 1.26; ambient-ga C.1). */
export type Authority = ({readonly kind: 'address'} & SocketAddress) | {readonly kind: 'host'; readonly host: string; readonly port: number}

/** Reads `ip:port`, `[ip]:port` or `host:port`. */
export function parseAuthority(text: string): Authority | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) return undefined
  if (isIP(host) !== 0) return {kind: 'address', ip: canonicalIp(host), port}
  return match?.[1] === undefined ? {kind: 'host', host, port} : undefined
}
