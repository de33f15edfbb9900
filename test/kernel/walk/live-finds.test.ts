import {describe, expect, test} from 'vitest'
import {smallNamespace, type SmallNamespace} from '../small-namespace.js'
import {walkSmall, type SmallWalk} from '../small-walk.js'
import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {walkAttempt, type Attempt} from '../../../src/kernel/walk/connect.js'
import {formatPacket} from '../../../src/kernel/walk/packet.js'

// What random packets through a real kernel showed, one case each (docs/kernel-suite.md).

const LINKS = ['eth0 2 10.0.0.2/24,fd00::2/64 7 elsewhere', 'eth1 3 10.1.0.2/24,fd01::2/64 8 beyond']

function walk(texts: Partial<SmallNamespace>, attempt: Partial<Attempt>): SmallWalk {
  return walkSmall(smallNamespace({name: 'here', links: LINKS, ...texts}), attempt)
}

const IN = {inDevice: 'eth0', source: '10.9.9.9', destination: {ip: '10.0.0.2', port: 80}} as const
const IN6 = {inDevice: 'eth0', source: 'fd09::9', destination: {ip: 'fd00::2', port: 81}} as const
const BACK = {routes: 'default via 10.0.0.1 dev eth0', routes6: 'default via fd00::1 dev eth0 metric 1024'}

describe('a server of UDP behind TPROXY', () => {
  const udp = {port: 15_001, protocol: 'udp', transparent: true} as const

  test('answers from its own port, not from the one that was asked', () => {
    const iptables = '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -j TPROXY --on-port 15001 --tproxy-mark 0x0/0x0\nCOMMIT'
    const {packets} = walk({...BACK, iptables, listens: [udp]}, {...IN, protocol: 'udp', destination: {ip: '10.0.0.2', port: 53}})
    expect(packets).toContain('here udp 10.0.0.2:15001 > 10.9.9.9:40000')
  })

  test('without TPROXY answers from where it was asked', () => {
    const {packets, ends} = walk(
      {...BACK, listens: [{port: 53, protocol: 'udp'}]},
      {...IN, protocol: 'udp', destination: {ip: '10.0.0.2', port: 53}},
    )
    expect([ends, packets.at(-2)]).toEqual([['1 delivered ok'], 'here udp 10.0.0.2:53 > 10.9.9.9:40000'])
  })
})

describe('the way back of what is passed on', () => {
  const strict = 'net.ipv4.ip_forward = 1\nnet.ipv4.conf.eth0.rp_filter = 1'
  const routes = 'default via 10.1.0.1 dev eth1\ndefault via 10.0.0.1 dev eth0 table 7'
  const through = {...IN, destination: {ip: '10.5.0.1', port: 80}}

  test.each([
    {device: 'eth1', ends: ['1 left connected']},
    {device: 'lo', ends: ['1 dropped timeout']},
  ])('is asked for as if it came in where the packet goes: a rule for $device', ({device, ends}) => {
    const rules = `0: from all lookup local\n10: from all to 10.9.0.0/16 iif ${device} lookup 7\n32766: from all lookup main`
    expect(walk({routes, rules, sysctls: strict}, through).ends).toEqual(ends)
  })
})

test.each([
  {about: 'a packet on its way through', destination: '10.5.0.1', ends: ['1 dropped ECONNREFUSED']},
  {about: 'an address of its own', destination: '10.0.0.2', ends: ['1 dropped timeout']},
])('an error of IPv4 about $about: whether its own address leads to a rule', ({destination, ends}) => {
  const rules = '0: from all lookup local\n10: from 10.0.0.2 lookup 7\n32766: from all lookup main'
  const routes = 'default via 10.0.0.1 dev eth0\n10.5.0.0/16 via 10.1.0.1 dev eth1\nblackhole default table 7'
  const iptables = '*filter\n:FORWARD ACCEPT [0:0]\n-A INPUT -j REJECT\n-A FORWARD -j REJECT\nCOMMIT'
  const texts = {routes, rules, iptables, sysctls: 'net.ipv4.ip_forward = 1'}
  expect(walk(texts, {...IN, destination: {ip: destination, port: 80}}).ends).toEqual(ends)
})

describe('an ACK in another zone than the answer', () => {
  const zone = '*raw\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j CT --zone 1\nCOMMIT'
  const filter = '*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT'

  test.each([
    {what: 'is invalid', iptables: `${zone}\n${filter}`, ends: ['1 asymmetric connected']},
    {what: 'is not, in one zone', iptables: filter, ends: ['1 left connected']},
  ])('$what', ({iptables, ends}) => {
    expect(walk({...BACK, iptables}, {}).ends).toEqual(ends)
  })
})

test('a rule that chose a zone leaves a connection without a mark on the packet, before it is tracked', () => {
  const raw = (first: string): string => `*raw\n:OUTPUT ACCEPT [0:0]\n${first}-A OUTPUT -m connmark ! --mark 0x1 -j DROP\nCOMMIT`
  expect(walk({...BACK, iptables: raw('-A OUTPUT -p tcp -j CT --zone 1\n')}, {}).ends).toEqual(['1 dropped timeout'])
  expect(walk({...BACK, iptables: raw('')}, {}).ends).toEqual(['1 left connected'])
})

describe('an error of IPv6', () => {
  test('comes from the device that the packet came in on, wherever the way back leads', () => {
    const routes6 = 'default via fd01::1 dev eth1 metric 1024\nunreachable fd05::/16 dev lo metric 1024'
    const {packets} = walk({routes6}, {...IN6, destination: {ip: 'fd05::1', port: 80}})
    expect(packets).toContain('here icmp-1-3 fd00::2 > fd09::9')
  })

  test('of an own address comes from there', () => {
    const {packets} = walk(BACK, {...IN6, protocol: 'udp', destination: {ip: 'fd01::2', port: 53}})
    expect(packets).toContain('here icmp-1-4 fd01::2 > fd09::9')
  })
})

describe('a reset for a port where nobody listens', () => {
  const save = '*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m owner --socket-exists -j DROP\nCOMMIT'

  test.each([
    {family: 'IPv6 has no socket', attempt: IN6, ends: ['1 dropped ECONNREFUSED']},
    {family: 'IPv4 has one of the kernel', attempt: {...IN, destination: {ip: '10.0.0.2', port: 81}}, ends: ['1 dropped timeout']},
  ])('of $family', ({attempt, ends}) => {
    expect(walk({...BACK, iptables: save, ip6tables: save}, attempt).ends).toEqual(ends)
  })

  test('that answers for REJECT asks the nat table, an error does not', () => {
    const visits = (how: string): number => {
      const reject = `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -j REJECT --reject-with ${how}\nCOMMIT`
      const nat =
        '*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -j REDIRECT\n-A POSTROUTING -j ACCEPT\nCOMMIT'
      const {passes} = walk({...BACK, iptables: `${reject}\n${nat}`, listens: [80]}, IN)
      const rules = passes.flatMap(({hooks}) => hooks.filter(({hook}) => hook === 'POSTROUTING').flatMap(({visited}) => visited))
      return rules.filter(({rule}) => rule?.text === '-A POSTROUTING -j ACCEPT').length
    }
    expect([visits('tcp-reset'), visits('icmp-port-unreachable')]).toEqual([1, 0])
  })
})

describe('the loopback address of IPv6', () => {
  test.each([
    {side: 'destination', attempt: {...IN6, destination: {ip: '::1', port: 80}}},
    {side: 'source', attempt: {...IN6, source: '::1', destination: {ip: 'fd00::2', port: 80}}},
  ])('as $side of what comes from a wire: no rule sees the packet', ({attempt}) => {
    const ip6tables = '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j ACCEPT\nCOMMIT'
    const {ends, packets} = walk({...BACK, ip6tables, listens: [80]}, attempt)
    expect([ends, packets]).toEqual([['1 dropped timeout'], []])
  })

  test('is reached round the loopback', () => {
    expect(walk({...BACK, listens: [80]}, {destination: {ip: '::1', port: 80}}).ends).toEqual(['1 delivered connected'])
  })
})

describe('a packet of a tunnel', () => {
  const links = (own: number, other: number, name: string): readonly string[] => [
    `eth0 2 10.0.0.${own}/24 2 ${name}`,
    `tun0 3 10.3.0.${own}/24 tunnel 10.0.0.${other}`,
  ]
  const owned = '*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p udp -m owner --uid-owner 7 -j DROP\nCOMMIT'
  const here = smallNamespace({name: 'here', links: links(1, 2, 'there'), iptables: owned})

  function passesTo(there: Partial<SmallNamespace>, user: number): {readonly result: string; readonly packets: readonly string[]} {
    const network = joinNamespaces([here, smallNamespace({name: 'there', links: links(2, 1, 'here'), ...there})])
    const attempt = {namespace: 'here', protocol: 'tcp', sourcePort: 40_000, mark: 0, transparent: false} as const
    const [branch] = walkAttempt(network, {...attempt, destination: {ip: '10.3.0.2', port: 80}, owner: {user, group: 0}}) ?? []
    const packets = branch?.outcome.passes.map(({namespace, packet}) => `${namespace} ${formatPacket(packet)}`) ?? []
    return {result: branch?.outcome.result ?? '', packets}
  }

  test.each([
    {user: 7, result: 'timeout'},
    {user: 8, result: 'connected'},
  ])('belongs to the socket whose packet it wraps: user $user, $result', ({user, result}) => {
    expect(passesTo({listens: [80]}, user).result).toBe(result)
  })

  test('that comes to no tunnel is refused, unless a server hears it', () => {
    const iptables = '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp --dport 6081 -j REDIRECT --to-ports 53\nCOMMIT'
    expect(passesTo({iptables}, 8).packets).toContain('here icmp-3-3 10.0.0.2 > 10.0.0.1')
    expect(passesTo({iptables, listens: [{port: 53, protocol: 'udp'}]}, 8).packets.filter((one) => one.includes('icmp'))).toEqual([])
  })
})

test.each([
  {inner: 'udp', refused: false, what: 'has a wrong checksum'},
  {inner: 'icmp', refused: true, what: 'is refused'},
] as const)('a packet of a tunnel around $inner that NAT sends round the loopback $what', ({inner: protocol, refused}) => {
  const iptables = '*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p udp --dport 6081 -j DNAT --to-destination 10.0.0.2:81\nCOMMIT'
  const here = smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24 2 there', 'tun0 3 10.3.0.2/24 tunnel 10.0.0.1'],
    iptables,
  })
  const there = smallNamespace({name: 'there', links: ['eth0 2 10.0.0.1/24 2 here', 'tun0 3 10.3.0.1/24 tunnel 10.0.0.2']})
  const attempt = {namespace: 'here', sourcePort: 40_000, mark: 0, transparent: false, destination: {ip: '10.3.0.1', port: 80}} as const
  const [branch] = walkAttempt(joinNamespaces([here, there]), {...attempt, protocol}) ?? []
  const packets = branch?.outcome.passes.map(({namespace, packet}) => `${namespace} ${formatPacket(packet)}`) ?? []
  // The rules see it all the same: only who takes datagrams looks at the checksum.
  expect(packets.some((one) => one.endsWith('> 10.0.0.2:81'))).toBe(true)
  expect(packets.some((one) => one.includes('icmp-3-3'))).toBe(refused)
})

test('an echo reply that is rejected where it is sent causes no error: the socket for errors is taken', () => {
  const iptables = '*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j REJECT\nCOMMIT'
  const {packets} = walk({...BACK, iptables}, {...IN, protocol: 'icmp'})
  expect(packets.filter((one) => one.startsWith('here icmp'))).toEqual([
    'here icmp-8-0 10.9.9.9 > 10.0.0.2',
    'here icmp-0-0 10.0.0.2 > 10.9.9.9',
  ])
})

test.each([
  {what: 'without an address of its own is one for all', source: undefined, answered: true},
  {what: 'bound to an address is found', source: '10.0.0.2', answered: false},
])('-m socket: a client of datagrams $what', ({source, answered}) => {
  const iptables = '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m socket -j DROP\nCOMMIT'
  const {branches} = walk({...BACK, iptables}, {protocol: 'udp', ...(source === undefined ? {} : {source})})
  expect(branches.map(({outcome}) => outcome.answered)).toEqual([answered])
})

test.each([
  {what: 'is lost on the way up', calling: '1', result: 'ECONNREFUSED'},
  {what: 'stays without br_netfilter', calling: '0', result: 'connected'},
])('a socket that TPROXY chooses for a frame on a bridge $what', ({calling, result}) => {
  const node = smallNamespace({
    name: 'node',
    links: ['br0 2 10.2.0.1/24 bridge', 'pod0 3 - 2 pod br0'],
    iptables: '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j TPROXY --on-port 15001 --tproxy-mark 0x200/0x200\nCOMMIT',
    sysctls: `net.bridge.bridge-nf-call-iptables = ${calling}`,
    listens: [{port: 15_001, transparent: true}],
  })
  const pod = smallNamespace({name: 'pod', links: ['eth0 2 10.2.0.2/24 3 node'], routes: 'default via 10.2.0.1 dev eth0'})
  const branches = walkAttempt(joinNamespaces([node, pod]), {
    namespace: 'pod',
    protocol: 'tcp',
    sourcePort: 40_000,
    destination: {ip: '10.2.0.1', port: 80},
    mark: 0,
    transparent: false,
  })
  expect(branches?.map(({outcome}) => outcome.result)).toEqual([result])
})

test('an error about a datagram that nobody takes belongs to no connection yet in the raw table', () => {
  const iptables = '*raw\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m connmark --mark 0x0/0xfff -j RETURN\nCOMMIT'
  const {branches} = walk({iptables}, {protocol: 'udp', destination: {ip: '127.0.0.1', port: 8080}})
  const [outcome] = branches.map((branch) => branch.outcome)
  const effects = outcome?.passes.flatMap(({hooks}) => hooks.flatMap(({visited}) => visited.map(({effect}) => effect)))
  expect(outcome?.passes.some(({packet}) => packet.kind.kind === 'error')).toBe(true)
  expect(effects).toEqual(['policy', 'policy'])
})

describe('what DNAT sends back over the bridge it came from', () => {
  const links = ['br0 2 10.2.0.1/24 bridge', 'pod0 3 - 2 pod br0', 'other0 4 - 2 other br0']
  const iptables = '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 10.96.0.1/32 -p tcp -j DNAT --to-destination TARGET:80\nCOMMIT'

  function calls(target: string, {hairpin = false, calling = '1'}): readonly string[] {
    const node = smallNamespace({
      name: 'node',
      links,
      iptables: iptables.replace('TARGET', target),
      sysctls: `net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = ${calling}`,
    })
    const devices = node.devices.map((device) => (hairpin && device.name === 'pod0' ? {...device, hairpin: true as const} : device))
    const pods = ['pod', 'other'].map((name, at) =>
      smallNamespace({name, links: [`eth0 2 10.2.0.${at + 2}/24 ${at + 3} node`], routes: 'default via 10.2.0.1 dev eth0', listens: [80]}),
    )
    const branches = walkAttempt(joinNamespaces([{...node, devices}, ...pods]), {
      namespace: 'pod',
      protocol: 'tcp',
      sourcePort: 40_000,
      destination: {ip: '10.96.0.1', port: 80},
      mark: 0,
      transparent: false,
    })
    const {passes = []} = branches?.[0]?.outcome ?? {}
    return passes
      .filter(({namespace, packet}) => namespace === 'node' && packet.kind.kind === 'syn')
      .map(({ended, hooks}) => ended ?? hooks.map(({hook}) => hook).join())
  }

  test('does not leave by the port it came in on', () => {
    expect(calls('10.2.0.2', {})).toEqual(['port pod0 of bridge br0 is not in hairpin mode: nothing goes back through it'])
  })

  test.each([
    {what: 'but does in hairpin mode', target: '10.2.0.2', options: {hairpin: true}},
    {what: 'but does by another port', target: '10.2.0.3', options: {}},
    {what: 'but is routed where br_netfilter is off', target: '10.2.0.2', options: {calling: '0'}},
  ])('$what', ({target, options}) => {
    expect(calls(target, options)).toEqual(['PREROUTING,FORWARD,POSTROUTING'])
  })
})
