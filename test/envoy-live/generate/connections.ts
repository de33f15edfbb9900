import fc from 'fast-check'
import type {SocketAddress} from '../../../src/flow/address.js'
import type {Probe, Request, Sent} from '../probe.js'
import {request} from './http-request.js'
import {claimed, dialsFrom, protocols, serverName} from './words.js'

const hello: fc.Arbitrary<Sent> = fc.record({
  kind: fc.constant('hello' as const),
  sni: fc.option(serverName, {nil: undefined}),
  alpn: protocols,
})

const plainRequest: fc.Arbitrary<Sent> = fc.record({
  kind: fc.constant('http' as const),
  version: fc.constant('h1' as const),
  request: fc.constant({method: 'GET', authority: 'a.test', path: '/', headers: []}),
})

/** What listeners without a connection manager meet. */
const bytes: fc.Arbitrary<Sent> = fc.oneof(
  {weight: 3, arbitrary: fc.constant<Sent>({kind: 'opaque'})},
  {weight: 3, arbitrary: hello},
  {weight: 1, arbitrary: plainRequest},
)

/** Connections whose addresses are forged. */
export function forgedConnections(repeat = 1): fc.Arbitrary<readonly Probe[]> {
  const probe = fc.record({claimed, from: dialsFrom, sends: bytes, repeat: fc.constant(repeat)})
  return fc.array(probe, {minLength: 1, maxLength: 12, size: 'max'})
}

/** These requests, over the connection's real addresses. */
export function plainRequests(
  requests: fc.Arbitrary<Request>,
  {most = 8, repeat = 1}: {most?: number; repeat?: number} = {},
): fc.Arbitrary<readonly Probe[]> {
  const sends: fc.Arbitrary<Sent> = fc.record({
    kind: fc.constant('http' as const),
    version: fc.constantFrom('h1' as const, 'h1' as const, 'h2' as const),
    request: requests,
  })
  const probe = fc.record({from: fc.constant('127.0.0.1'), sends, repeat: fc.constant(repeat)})
  return fc.array(probe, {minLength: 1, maxLength: most, size: 'max'})
}

/** Requests over forged addresses; repeated ones show the shares of random choices. */
export function forgedRequests(repeat = 1): fc.Arbitrary<readonly Probe[]> {
  const sends: fc.Arbitrary<Sent> = fc.record({
    kind: fc.constant('http' as const),
    version: fc.constantFrom('h1' as const, 'h1' as const, 'h2' as const),
    request,
  })
  const probe = fc.record({claimed, from: dialsFrom, sends, repeat: fc.constant(repeat)})
  return fc.array(probe, {minLength: 1, maxLength: 16, size: 'max'})
}

/** An edge proxy tells its own address for a loopback peer, and no dump knows that one. */
export function fromElsewhere(probes: readonly Probe[]): readonly Probe[] {
  return probes.map((probe) =>
    probe.claimed === undefined ? probe : {...probe, claimed: {...probe.claimed, source: elsewhere(probe.claimed.source)}},
  )
}

function elsewhere(source: SocketAddress): SocketAddress {
  return {...source, ip: source.ip === '127.0.0.1' ? '10.1.1.2' : source.ip === '::1' ? 'fd00::a' : source.ip}
}
