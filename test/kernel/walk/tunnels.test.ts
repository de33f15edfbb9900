import {describe, expect, test} from 'vitest'
import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {walkAttempt} from '../../../src/kernel/walk/connect.js'
import {formatPacket} from '../../../src/kernel/walk/packet.js'
import {smallNamespace} from '../small-namespace.js'

interface Tunnelled {
  readonly what: string
  /** Where the far end expects the tunnel to come from. */
  readonly remote: string
  readonly iptables?: string
  readonly mark?: number
  readonly result: string
  /** The outer packet of the SYN, with its mark in OUTPUT. */
  readonly outer?: string
}

/** No kernel of these tests has geneve: drivers/net/geneve.c (geneve_xmit_skb, geneve_lookup) and the recordings of 2022 with vxlan on its port. */
const CASES: readonly Tunnelled[] = [
  {what: 'both ends know each other', remote: '10.0.0.2', result: 'connected', outer: 'tunnel-udp6081 10.0.0.2:0 > 10.0.0.9:6081 mark 0x0'},
  {
    what: 'the outer packet has the mark',
    remote: '10.0.0.2',
    mark: 0x100,
    result: 'connected',
    outer: 'tunnel-udp6081 10.0.0.2:0 > 10.0.0.9:6081 mark 0x100',
  },
  {what: 'the far end expects somebody else', remote: '10.0.0.77', result: 'EHOSTUNREACH'},
  {
    what: 'the outer packet comes from another address',
    remote: '10.0.0.2',
    iptables: '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -p udp -m udp --dport 6081 -j SNAT --to-source 10.0.0.3\nCOMMIT',
    result: 'timeout',
  },
]

test('vxlan whose remote address is a local one hands over what it wraps, and nobody takes it', () => {
  const here = smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24 7 there', 'tun0 3 10.9.0.1/30 vxlan 10.0.0.9'],
    rules: '0: from all lookup local\n10: from all ipproto udp lookup 7\n32766: from all lookup main',
    routes: 'local 10.0.0.0/24 dev lo table 7',
    iptables: '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i tun0 -p tcp -j ACCEPT\nCOMMIT',
  })
  const there = smallNamespace({name: 'there', links: ['eth0 7 10.0.0.9/24 2 here', 'tun0 3 10.9.0.2/30 vxlan 10.0.0.2'], listens: [80]})
  const [branch] =
    walkAttempt(joinNamespaces([here, there]), {
      namespace: 'here',
      protocol: 'tcp',
      sourcePort: 40_000,
      destination: {ip: '10.9.0.2', port: 80},
      mark: 0,
      transparent: false,
    }) ?? []
  expect(branch?.outcome.passes.map(({start, ended}) => [start.hook, start.device, ended])).toEqual([
    ['OUTPUT', 'tun0', undefined],
    ['PREROUTING', 'tun0', 'tunnel tun0 leads back into here'],
  ])
  expect(branch?.outcome.result).toBe('timeout')
})

describe('geneve', () => {
  test.each(CASES)('$what', ({remote, iptables, mark = 0, result, outer}) => {
    const here = smallNamespace({
      name: 'here',
      links: ['eth0 2 10.0.0.2/24,10.0.0.3/24 7 there', 'tun0 3 10.9.0.1/30 tunnel 10.0.0.9'],
      ...(iptables === undefined ? {} : {iptables}),
    })
    const there = smallNamespace({
      name: 'there',
      links: ['eth0 7 10.0.0.9/24 2 here', `tun0 3 10.9.0.2/30 tunnel ${remote}`],
      listens: [80],
    })
    const [branch] =
      walkAttempt(joinNamespaces([here, there]), {
        namespace: 'here',
        protocol: 'tcp',
        sourcePort: 40_000,
        destination: {ip: '10.9.0.2', port: 80},
        mark,
        transparent: false,
      }) ?? []
    expect(branch?.outcome.result).toBe(result)
    const wrapped = branch?.outcome.passes.find(({packet}) => packet.kind.kind === 'tunnelled')
    if (outer !== undefined) expect(`${wrapped && formatPacket(wrapped.packet)} mark 0x${wrapped?.start.mark.toString(16)}`).toBe(outer)
  })
})
