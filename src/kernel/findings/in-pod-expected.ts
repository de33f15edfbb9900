import type {Family} from '../config/ip.js'
import type {HookOfTable} from './rules-on-the-way.js'

/** A rule that istio-cni writes into an enrolled pod. */
export interface ExpectedRule extends HookOfTable {
  readonly id: string
  /** As iptables-save prints it, without the chain; the first one is that of today, others were written by older releases. */
  readonly texts: readonly string[]
  /** As nft lists it where istio-cni writes rules of nft, which it does for the forms of today. */
  readonly native: string
  /** What happens without it. */
  readonly without: string
  /** `broken` unless told; `unsure`: only what is rare goes another way without it. */
  readonly severity?: 'broken' | 'unsure'
  /** Rules of its hook that must not be asked before it. */
  readonly before: readonly string[]
  /** One that should not be, and what is lost if it is. */
  readonly rather?: {readonly before: string; readonly loss: string}
}

/** How the rules of a pod lead connections to ztunnel, as far as they themselves tell. */
export interface Variant {
  readonly family: Family
  /** `tproxy`: 1.21 and 1.22. `none`: the pod bypasses inbound capture. */
  readonly inbound: 'redirect' | 'tproxy' | 'none'
  /** `early`: UDP alone, without the mark of ztunnel. */
  readonly dns: 'none' | 'early' | 'all'
  /** The address that the node gives probes. */
  readonly probe: string
  /** Rules of nft instead of those of iptables. */
  readonly native: boolean
}

const OURS = '-m mark --mark 0x539/0xfff'
const OTHERS = '-m mark ! --mark 0x539/0xfff'
const NATIVE_OTHERS = 'meta mark & 0x00000fff != 0x00000539'

/** Source: ambient-ga E (rule set, variants, history), H.1, H.2; what each rule is for was walked, rule by rule taken away. */
export function expectedRules(variant: Variant): readonly ExpectedRule[] {
  return [
    ...marks(),
    ...(variant.inbound === 'redirect' ? redirectedInbound(variant) : []),
    ...(variant.inbound === 'tproxy' ? transparentInbound(variant) : []),
    ...(variant.dns === 'none' ? [] : dns(variant)),
    ...outbound(variant),
  ]
}

function loopbackOf(family: Family): string {
  return family === 4 ? '127.0.0.1/32' : '::1/128'
}

/** `ip daddr != 127.0.0.1`. */
function nativeElsewhere(family: Family): string {
  return family === 4 ? 'ip daddr != 127.0.0.1' : 'ip6 daddr != ::1'
}

function nativeProbe({family, probe}: Variant, side: 'saddr' | 'daddr'): string {
  return `meta l4proto tcp ${family === 4 ? 'ip' : 'ip6'} ${side} ${probe.replace(/\/\d+$/, '')} accept`
}

/** What ztunnel sends over lo marks the connection, and the answers of the app find back to it by that mark. */
function marks(): readonly ExpectedRule[] {
  const without = 'answers of the app to ztunnel leave the pod, so that what comes in through ztunnel times out'
  return [
    {
      id: 'note-mark',
      native: 'meta mark & 0x00000fff == 0x00000539 ct mark set ct mark & 0xfffff111 | 0x00000111',
      table: 'mangle',
      hook: 'PREROUTING',
      texts: [`${OURS} -j CONNMARK --set-xmark 0x111/0xfff`],
      without,
      before: ['loopback-in'],
    },
    {
      id: 'restore-mark',
      native: 'ct mark & 0x00000fff == 0x00000111 meta mark set ct mark',
      table: 'mangle',
      hook: 'OUTPUT',
      texts: ['-m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff'],
      without,
      before: [],
    },
  ]
}

const PRE_NAT = {table: 'nat', hook: 'PREROUTING'} as const
const PRE_MANGLE = {table: 'mangle', hook: 'PREROUTING'} as const

function redirectedInbound(variant: Variant): readonly ExpectedRule[] {
  const {family} = variant
  const redirect = `! -d ${loopbackOf(family)} -p tcp -m tcp ! --dport 15008 ${OTHERS} -j REDIRECT --to-ports 15006`
  return [
    probeIn(PRE_NAT, variant),
    {...plaintextIn(PRE_NAT, redirect), native: `${nativeElsewhere(family)} tcp dport != 15008 ${NATIVE_OTHERS} redirect to :15006`},
  ]
}

function probeIn(at: HookOfTable, variant: Variant): ExpectedRule {
  return {
    ...at,
    id: 'probe-in',
    native: nativeProbe(variant, 'saddr'),
    texts: [`-s ${variant.probe} -p tcp -m tcp -j ACCEPT`],
    without: 'probes of the kubelet go to ztunnel, which refuses them where policies ask for an identity',
    before: ['plaintext'],
  }
}

function plaintextIn(at: HookOfTable, text: string): ExpectedRule {
  const without = 'plaintext from outside reaches the app past ztunnel and its policies'
  return {...at, id: 'plaintext', native: '', texts: [text], without, before: []}
}

function transparentInbound(variant: Variant): readonly ExpectedRule[] {
  const elsewhere = `! -d ${loopbackOf(variant.family)}`
  const tproxy = (port: number): string => `-j TPROXY --on-port ${port} --tproxy-mark 0x111/0xfff`
  return [
    probeIn(PRE_MANGLE, variant),
    {
      ...PRE_MANGLE,
      id: 'loopback-in',
      native: '',
      texts: [`${elsewhere} -i lo -p tcp -j ACCEPT`],
      without: 'what the pod sends to its own address goes to ztunnel',
      before: ['plaintext'],
      rather: {before: 'hbone', loss: 'HBONE of the pod to itself is taken as if it came from outside'},
    },
    {
      ...PRE_MANGLE,
      id: 'hbone',
      native: '',
      texts: [`-p tcp -m tcp --dport 15008 ${OTHERS} ${tproxy(15_008)}`],
      without: 'HBONE is handed to the port for plaintext',
      before: ['plaintext'],
    },
    {
      ...PRE_MANGLE,
      id: 'established',
      native: '',
      texts: ['-p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
      without: 'answers to what ztunnel dials are taken for what comes in: it reaches nobody',
      before: ['plaintext'],
    },
    plaintextIn(PRE_MANGLE, `${elsewhere} -p tcp ${OTHERS} ${tproxy(15_006)}`),
  ]
}

/** ambient-ga H.1: TCP to port 53 of the pod itself is captured because of the order. */
function dns({family, dns: form}: Variant): readonly ExpectedRule[] {
  const [own, early] = [`! -o lo -p udp ${OTHERS} -m udp --dport 53`, '! -o lo -p udp -m udp --dport 53'].map(
    (one) => `${one} -j REDIRECT --to-ports 15053`,
  )
  const udp: ExpectedRule = {
    id: 'dns-udp',
    native: `oifname != "lo" ${NATIVE_OTHERS} udp dport 53 redirect to :15053`,
    table: 'nat',
    hook: 'OUTPUT',
    texts: [own ?? '', early ?? ''],
    without: 'DNS over UDP is not captured',
    before: [],
  }
  return form === 'early' ? [udp] : [udp, dnsOverTcp(family), ...dnsZones()]
}

function dnsOverTcp(family: Family): ExpectedRule {
  return {
    id: 'dns-tcp',
    native: `${nativeElsewhere(family)} tcp dport 53 ${NATIVE_OTHERS} redirect to :15053`,
    table: 'nat',
    hook: 'OUTPUT',
    texts: [`! -d ${loopbackOf(family)} -p tcp -m tcp --dport 53 ${OTHERS} -j REDIRECT --to-ports 15053`],
    without: "DNS over TCP goes to ztunnel's port for connections, not to its DNS proxy",
    before: ['outbound'],
    rather: {before: 'loopback-out', loss: 'TCP to port 53 of the pod itself is not captured'},
  }
}

function dnsZones(): readonly ExpectedRule[] {
  const without = 'what ztunnel asks of DNS servers shares the connection table with what pods ask: equal ports collide'
  return [
    {
      id: 'dns-zone-out',
      native: 'udp dport 53 meta mark & 0x00000fff == 0x00000539 ct zone set 1',
      table: 'raw',
      hook: 'OUTPUT',
      texts: [`-p udp ${OURS} -m udp --dport 53 -j CT --zone 1`],
      without,
      severity: 'unsure',
      before: [],
    },
    {
      id: 'dns-zone-in',
      native: `udp sport 53 ${NATIVE_OTHERS} ct zone set 1`,
      table: 'raw',
      hook: 'PREROUTING',
      texts: [`-p udp ${OTHERS} -m udp --sport 53 -j CT --zone 1`],
      without,
      severity: 'unsure',
      before: [],
    },
  ]
}

function outbound(variant: Variant): readonly ExpectedRule[] {
  const {family, probe} = variant
  const at = {table: 'nat', hook: 'OUTPUT'} as const
  return [
    {
      ...at,
      id: 'probe-out',
      native: nativeProbe(variant, 'daddr'),
      texts: [`-d ${probe} -p tcp -m tcp -j ACCEPT`],
      without: `connections that the pod itself opens to ${probe.replace(/\/\d+$/, '')} are captured; answers to probes are not`,
      severity: 'unsure',
      before: ['outbound'],
    },
    {
      ...at,
      id: 'marked-out',
      native: 'meta l4proto tcp meta mark & 0x00000fff == 0x00000111 accept',
      texts: ['-p tcp -m mark --mark 0x111/0xfff -j ACCEPT'],
      without: 'what carries the mark leaves over lo, where the next rule lets it pass as well',
      severity: 'unsure',
      before: ['outbound'],
    },
    {
      ...at,
      id: 'loopback-out',
      native: `oifname "lo" ${nativeElsewhere(family)} accept`,
      texts: [`! -d ${loopbackOf(family)} -o lo -j ACCEPT`],
      without: 'what the pod sends to its own address goes to ztunnel',
      before: ['outbound'],
    },
    {
      ...at,
      id: 'outbound',
      native: `meta l4proto tcp ${nativeElsewhere(family)} ${NATIVE_OTHERS} redirect to :15001`,
      texts: [`! -d ${loopbackOf(family)} -p tcp ${OTHERS} -j REDIRECT --to-ports 15001`],
      without: 'what the app sends is not captured: it leaves the pod in plaintext, past ztunnel',
      before: [],
    },
  ]
}
