import fc from 'fast-check'
import type {Family} from '../../src/kernel/config/ip.js'
import type {Loader, NamespaceState} from './lab-scenario.js'
import type {Role} from './topology.js'

type KnownState = Pick<NamespaceState, 'loader' | 'rules' | 'routes' | 'policies'>

/** Rules that ambient and kube-proxy really load, for random packets: what they do must be predicted as well as what is made up. */
export function knownState(family: Family, role: Role): fc.Arbitrary<KnownState> {
  if (role === 'pod') return fc.oneof(inPod(family), fc.constant(ztunnelPod(family)))
  if (role === 'client') return inPod(family)
  const loader = fc.constantFrom<Loader>('iptables-legacy', 'iptables-nft')
  return fc.oneof(
    loader.map((chosen) => capturingNode(family, chosen)),
    loader.map((chosen) => ({loader: chosen, rules: kubeProxy(family), routes: [], policies: []})),
  )
}

const WORDS = {
  4: {loopback: '127.0.0.1', probe: '169.254.7.127', virtual: '10.96.0.10', pod: '10.2.0.2', node: '10.2.0.1', ip: 'ip'},
  6: {loopback: '::1', probe: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff', virtual: 'fd96::10', pod: 'fd02::2', node: 'fd02::1', ip: 'ip6'},
} as const

const CAPTURE_TABLE = {routes: ['local default dev lo table 100'], policies: ['pref 30 fwmark 0x111/0xfff lookup 100']}

/** Capture inside the pod (ambient-ga E): with DNS or without, with the inbound redirect or without, as iptables or nft rules. */
function inPod(family: Family): fc.Arbitrary<KnownState> {
  return fc
    .record({loader: fc.constantFrom<Loader>('iptables-legacy', 'iptables-nft', 'nft'), dns: fc.boolean(), inbound: fc.boolean()})
    .map(({loader, ...options}) => ({
      ...CAPTURE_TABLE,
      loader,
      rules: loader === 'nft' ? inPodNft(family, options) : inPodIptables(family, options),
    }))
}

interface Options {
  readonly dns: boolean
  readonly inbound: boolean
}

function inPodIptables(family: Family, {dns, inbound}: Options): string {
  const {loopback, probe} = WORDS[family]
  const elsewhere = `! -d ${loopback}`
  const unmarked = '-m mark ! --mark 0x539/0xfff'
  return lines(
    '*mangle',
    ':ISTIO_PRERT - [0:0]',
    ':ISTIO_OUTPUT - [0:0]',
    '-A PREROUTING -j ISTIO_PRERT',
    '-A OUTPUT -j ISTIO_OUTPUT',
    '-A ISTIO_PRERT -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff',
    '-A ISTIO_OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark',
    'COMMIT',
    '*nat',
    ':ISTIO_PRERT - [0:0]',
    ':ISTIO_OUTPUT - [0:0]',
    '-A PREROUTING -j ISTIO_PRERT',
    '-A OUTPUT -j ISTIO_OUTPUT',
    ...(inbound ? [`-A ISTIO_PRERT -s ${probe} -p tcp -j ACCEPT`] : []),
    ...(inbound ? [`-A ISTIO_PRERT ${elsewhere} -p tcp ! --dport 15008 ${unmarked} -j REDIRECT --to-ports 15006`] : []),
    `-A ISTIO_OUTPUT -d ${probe} -p tcp -j ACCEPT`,
    ...(dns ? [`-A ISTIO_OUTPUT ! -o lo -p udp ${unmarked} --dport 53 -j REDIRECT --to-ports 15001`] : []),
    ...(dns ? [`-A ISTIO_OUTPUT ${elsewhere} -p tcp --dport 53 ${unmarked} -j REDIRECT --to-ports 15001`] : []),
    '-A ISTIO_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT',
    `-A ISTIO_OUTPUT ${elsewhere} -o lo -j ACCEPT`,
    `-A ISTIO_OUTPUT ${elsewhere} -p tcp ${unmarked} -j REDIRECT --to-ports 15001`,
    'COMMIT',
    ...(dns ? ['*raw', `-A OUTPUT -p udp -m mark --mark 0x539/0xfff --dport 53 -j CT --zone 1`] : []),
    ...(dns ? [`-A PREROUTING -p udp ${unmarked} --sport 53 -j CT --zone 1`, 'COMMIT'] : []),
  )
}

function inPodNft(family: Family, {dns, inbound}: Options): string {
  const {loopback, probe, ip} = WORDS[family]
  const unmarked = 'meta mark and 0xfff != 0x539'
  const elsewhere = `${ip} daddr != ${loopback}`
  return lines(
    'table inet istio-ambient-nat {',
    'chain istio-prerouting {',
    ...(inbound ? [`meta l4proto tcp ${ip} saddr ${probe} counter accept`] : []),
    ...(inbound ? [`${elsewhere} tcp dport != 15008 ${unmarked} counter redirect to :15006`] : []),
    '}',
    'chain istio-output {',
    `meta l4proto tcp ${ip} daddr ${probe} counter accept`,
    ...(dns ? [`oifname != lo ${unmarked} udp dport 53 counter redirect to :15001`] : []),
    ...(dns ? [`${elsewhere} tcp dport 53 ${unmarked} counter redirect to :15001`] : []),
    'meta l4proto tcp meta mark and 0xfff == 0x111 counter accept',
    `oifname lo ${elsewhere} counter accept`,
    `meta l4proto tcp ${elsewhere} ${unmarked} counter redirect to :15001`,
    '}',
    ...hooks('nat', {type: 'nat', priority: -100}),
    'table inet istio-ambient-mangle {',
    'chain istio-prerouting {',
    'meta mark & 0xfff == 0x539 counter ct mark set ct mark & 0xfffff000 | 0x111',
    '}',
    'chain istio-output {',
    'ct mark and 0xfff == 0x111 counter meta mark set ct mark',
    '}',
    ...hooks('mangle', {type: 'route', priority: -150}),
    ...(dns ? rawNft() : []),
  )
}

function rawNft(): readonly string[] {
  return [
    'table inet istio-ambient-raw {',
    'chain istio-prerouting {',
    'udp sport 53 meta mark and 0xfff != 0x539 counter ct zone set 1',
    '}',
    'chain istio-output {',
    'udp dport 53 meta mark and 0xfff == 0x539 counter ct zone set 1',
    '}',
    ...hooks('raw', {type: 'filter', priority: -300}),
  ]
}

function hooks(name: string, {type, priority}: {readonly type: string; readonly priority: number}): readonly string[] {
  return [
    `chain prerouting {\ntype ${name === 'mangle' ? 'filter' : type} hook prerouting priority ${priority};\ncounter jump istio-prerouting\n}`,
    `chain output {\ntype ${type} hook output priority ${priority};\ncounter jump istio-output\n}`,
    '}',
  ]
}

/** Node capture of 2022 (envoy-2022 C.1), with one tunnel for both ways; the client is enrolled. */
function capturingNode(family: Family, loader: Loader): KnownState {
  const {pod, node} = WORDS[family]
  const rule = (text: string): string => `-A ztunnel-PREROUTING ${text}`
  return {
    loader,
    rules: lines(
      '*mangle',
      ...['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT'].map((hook) => `:ztunnel-${hook} - [0:0]`),
      ...['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT'].map((hook) => `-A ${hook} -j ztunnel-${hook}`),
      ...['FORWARD', 'INPUT'].flatMap((hook) => [saved(hook, '0x220/0x220'), saved(hook, '0x210/0x210')]),
      `-A ztunnel-OUTPUT -s ${node} -j MARK --set-xmark 0x220/0xffffffff`,
      rule('-i tun0 -j MARK --set-xmark 0x200/0x200'),
      rule('-i tun0 -j RETURN'),
      rule('-p udp --dport 6081 -j RETURN'),
      rule('-m connmark --mark 0x220/0x220 -j MARK --set-xmark 0x200/0x200'),
      rule('-m mark --mark 0x200/0x200 -j RETURN'),
      rule('! -i pod0 -m connmark --mark 0x210/0x210 -j MARK --set-xmark 0x40/0x40'),
      rule('-m mark --mark 0x40/0x40 -j RETURN'),
      rule(`! -s ${pod} -i pod0 -j MARK --set-xmark 0x210/0x210`),
      rule('-m mark --mark 0x200/0x200 -j RETURN'),
      rule('-i pod0 -j MARK --set-xmark 0x220/0x220'),
      rule('-p udp -j MARK --set-xmark 0x220/0x220'),
      rule('-m mark --mark 0x200/0x200 -j RETURN'),
      rule('-p tcp -m set --match-set ips src -j MARK --set-xmark 0x100/0x100'),
      'COMMIT',
      kubeProxy(family, '-A PREROUTING -m mark --mark 0x100/0x100 -j ACCEPT').trimEnd(),
    ),
    routes: [
      `default via ${acrossTunnel(family, 'pod')} dev tun0 table 101`,
      `${pod} dev pod0 table 101`,
      `default via ${pod} dev pod0 table 102 onlink`,
    ],
    policies: ['pref 100 fwmark 0x200/0x200 goto 32766', 'pref 101 fwmark 0x100/0x100 lookup 101', 'pref 102 fwmark 0x40/0x40 lookup 102'],
  }
}

function saved(hook: string, mark: string): string {
  const mask = mark.split('/')[1] ?? ''
  return `-A ztunnel-${hook} -m mark --mark ${mark} -j CONNMARK --save-mark --nfmask ${mask} --ctmask ${mask}`
}

function acrossTunnel(family: Family, end: 'pod' | 'node'): string {
  return family === 4 ? `10.3.0.${end === 'pod' ? 2 : 1}` : `fd03::${end === 'pod' ? 2 : 1}`
}

/** The ztunnel pod of 2022 (envoy-2022 C.2). */
function ztunnelPod(family: Family): KnownState {
  const {loopback, pod} = WORDS[family]
  const tproxy = (port: number): string => `-j TPROXY --on-port ${port} --on-ip ${loopback} --tproxy-mark 0x400/0xfff`
  return {
    loader: 'iptables-legacy',
    rules: lines(
      '*mangle',
      '-A PREROUTING -j LOG --log-prefix "mangle pre "',
      `-A PREROUTING -i tun0 -p tcp --dport 15008 ${tproxy(15_008)}`,
      `-A PREROUTING -i tun0 -p tcp ${tproxy(15_001)}`,
      `-A PREROUTING ! -d ${pod} -i eth0 -p tcp -j MARK --set-xmark 0x4d3/0xfff`,
      'COMMIT',
      '*nat',
      '-A OUTPUT -p tcp --dport 15088 -j REDIRECT --to-ports 15008',
      'COMMIT',
    ),
    routes: ['local default dev lo table 100', `default via ${acrossTunnel(family, 'node')} dev tun0 table 101`],
    policies: [
      'pref 200 fwmark 0x400/0xfff lookup 100',
      'pref 201 fwmark 0x401/0xfff lookup 101',
      'pref 203 fwmark 0x4d3/0xfff lookup 100',
    ],
  }
}

/** kube-proxy with one service of two endpoints, and one of none. */
function kubeProxy(family: Family, first?: string): string {
  const {virtual, pod, node} = WORDS[family]
  const to = (port: number): string => (family === 4 ? `${pod}:${port}` : `[${pod}]:${port}`)
  return lines(
    '*nat',
    ...['SERVICES', 'POSTROUTING', 'MARK-MASQ', 'SVC-ONE', 'SEP-A', 'SEP-B', 'NODEPORTS'].map((name) => `:KUBE-${name} - [0:0]`),
    ...(first === undefined ? [] : [first]),
    '-A PREROUTING -j KUBE-SERVICES',
    '-A OUTPUT -j KUBE-SERVICES',
    '-A POSTROUTING -j KUBE-POSTROUTING',
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0',
    '-A KUBE-POSTROUTING -j MASQUERADE',
    `-A KUBE-SERVICES -d ${virtual} -p tcp --dport 80 -j KUBE-SVC-ONE`,
    '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    '-A KUBE-NODEPORTS -p tcp --dport 8080 -j KUBE-MARK-MASQ',
    '-A KUBE-NODEPORTS -p tcp --dport 8080 -j KUBE-SVC-ONE',
    `-A KUBE-SVC-ONE ! -s ${node} -d ${virtual} -p tcp --dport 80 -j KUBE-MARK-MASQ`,
    '-A KUBE-SVC-ONE -m statistic --mode random --probability 0.5 -j KUBE-SEP-A',
    '-A KUBE-SVC-ONE -j KUBE-SEP-B',
    `-A KUBE-SEP-A -s ${pod} -j KUBE-MARK-MASQ`,
    `-A KUBE-SEP-A -p tcp -j DNAT --to-destination ${to(80)}`,
    `-A KUBE-SEP-B -p tcp -j DNAT --to-destination ${to(15_006)}`,
    'COMMIT',
    '*filter',
    ':KUBE-SERVICES - [0:0]',
    '-A FORWARD -m conntrack --ctstate INVALID -j DROP',
    '-A FORWARD -j KUBE-SERVICES',
    '-A OUTPUT -j KUBE-SERVICES',
    `-A KUBE-SERVICES -d ${virtual} -p tcp --dport 81 -j REJECT`,
    'COMMIT',
  )
}

function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
