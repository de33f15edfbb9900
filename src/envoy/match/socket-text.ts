import {parseSocket, type SocketAddress} from '../../flow/address.js'
import {canonicalIp} from './ip.js'

/** `ip:port` as Envoy's parseInternetAddressAndPort takes it: an IP literal, IPv6 in brackets, and a port. */
export function readSocketText(text: string): SocketAddress | undefined {
  const socket = parseSocket(text)
  const ip = socket === undefined ? undefined : canonicalIp(socket.ip)
  if (socket === undefined || ip === undefined) return undefined
  return ip.includes(':') === text.startsWith('[') ? {ip, port: socket.port} : undefined
}
