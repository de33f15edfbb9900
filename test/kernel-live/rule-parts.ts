import fc from 'fast-check'
import {connectionEnd, connectionProtocol, direction, state, stateAndDestination, status, translated} from './connection-parts.js'
import {DEVICES, NETWORKS} from './topology.js'
import {differs, hex, MARKS, MASKS, not, port, rarely, USERS, type Spot, type Wording} from './wording.js'

function address({family}: Spot): fc.Arbitrary<Wording> {
  const ip = family === 4 ? 'ip' : 'ip6'
  return fc.tuple(rarely, fc.constantFrom('s', 'd'), fc.constantFrom(...NETWORKS[family])).map(([negated, side, network]) => ({
    iptables: `${not(negated)}-${side} ${network}`,
    nft: `${ip} ${side}addr ${differs(negated)}${network}`,
  }))
}

/** In user chains the direction may be one that the hook does not know. */
function device({role, hook}: Spot): fc.Arbitrary<Wording> {
  const directions = hook === 'FORWARD' ? ['i', 'o'] : hook === 'PREROUTING' || hook === 'INPUT' ? ['i'] : ['o']
  return fc
    .tuple(rarely, fc.constantFrom(...directions), fc.constantFrom(...DEVICES[role], role === 'node' ? 'br0' : 'eth+'))
    .map(([negated, side, name]) => ({
      iptables: `${not(negated)}-${side} ${name}`,
      nft: `${side}ifname ${differs(negated)}"${name.replace('+', '*')}"`,
    }))
}

function mark(): fc.Arbitrary<Wording> {
  return fc
    .tuple(rarely, fc.constantFrom('mark', 'connmark'), fc.constantFrom(0, ...MARKS), fc.constantFrom(...MASKS))
    .map(([negated, kind, value, mask]) => ({
      iptables: `-m ${kind} ${not(negated)}--mark ${hex(value & mask)}/${hex(mask)}`,
      nft: `${kind === 'mark' ? 'meta' : 'ct'} mark & ${hex(mask)} ${negated ? '!=' : '=='} ${hex((value & mask) >>> 0)}`,
    }))
}

/** DSCP code points that ip rules and routes ask for as 0x08 and 0x10, and one whose bits no route looks at. */
export const CODES = [0x02, 0x04, 0x30] as const

function typeOfService({family}: Spot): fc.Arbitrary<Wording> {
  const ip = family === 4 ? 'ip' : 'ip6'
  const dscp = fc.tuple(rarely, fc.constantFrom(0, ...CODES)).map(([negated, code]) => ({
    iptables: `-m dscp ${not(negated)}--dscp ${hex(code)}`,
    nft: `${ip} dscp ${differs(negated)}${hex(code)}`,
  }))
  const tos = fc.tuple(rarely, fc.constantFrom('0x10/0x1c', '0x08', '0xc0/0xe0')).map(([negated, value]) => ({
    iptables: `-m tos ${not(negated)}--tos ${value}`,
  }))
  return fc.oneof(dscp, tos)
}

function addressType({hook}: Spot): fc.Arbitrary<Wording> {
  const sides = hook === 'PREROUTING' || hook === 'INPUT' || hook === 'FORWARD' ? ['src', 'dst'] : ['dst', 'src']
  return fc.tuple(rarely, fc.constantFrom(...sides), fc.constantFrom('LOCAL', 'UNICAST')).map(([negated, side, type]) => ({
    iptables: `-m addrtype ${not(negated)}--${side}-type ${type}`,
    nft: `fib ${side[0] ?? ''}addr type ${differs(negated)}${type.toLowerCase()}`,
  }))
}

function owner(): fc.Arbitrary<Wording> {
  return fc.tuple(rarely, fc.constantFrom('uid', 'gid'), fc.constantFrom(...USERS)).map(([negated, kind, id]) => ({
    iptables: `-m owner ${not(negated)}--${kind}-owner ${id}`,
    nft: `meta sk${kind} ${differs(negated)}${id}`,
  }))
}

function socketExists(): fc.Arbitrary<Wording> {
  return rarely.map((negated) => ({iptables: `-m owner ${not(negated)}--socket-exists`}))
}

function socket(): fc.Arbitrary<Wording> {
  return fc.constantFrom(
    {iptables: '-m socket'},
    {iptables: '-m socket --transparent', nft: 'socket transparent 1'},
    {iptables: '-m socket --nowildcard'},
  )
}

/** Sets that every namespace of the suite holds, see {@link SETS}. */
function inSet({family, hook}: Spot): fc.Arbitrary<Wording> {
  const devices = hook === 'PREROUTING' || hook === 'FORWARD' ? ['dev src,src'] : []
  const sides = fc.constantFrom(
    'ips src',
    'ips dst',
    'nets src',
    'nets dst',
    'ports dst,dst',
    'ports src,dst',
    'pairs src,dst',
    'marks dst',
    ...devices,
  )
  return fc.tuple(rarely, sides).map(([negated, side]) => {
    const [name = '', directions = ''] = side.split(' ')
    const nft =
      name === 'ips' ? {nft: `${family === 4 ? 'ip' : 'ip6'} ${directions === 'src' ? 's' : 'd'}addr ${differs(negated)}@ips`} : {}
    return {iptables: `-m set ${not(negated)}--match-set ${name} ${directions}`, ...nft}
  })
}

const nth = fc.integer({min: 2, max: 3}).chain((every) =>
  fc.nat(every - 1).map((packet) => ({
    iptables: `-m statistic --mode nth --every ${every} --packet ${packet}`,
    nft: `numgen inc mod ${every} ${packet}`,
  })),
)

const random = fc.constantFrom('0.5', '0.33333333349').map((share) => ({
  iptables: `-m statistic --mode random --probability ${share}`,
  nft: `meta random & 2147483647 < ${Math.round(Number(share) * 2 ** 31)}`,
}))

/** Conditions that a rule of the spot may have, besides its protocol and ports. */
export function condition(spot: Spot): fc.Arbitrary<Wording> {
  const sends = spot.hook === 'OUTPUT' || spot.hook === 'POSTROUTING'
  const takes = spot.hook === 'PREROUTING' || spot.hook === 'INPUT'
  return fc.oneof(
    {weight: 4, arbitrary: address(spot)},
    {weight: 3, arbitrary: device(spot)},
    {weight: 4, arbitrary: mark()},
    {weight: 2, arbitrary: inSet(spot)},
    {weight: 2, arbitrary: state()},
    {weight: 2, arbitrary: typeOfService(spot)},
    {weight: 1, arbitrary: translated()},
    {weight: 1, arbitrary: direction()},
    {weight: 2, arbitrary: connectionEnd(spot)},
    {weight: 1, arbitrary: connectionProtocol()},
    {weight: 1, arbitrary: status()},
    {weight: 1, arbitrary: stateAndDestination(spot)},
    {weight: 2, arbitrary: addressType(spot)},
    {weight: sends ? 2 : 0, arbitrary: owner()},
    {weight: sends ? 1 : 0, arbitrary: socketExists()},
    {weight: takes ? 1 : 0, arbitrary: socket()},
    {weight: 1, arbitrary: nth},
    {weight: 1, arbitrary: random},
  )
}

/** Protocol and ports: what NAT and TPROXY need, and at most one of it in a rule. */
export function protocolPart({family}: Spot, needed: 'tcp' | 'ports' | undefined): fc.Arbitrary<Wording> {
  const transport = needed === 'tcp' ? fc.constant('tcp') : fc.constantFrom('tcp', 'tcp', 'udp')
  const plain = transport.map((name) => ({iptables: `-p ${name}`, nft: `meta l4proto ${name}`}))
  const withPorts = transport.chain((name) => portPart(name))
  if (needed !== undefined) return fc.oneof(plain, withPorts)
  const icmp = family === 4 ? 'icmp' : 'ipv6-icmp'
  return fc.oneof(
    {weight: 3, arbitrary: fc.constant({iptables: '', nft: ''})},
    {weight: 2, arbitrary: plain},
    {weight: 4, arbitrary: withPorts},
    {
      weight: 1,
      arbitrary: fc.constantFrom({iptables: `-p ${icmp}`, nft: `meta l4proto ${icmp}`}, {iptables: '! -p tcp', nft: 'meta l4proto != tcp'}),
    },
    {weight: 1, arbitrary: fc.constant({iptables: '-p tcp --syn', nft: 'tcp flags & (fin|syn|rst|ack) == syn'})},
  )
}

function portPart(protocol: string): fc.Arbitrary<Wording> {
  const single = fc.tuple(rarely, fc.constantFrom('s', 'd', 'd', 'd'), port).map(([negated, side, one]) => ({
    iptables: `-p ${protocol} ${not(negated)}--${side}port ${one}`,
    nft: `${protocol} ${side}port ${differs(negated)}${one}`,
  }))
  const range = fc.tuple(rarely, port, fc.nat(10_000)).map(([negated, from, more]) => ({
    iptables: `-p ${protocol} ${not(negated)}--dport ${from}:${from + more}`,
    nft: `${protocol} dport ${differs(negated)}${from}-${from + more}`,
  }))
  const many = fc
    .tuple(rarely, fc.constantFrom('sports', 'dports', 'ports'), fc.uniqueArray(port, {minLength: 2, maxLength: 4}))
    .map(([negated, side, list]) => ({
      iptables: `-p ${protocol} -m multiport ${not(negated)}--${side} ${list.join(',')}`,
      ...(side === 'ports' ? {} : {nft: `${protocol} ${side.slice(0, -1)} ${differs(negated)}{ ${list.join(', ')} }`}),
    }))
  return fc.oneof({weight: 3, arbitrary: single}, range, many)
}
