import fc from 'fast-check'
import type {SocketAddress} from '../../../src/flow/address.js'

/** Few words, so that what a configuration asks for and what a connection brings meet often, and almost meet often too. */
const IPV4 = ['10.1.1.1', '10.1.1.2', '10.1.2.1', '10.2.0.1', '192.168.0.1', '127.0.0.1', '127.0.0.5'] as const
const IPV6 = ['2001:db8::1', '2001:db8::1:0', 'fd00::a', '::1'] as const
const PORTS = [80, 443, 8080, 9080, 15_008] as const
export const SOURCE_PORT_LIST = [1000, 1001, 33_000] as const
const SERVER_NAMES = [
  'a.example.com',
  'b.example.com',
  'x.a.example.com',
  'example.com',
  'other.org',
  'A.Example.COM',
  'outbound_.80_._.a.svc',
] as const
const PROTOCOLS = ['h2', 'http/1.1', 'istio', 'istio-http/1.1'] as const
const RANGES = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.1.0/24',
  '10.1.1.1/32',
  '10.1.0.0/23',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '2001:db8::/32',
  '2001:db8::1/128',
  'fd00::/8',
] as const
const ALL_ADDRESSES = ['0.0.0.0/0', '::/0'] as const

export const ip = fc.oneof({weight: 5, arbitrary: fc.constantFrom(...IPV4)}, {weight: 2, arbitrary: fc.constantFrom(...IPV6)})
export const port = fc.constantFrom(...PORTS)
export const sourcePort = fc.constantFrom(...SOURCE_PORT_LIST)
export const serverName = fc.constantFrom(...SERVER_NAMES)
export const protocols = fc.oneof(
  {weight: 2, arbitrary: fc.constant([])},
  {weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...PROTOCOLS), {minLength: 1, maxLength: 3})},
)
export const protocol = fc.constantFrom(...PROTOCOLS, 'http/1.1', 'h2c', 'http/1.0')

export interface Range {
  readonly address_prefix: string
  readonly prefix_len: number
}

/** A CidrRange; the one of all addresses is rare, because with it filter chains fall into places that Envoy leaves to chance. */
export const range: fc.Arbitrary<Range> = fc
  .oneof({weight: 30, arbitrary: fc.constantFrom(...RANGES)}, {weight: 1, arbitrary: fc.constantFrom(...ALL_ADDRESSES)})
  .map((text) => {
    const [prefix = '', length = '0'] = text.split('/')
    return {address_prefix: prefix, prefix_len: Number(length)}
  })

/** Source and destination of a PROXY header, both of one family. */
export const claimed: fc.Arbitrary<{source: SocketAddress; destination: SocketAddress}> = fc.boolean().chain((v6) => {
  const address = v6 ? fc.constantFrom(...IPV6) : fc.constantFrom(...IPV4)
  return fc.record({source: fc.record({ip: address, port: sourcePort}), destination: fc.record({ip: address, port})})
})

/** Loopback addresses a client dials from; only the first is local to Envoy. */
export const dialsFrom = fc.constantFrom('127.0.0.1', '127.0.0.1', '127.0.0.5', '127.1.2.3')

/** A key of a prefix map that a text starts with. */
export function prefixOf(text: string): fc.Arbitrary<string> {
  return fc.integer({min: 0, max: text.length}).map((length) => text.slice(0, length))
}
