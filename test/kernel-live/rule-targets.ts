import fc from 'fast-check'
import type {Family} from '../../src/kernel/config/ip.js'
import {NAT_TARGETS} from './topology.js'
import {CODES} from './rule-parts.js'
import {hex, MARKS, MASKS, type Spot, type Wording} from './wording.js'

export interface LabTarget extends Wording {
  /** What the rule must say of the protocol. */
  readonly needs?: 'tcp' | 'ports'
}

const always = (words: LabTarget): fc.Arbitrary<LabTarget> => fc.constant(words)
const port = fc.constantFrom(80, 81, 8080, 15_001, 15_006, 15_008)

/** One, or a few: a port of the range stays, else the first one is taken, or with `--random` each. */
const portRange = fc
  .tuple(port, fc.constantFrom(0, 0, 0, 1, 3))
  .map(([from, more]) => (more === 0 ? String(from) : `${from}-${from + more}`))

const setMark = fc.tuple(fc.constantFrom('meta', 'ct'), fc.constantFrom(...MARKS), fc.constantFrom(...MASKS)).map(([kind, value, mask]) => {
  const change = `${hex((value & mask) >>> 0)}/${hex(mask)}`
  const kept = hex(~mask >>> 0)
  return {
    iptables: `-j ${kind === 'meta' ? 'MARK' : 'CONNMARK'} --set-xmark ${change}`,
    nft: `${kind} mark set ${kind} mark & ${kept} | ${hex((value & mask) >>> 0)}`,
  }
})

const orMark = fc.constantFrom(...MARKS).map((value) => ({
  iptables: `-j MARK --or-mark ${hex(value)}`,
  nft: `meta mark set meta mark | ${hex(value)}`,
}))

const copyMark = fc
  .tuple(fc.constantFrom('save', 'restore'), fc.constantFrom(...MASKS), fc.constantFrom(...MASKS))
  .map(([which, packet, connection]) => ({
    iptables: `-j CONNMARK --${which}-mark --nfmask ${hex(packet)} --ctmask ${hex(connection)}`,
    nft: which === 'save' ? `ct mark set meta mark & ${hex(packet)}` : `meta mark set ct mark & ${hex(connection)}`,
  }))

const verdicts: fc.Arbitrary<LabTarget> = fc.constantFrom(
  {iptables: '-j ACCEPT', nft: 'accept'},
  {iptables: '-j ACCEPT', nft: 'accept'},
  {iptables: '-j RETURN', nft: 'return'},
  {iptables: '', nft: ''},
)

const drop = always({iptables: '-j DROP', nft: 'drop'})

function reject({family}: Spot): fc.Arbitrary<LabTarget> {
  const names =
    family === 4
      ? ['icmp-port-unreachable', 'icmp-host-unreachable', 'icmp-net-unreachable', 'icmp-admin-prohibited', 'icmp-host-prohibited']
      : ['icmp6-port-unreachable', 'icmp6-addr-unreachable', 'icmp6-no-route', 'icmp6-adm-prohibited']
  const nft: Readonly<Record<string, string>> = {
    'icmp-port-unreachable': 'icmp port-unreachable',
    'icmp-host-unreachable': 'icmp host-unreachable',
    'icmp-net-unreachable': 'icmp net-unreachable',
    'icmp-admin-prohibited': 'icmp admin-prohibited',
    'icmp-host-prohibited': 'icmp host-prohibited',
    'icmp6-port-unreachable': 'icmpv6 port-unreachable',
    'icmp6-addr-unreachable': 'icmpv6 addr-unreachable',
    'icmp6-no-route': 'icmpv6 no-route',
    'icmp6-adm-prohibited': 'icmpv6 admin-prohibited',
  }
  return fc.oneof(
    fc.constantFrom(...names).map((name) => ({iptables: `-j REJECT --reject-with ${name}`, nft: `reject with ${nft[name] ?? ''}`})),
    always({iptables: '-j REJECT', nft: 'reject'}),
    always({iptables: '-j REJECT --reject-with tcp-reset', nft: 'reject with tcp reset', needs: 'tcp'}),
  )
}

function toDestination({family}: Spot): fc.Arbitrary<LabTarget> {
  const words = fc.tuple(
    fc.constantFrom(...addressRanges(family)),
    fc.option(portRange),
    fc.constantFrom('', '', '', ' --random', ' --persistent'),
  )
  return words.map(([ip, to, option]) => {
    const bracketed = family === 6 ? `[${ip.replace('-', ']-[')}]` : ip
    const whole = to === null ? ip : `${bracketed}:${to}`
    return {
      iptables: `-j DNAT --to-destination ${to === null ? ip : `${family === 6 ? `[${ip}]` : ip}:${to}`}${option}`,
      nft: `dnat ${family === 4 ? 'ip' : 'ip6'} to ${whole}${option.replace('--', '')}`,
      ...(to === null ? {} : {needs: 'ports' as const}),
    }
  })
}

/** Mostly one address. */
function addressRanges(family: Family): readonly string[] {
  const pair = family === 4 ? '10.2.0.1-10.2.0.2' : 'fd02::1-fd02::2'
  return [...NAT_TARGETS[family], ...NAT_TARGETS[family], pair]
}

const redirect: fc.Arbitrary<LabTarget> = fc.tuple(portRange, fc.constantFrom('', '', ' --random')).map(([to, random]) => ({
  iptables: `-j REDIRECT --to-ports ${to}${random}`,
  nft: `redirect to :${to}${random.replace('--', '')}`,
  needs: 'ports',
}))

function toSource({family}: Spot): fc.Arbitrary<LabTarget> {
  const ips = family === 4 ? ['10.2.0.1', '10.1.0.1', '10.5.0.1'] : ['fd02::1', 'fd01::1', 'fd05::1']
  const how = fc.constantFrom('', '', ' --random', ' --random-fully')
  return fc.oneof(
    always({iptables: '-j MASQUERADE', nft: 'masquerade'}),
    fc.constantFrom(...ips).map((ip) => ({iptables: `-j SNAT --to-source ${ip}`, nft: `snat ${family === 4 ? 'ip' : 'ip6'} to ${ip}`})),
    fc.tuple(sourcePorts, how).map(([ports, random]) => ({
      iptables: `-j MASQUERADE --to-ports ${ports}${random}`,
      nft: `masquerade to :${ports}${HOW_OF_NFT.get(random) ?? ''}`,
      needs: 'ports' as const,
    })),
    fc.tuple(fc.constantFrom(...ips), sourcePorts, how).map(([ip, ports, random]) => ({
      iptables: `-j SNAT --to-source ${family === 4 ? ip : `[${ip}]`}:${ports}${random}`,
      nft: `snat ${family === 4 ? 'ip' : 'ip6'} to ${family === 4 ? ip : `[${ip}]`}:${ports}${HOW_OF_NFT.get(random) ?? ''}`,
      needs: 'ports' as const,
    })),
    how.map((random) => ({iptables: `-j MASQUERADE${random}`, nft: `masquerade${HOW_OF_NFT.get(random) ?? ''}`})),
  )
}

/** One port, some that the sender may have, and some it has not: the kernel draws one. */
const sourcePorts = fc.constantFrom('50000', '1024-65535', '50000-60000')

const HOW_OF_NFT: ReadonlyMap<string, string> = new Map([
  [' --random', ' random'],
  [' --random-fully', ' fully-random'],
])

function tproxy({family}: Spot): fc.Arbitrary<LabTarget> {
  const loopback = family === 4 ? '127.0.0.1' : '::1'
  const ports = fc.constantFrom(15_001, 15_006, 15_008, 81)
  return fc.tuple(ports, fc.boolean(), fc.constantFrom(...MARKS)).map(([to, named, value]) => ({
    iptables: `-j TPROXY --on-port ${to}${named ? ` --on-ip ${loopback}` : ''} --tproxy-mark ${hex(value)}/0xfff`,
    nft: `meta mark set ${hex(value)} tproxy ${family === 4 ? 'ip' : 'ip6'} to ${named ? (family === 4 ? loopback : `[${loopback}]`) : ''}:${to} accept`,
    needs: 'ports',
  }))
}

function setService({family}: Spot): fc.Arbitrary<LabTarget> {
  return fc.constantFrom(...CODES).map((code) => ({
    iptables: `-j DSCP --set-dscp ${hex(code)}`,
    nft: `${family === 4 ? 'ip' : 'ip6'} dscp set ${hex(code)}`,
  }))
}

const untrack: fc.Arbitrary<LabTarget> = fc.constantFrom(
  {iptables: '-j CT --notrack', nft: 'notrack'},
  {iptables: '-j CT --zone 1', nft: 'ct zone set 1'},
  {iptables: '-j CT --zone-orig 1', nft: 'ct original zone set 1'},
  {iptables: '-j CT --zone-reply 2', nft: 'ct reply zone set 2'},
  {iptables: '-j CT --zone mark'},
  {iptables: '-j TRACE', nft: 'meta nftrace set 1'},
)

/** What a rule of the spot may do. */
export function targetAt(spot: Spot): fc.Arbitrary<LabTarget> {
  const {table, hook} = spot
  const marks: readonly fc.WeightedArbitrary<LabTarget>[] = [
    {weight: 3, arbitrary: setMark},
    {weight: 1, arbitrary: orMark},
    {weight: 2, arbitrary: copyMark},
  ]
  const basic: readonly fc.WeightedArbitrary<LabTarget>[] = [{weight: 4, arbitrary: verdicts}]
  const own = ((): readonly fc.WeightedArbitrary<LabTarget>[] => {
    switch (table) {
      case 'raw':
        return [{weight: 1, arbitrary: untrack}]
      case 'mangle':
        return [
          ...marks,
          {weight: 2, arbitrary: setService(spot)},
          {weight: 1, arbitrary: drop},
          {weight: hook === 'PREROUTING' ? 5 : 0, arbitrary: tproxy(spot)},
        ]
      case 'nat':
        return hook === 'PREROUTING' || hook === 'OUTPUT'
          ? [
              {weight: 4, arbitrary: redirect},
              {weight: 4, arbitrary: toDestination(spot)},
            ]
          : [{weight: 5, arbitrary: toSource(spot).filter(({iptables}) => hook === 'POSTROUTING' || !iptables.includes('MASQUERADE'))}]
      case 'filter':
        return [
          {weight: 2, arbitrary: drop},
          {weight: 3, arbitrary: reject(spot)},
          {weight: 1, arbitrary: setMark},
        ]
    }
  })()
  return fc.oneof(...basic, ...own)
}
