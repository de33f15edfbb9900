import {expect, test} from 'vitest'
import {smallNamespace} from '../small-namespace.js'
import {walkSmall} from '../small-walk.js'
import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {walkAttempt, type Attempt, type Outcome} from '../../../src/kernel/walk/connect.js'
import {formatPacket} from '../../../src/kernel/walk/packet.js'

// More of what random packets through a real kernel showed (docs/kernel-suite.md).

const PLAIN = {protocol: 'tcp', sourcePort: 40_000, mark: 0, transparent: false} as const

function firstOutcome(
  namespaces: Parameters<typeof joinNamespaces>[0],
  attempt: Pick<Attempt, 'namespace' | 'destination'>,
): Outcome | undefined {
  return walkAttempt(joinNamespaces(namespaces), {...PLAIN, ...attempt})?.[0]?.outcome
}

test.each([
  {what: 'keeps the route it asked for before it had a source', source: undefined, answered: true},
  {what: 'that is bound asks with its source', source: 'fd00::1', answered: false},
])('a socket of TCP over IPv6 $what', ({source, answered}) => {
  const here = smallNamespace({
    name: 'here',
    links: ['eth0 2 fd00::1/64 2 there'],
    rules6: '0: from all lookup local\n10: from fd00::1 lookup 100\n32766: from all lookup main',
    routes6: 'local default dev lo table 100 metric 1024',
  })
  const there = smallNamespace({name: 'there', links: ['eth0 2 fd00::2/64 2 here'], listens: [80]})
  const branches = walkAttempt(joinNamespaces([here, there]), {
    ...PLAIN,
    namespace: 'here',
    destination: {ip: 'fd00::2', port: 80},
    ...(source === undefined ? {} : {source}),
  })
  expect(branches?.[0]?.outcome.answered).toBe(answered)
})

test.each([
  {zone: '', original: '10.5.0.1'},
  {zone: '*raw\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j CT --zone 1\nCOMMIT\n', original: '127.0.0.1'},
])('SO_ORIGINAL_DST knows the usual zone only: $original', ({zone, original}) => {
  const iptables = `${zone}*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j REDIRECT --to-ports 8080\nCOMMIT`
  const here = smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24 7 elsewhere'],
    routes: 'default via 10.0.0.1 dev eth0',
    iptables,
    listens: [8080],
  })
  const {branches} = walkSmall(here, {destination: {ip: '10.5.0.1', port: 80}})
  expect(branches[0]?.outcome.owner?.originalDestination.ip).toBe(original)
})

test('a frame whose new destination nobody on the bridge answers for is an error to its sender', () => {
  const node = smallNamespace({
    name: 'node',
    links: ['br0 2 10.2.0.1/24 bridge', 'pod0 3 - 2 pod br0'],
    iptables: '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 10.96.0.1/32 -p tcp -j DNAT --to-destination 10.2.0.9:80\nCOMMIT',
    sysctls: 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1',
  })
  const pod = smallNamespace({name: 'pod', links: ['eth0 2 10.2.0.2/24 3 node'], routes: 'default via 10.2.0.1 dev eth0'})
  const outcome = firstOutcome([node, pod], {namespace: 'pod', destination: {ip: '10.96.0.1', port: 80}})
  expect(outcome?.result).toBe('EHOSTUNREACH')
})

test('packets of a tunnel around what a socket sends are one connection, a reset of the kernel is another', () => {
  const links = (own: number, other: number, name: string): readonly string[] => [
    `eth0 2 10.0.0.${own}/24 2 ${name}`,
    `tun0 3 10.3.0.${own}/24 tunnel 10.0.0.${other}`,
  ]
  const asked = (here: string): readonly string[] => {
    const nat = '*nat\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp --dport 6081 -j ACCEPT\n-A INPUT -p icmp -j SNAT --to-source 10.0.0.9\nCOMMIT'
    const there = smallNamespace({name: 'there', links: links(2, 1, 'here'), iptables: nat, listens: [80]})
    const outcome = firstOutcome([smallNamespace({name: 'here', links: links(1, 2, 'there'), iptables: here}), there], {
      namespace: 'here',
      destination: {ip: '10.3.0.2', port: 80},
    })
    const passes = outcome?.passes.filter(({namespace, hooks}) => namespace === 'there' && hooks.some(asksNat)) ?? []
    return passes.map(({packet}) => (packet.kind.kind === 'tunnelled' ? formatPacket(packet.kind.inner) : ''))
  }
  const resetting = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT'
  expect(asked('')).toEqual(['syn 10.3.0.1:40000 > 10.3.0.2:80'])
  expect(asked(resetting)).toEqual(['syn 10.3.0.1:40000 > 10.3.0.2:80', 'rst 10.3.0.1:40000 > 10.3.0.2:80'])
})

function asksNat({hook, visited}: Outcome['passes'][number]['hooks'][number]): boolean {
  return hook === 'INPUT' && visited.some(({table, rule}) => table === 'nat' && rule !== undefined)
}
