import {describe, expect, test} from 'vitest'
import {networkWithOutside} from '../../../src/kernel/config/outside.js'
import {endOf} from '../../../src/kernel/end.js'
import {walkAttempt, type Attempt} from '../../../src/kernel/walk/connect.js'
import {recordedNamespaces} from '../capture-states.js'

/**
 * The nftables mode of istio-cni (ambient-ga E), as nft lists the rules of an enrolled pod and of its node. They must do what the rules of
 * iptables do, whose walks were recorded with real packets (`in-pod`).
 */
const NFT = networkWithOutside(recordedNamespaces('in-pod-nft'))
const IPTABLES = networkWithOutside(recordedNamespaces('in-pod'))

const POD = 'bookinfo/reviews-v1'
const KUBELET = {user: 0, group: 0}
const ADDRESSES = {
  4: {own: '10.244.3.7', far: '203.0.113.50', dns: '10.96.0.10', vip: '10.96.12.34', loopback: '127.0.0.1'},
  6: {own: 'fd00:10:244:3::7', far: 'fd00:203:0:113::50', dns: 'fd00:10:96::a', vip: 'fd00:10:96::1234', loopback: '::1'},
} as const

type Addresses = (typeof ADDRESSES)[4 | 6]

interface Walk {
  readonly what: string
  readonly attempt: (addresses: Addresses) => Partial<Attempt> & Pick<Attempt, 'destination'>
  readonly end: (addresses: Addresses) => string
}

const at = (ip: string, port: number): {readonly ip: string; readonly port: number} => ({ip, port})
const accepted = (port: number): string => `accepted by port ${port} of ${POD}`
const bracketed = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip)
const dialled = (ip: string, port: number): string => `original destination ${bracketed(ip)}:${port}`

const WALKS: readonly Walk[] = [
  {
    what: 'the app calls out',
    attempt: ({vip}) => ({destination: at(vip, 80)}),
    end: ({vip}) => `captured connected ${accepted(15_001)}, ${dialled(vip, 80)}`,
  },
  {
    what: 'ztunnel calls out with its mark',
    attempt: ({far}) => ({destination: at(far, 9080), mark: 0x539}),
    end: ({far}) => `left connected goes to ${bracketed(far)}:9080`,
  },
  {
    what: 'the app calls itself by its address',
    attempt: ({own}) => ({destination: at(own, 9080)}),
    end: () => `delivered connected ${accepted(9080)}`,
  },
  {
    what: 'the app calls ztunnel on the loopback',
    attempt: ({loopback}) => ({destination: at(loopback, 15_001)}),
    end: () => `delivered connected ${accepted(15_001)}`,
  },
  {
    what: 'plaintext comes in',
    attempt: ({own, far}) => ({namespace: 'node', source: far, inDevice: 'eth0', destination: at(own, 9080)}),
    end: ({own}) => `captured connected ${accepted(15_006)}, ${dialled(own, 9080)}`,
  },
  {
    what: 'HBONE comes in',
    attempt: ({own, far}) => ({namespace: 'node', source: far, inDevice: 'eth0', destination: at(own, 15_008)}),
    end: () => `delivered connected ${accepted(15_008)}`,
  },
  {
    what: 'a port of ztunnel is called from outside',
    attempt: ({own, far}) => ({namespace: 'node', source: far, inDevice: 'eth0', destination: at(own, 15_001)}),
    end: ({own}) => `captured connected ${accepted(15_006)}, ${dialled(own, 15_001)}`,
  },
  {
    what: 'the kubelet probes',
    attempt: ({own}) => ({namespace: 'node', destination: at(own, 9080), owner: KUBELET}),
    end: () => `delivered connected ${accepted(9080)}`,
  },
  {
    what: 'DNS over UDP',
    attempt: ({dns}) => ({protocol: 'udp', destination: at(dns, 53)}),
    end: () => `captured ok ${accepted(15_053)}`,
  },
  {
    what: 'DNS over TCP',
    attempt: ({dns}) => ({destination: at(dns, 53)}),
    end: ({dns}) => `captured connected ${accepted(15_053)}, ${dialled(dns, 53)}`,
  },
  {
    what: 'DNS over TCP to itself is captured too (ambient-ga H.1)',
    attempt: ({own}) => ({destination: at(own, 53)}),
    end: ({own}) => `captured connected ${accepted(15_053)}, ${dialled(own, 53)}`,
  },
  {
    what: 'ztunnel asks DNS itself',
    attempt: ({dns}) => ({protocol: 'udp', destination: at(dns, 53), mark: 0x539}),
    end: ({dns}) => `left ok goes to ${bracketed(dns)}:53`,
  },
  {what: 'a ping', attempt: ({far}) => ({protocol: 'icmp', destination: at(far, 0)}), end: () => 'delivered ok it is answered'},
]

describe.each([4, 6] as const)('nftables mode, IPv%i', (family) => {
  const addresses = ADDRESSES[family]

  test.each(WALKS)('$what', ({attempt, end}) => {
    expect(ends(NFT, attempt(addresses))).toEqual([expect.stringContaining(end(addresses))])
  })

  test.each(WALKS)('$what: iptables does the same', ({attempt}) => {
    expect(ends(NFT, attempt(addresses))).toEqual(ends(IPTABLES, attempt(addresses)))
  })

  test.each([
    {what: 'the mark of captured answers', mark: 0x111},
    {what: 'a mark of the app', mark: 0x40},
  ])('$what: iptables does the same', ({mark}) => {
    const attempt = {destination: at(addresses.vip, 80), mark}
    expect(ends(NFT, attempt)).toEqual(ends(IPTABLES, attempt))
  })
})

function ends(network: typeof NFT, attempt: Partial<Attempt> & Pick<Attempt, 'destination'>): readonly string[] {
  const asked: Attempt = {namespace: POD, protocol: 'tcp', sourcePort: 40_000, mark: 0, transparent: false, ...attempt}
  return (walkAttempt(network, asked) ?? []).map(({outcome}) => {
    const {kind, reason} = endOf(outcome, {network, attempt: asked})
    return `${kind} ${outcome.result} ${reason}`
  })
}
