import {describe, expect, test} from 'vitest'
import {formatSocket} from '../../../src/flow/address.js'
import {formatShare} from '../../../src/flow/share.js'
import {kubeProxyMode} from '../../../src/kernel/findings/kube-proxy-mode.js'
import type {Attempt} from '../../../src/kernel/walk/connect.js'
import {smallNamespace} from '../small-namespace.js'
import {walkSmall} from '../small-walk.js'

/** A service as kube-proxy loads it since 1.26: two endpoints elsewhere; others have none, or none on this node. */
const NAT = `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-EXT-WEB - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SEP-B - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-WEB - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-EXT-WEB -m comment --comment "masquerade traffic for shop/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-WEB -j KUBE-SVC-WEB
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-EXT-WEB
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE
-A KUBE-SEP-A -s @A@ -m comment --comment "shop/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-A -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination @TO_A@
-A KUBE-SEP-B -s @B@ -m comment --comment "shop/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-B -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination @TO_B@
-A KUBE-SERVICES -d @VIP@ -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB
-A KUBE-SERVICES -d @LB@ -p tcp -m comment --comment "shop/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-WEB
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-WEB ! -s @PODS@ -d @VIP@ -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-WEB -m comment --comment "shop/web -> A" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A
-A KUBE-SVC-WEB -m comment --comment "shop/web -> B" -j KUBE-SEP-B
COMMIT
`
const FILTER = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-EXTERNAL-SERVICES -d @FAR@ -p tcp -m comment --comment "shop/far has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "shop/far has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30090 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "shop/empty has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30091 -j REJECT --reject-with @PORT@
-A KUBE-SERVICES -d @EMPTY@ -p tcp -m comment --comment "shop/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with @PORT@
-A KUBE-SERVICES -d @NEAR@ -p tcp -m comment --comment "shop/near has no local endpoints" -m tcp --dport 80 -j DROP
COMMIT
`

const WORLDS = {
  4: {
    A: '10.1.0.1',
    B: '10.1.0.2',
    TO_A: '10.1.0.1:8080',
    TO_B: '10.1.0.2:8080',
    VIP: '10.96.0.10',
    LB: '203.0.113.9',
    PODS: '10.1.0.0/16',
    FAR: '203.0.113.10',
    EMPTY: '10.96.0.50',
    NEAR: '10.96.0.60',
    PORT: 'icmp-port-unreachable',
    node: '10.0.0.2',
    gateway: '10.1.255.254',
    pod: '10.1.0.9',
    client: '192.0.2.1',
  },
  6: {
    A: 'fd01::1',
    B: 'fd01::2',
    TO_A: '[fd01::1]:8080',
    TO_B: '[fd01::2]:8080',
    VIP: 'fd96::10',
    LB: '2001:db8:9::9',
    PODS: 'fd01::/64',
    FAR: '2001:db8:9::10',
    EMPTY: 'fd96::50',
    NEAR: 'fd96::60',
    PORT: 'icmp6-port-unreachable',
    node: 'fd00::2',
    gateway: 'fd01::fe',
    pod: 'fd01::9',
    client: '2001:db8::1',
  },
} as const

type World = (typeof WORLDS)[4 | 6]

function filled(text: string, world: World): string {
  return text.replaceAll(/@(\w+)@/g, (_, key: string) => Object.entries(world).find(([name]) => name === key)?.[1] ?? '')
}

function nodeOf(family: 4 | 6): ReturnType<typeof smallNamespace> {
  const rules = filled(NAT + FILTER, WORLDS[family])
  return smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24,fd00::2/64 7 elsewhere', 'eth1 3 10.1.255.254/16,fd01::fe/64 8 pods'],
    routes: 'default via 10.0.0.1 dev eth0',
    routes6: 'default via fd00::1 dev eth0',
    ...(family === 4 ? {iptables: rules} : {ip6tables: rules}),
  })
}

interface Asked {
  readonly what: string
  readonly attempt: (world: World) => Partial<Attempt>
  /** Share, endpoint, and the source it sees, or what the client sees. */
  readonly found: (world: World) => readonly string[]
}

const at = (ip: string, port: number): Pick<Attempt, 'destination'> => ({destination: {ip, port}})
const each = (world: World, source: string): readonly string[] =>
  [world.A, world.B].map((ip) => `1/2 ${formatSocket({ip, port: 8080})} from ${source}`)
const fromPod = ({pod}: World): Partial<Attempt> => ({source: pod, inDevice: 'eth1'})
const fromClient = ({client}: World): Partial<Attempt> => ({source: client, inDevice: 'eth0'})

const ASKED: readonly Asked[] = [
  {
    what: 'a pod keeps its source',
    attempt: (world) => ({...fromPod(world), ...at(world.VIP, 80)}),
    found: (world) => each(world, world.pod),
  },
  {
    what: 'who is no pod is masqueraded',
    attempt: (world) => ({...fromClient(world), ...at(world.VIP, 80)}),
    found: (world) => each(world, world.gateway),
  },
  {
    what: 'an endpoint that calls its own service is masqueraded when it gets itself',
    attempt: (world) => ({source: world.A, inDevice: 'eth1', ...at(world.VIP, 80)}),
    found: (world) => [
      `1/2 ${formatSocket({ip: world.A, port: 8080})} from ${world.gateway}`,
      `1/2 ${formatSocket({ip: world.B, port: 8080})} from ${world.A}`,
    ],
  },
  {
    what: 'a load balancer address, externalTrafficPolicy Cluster',
    attempt: (world) => ({...fromClient(world), ...at(world.LB, 80)}),
    found: (world) => each(world, world.gateway),
  },
  {
    what: 'a node port, externalTrafficPolicy Cluster',
    attempt: (world) => ({...fromClient(world), ...at(world.node, 30_080)}),
    found: (world) => each(world, world.gateway),
  },
  {
    what: 'a headless service: its name is the address of a pod, which no rule translates',
    attempt: (world) => ({...fromPod(world), ...at(world.B, 8080)}),
    found: (world) => [`1 ${formatSocket({ip: world.B, port: 8080})} from ${world.pod}`],
  },
  {what: 'no local endpoint, from outside', attempt: (world) => ({...fromClient(world), ...at(world.FAR, 80)}), found: () => ['1 timeout']},
  {
    what: 'no local endpoint, a node port',
    attempt: (world) => ({...fromClient(world), ...at(world.node, 30_090)}),
    found: () => ['1 timeout'],
  },
  {
    what: 'no endpoint, a node port',
    attempt: (world) => ({...fromClient(world), ...at(world.node, 30_091)}),
    found: () => ['1 ECONNREFUSED'],
  },
  {what: 'no endpoint, from a pod', attempt: (world) => ({...fromPod(world), ...at(world.EMPTY, 80)}), found: () => ['1 ECONNREFUSED']},
  {
    what: 'internalTrafficPolicy Local and no local endpoint',
    attempt: (world) => ({...fromPod(world), ...at(world.NEAR, 80)}),
    found: () => ['1 timeout'],
  },
]

describe.each([4, 6] as const)('kube-proxy in iptables mode, IPv%i', (family) => {
  const node = nodeOf(family)

  test('is recognised', () => {
    expect(kubeProxyMode(node)).toBe('iptables')
  })

  test.each(ASKED)('$what', ({attempt, found}) => {
    const world = WORLDS[family]
    const {branches} = walkSmall(node, attempt(world))
    const ends = branches.map(({outcome: {owner, result}, share}) =>
      [formatShare(share), ...(owner === undefined ? [result] : [formatSocket(owner.local), 'from', owner.peer.ip])].join(' '),
    )
    expect(ends).toEqual(found(world))
  })
})

describe('other ways to translate services', () => {
  const withDevice = (device: string): ReturnType<typeof nodeOf> =>
    smallNamespace({name: 'here', links: [`${device} 9 10.0.0.9/32 10 elsewhere`], iptables: filled(NAT, WORLDS[4])})

  test.each([
    {device: 'kube-ipvs0', mode: 'ipvs'},
    {device: 'cilium_host', mode: 'ebpf'},
    {device: 'bpfin.cali', mode: 'ebpf'},
    {device: 'cni0', mode: 'iptables'},
  ])('$device: $mode, whatever chains are left', ({device, mode}) => {
    expect(kubeProxyMode(withDevice(device))).toBe(mode)
  })
})
