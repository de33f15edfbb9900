import {isIPv4} from 'node:net'
import ipaddr from 'ipaddr.js'
import type {SocketAddress} from '../../src/flow/address.js'

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** A PROXY protocol version 2 header that claims these addresses; both are of one family. */
export function proxyHeader({source, destination}: {source: SocketAddress; destination: SocketAddress}): Buffer {
  const addresses = Buffer.concat([ipBytes(source.ip), ipBytes(destination.ip), uint16(source.port), uint16(destination.port)])
  return Buffer.concat([SIGNATURE, Buffer.from([0x21, isIPv4(source.ip) ? 0x11 : 0x21]), uint16(addresses.length), addresses])
}

function ipBytes(ip: string): Buffer {
  return Buffer.from(ipaddr.parse(ip).toByteArray())
}

/** A TLS 1.2 ClientHello with these names; nobody is going to finish the handshake. */
export function clientHello({sni, alpn}: {sni?: string | undefined; alpn: readonly string[]}): Buffer {
  const extensions = [...(sni === undefined ? [] : [serverName(sni)]), ...(alpn.length === 0 ? [] : [protocols(alpn)])]
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    withLength16(Buffer.from([0x13, 0x01, 0xc0, 0x2f])),
    Buffer.from([1, 0]),
    withLength16(Buffer.concat(extensions)),
  ])
  const handshake = Buffer.concat([Buffer.from([1, 0]), withLength16(body)])
  return Buffer.concat([Buffer.from([22, 3, 1]), withLength16(handshake)])
}

function serverName(name: string): Buffer {
  const entry = Buffer.concat([Buffer.from([0]), withLength16(Buffer.from(name, 'latin1'))])
  return Buffer.concat([uint16(0), withLength16(withLength16(entry))])
}

function protocols(names: readonly string[]): Buffer {
  const list = names.map((name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1')]))
  return Buffer.concat([uint16(16), withLength16(withLength16(Buffer.concat(list)))])
}

function withLength16(bytes: Buffer): Buffer {
  return Buffer.concat([uint16(bytes.length), bytes])
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}
