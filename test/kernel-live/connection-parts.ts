import fc from 'fast-check'
import {NETWORKS} from './topology.js'
import {differs, not, port, rarely, type Spot, type Wording} from './wording.js'

export function state(): fc.Arbitrary<Wording> {
  const states = fc.subarray(['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'], {minLength: 1, maxLength: 2})
  return fc.tuple(rarely, states).map(([negated, names]) => ({
    iptables: `-m conntrack ${not(negated)}--ctstate ${names.join(',')}`,
    nft: `ct state ${differs(negated)}${negated && names.length > 1 ? `{ ${names.join(', ').toLowerCase()} }` : names.join(',').toLowerCase()}`,
  }))
}

export function translated(): fc.Arbitrary<Wording> {
  return fc.tuple(rarely, fc.constantFrom('DNAT', 'SNAT')).map(([negated, name]) => ({
    iptables: `-m conntrack ${not(negated)}--ctstate ${name}`,
    ...(negated ? {} : {nft: `ct status ${name.toLowerCase()}`}),
  }))
}

export function direction(): fc.Arbitrary<Wording> {
  return fc.constantFrom('ORIGINAL', 'REPLY').map((name) => ({
    iptables: `-m conntrack --ctdir ${name}`,
    nft: `ct direction ${name.toLowerCase()}`,
  }))
}

export function connectionEnd({family}: Spot): fc.Arbitrary<Wording> {
  const ends = fc.tuple(rarely, fc.constantFrom('orig', 'repl'), fc.constantFrom('src', 'dst'))
  const ofAddress = fc.tuple(ends, fc.constantFrom(...NETWORKS[family])).map(([[negated, of, side], network]) => ({
    iptables: `-m conntrack ${not(negated)}--ct${of}${side} ${network}`,
    nft: `ct ${of === 'orig' ? 'original' : 'reply'} ${family === 4 ? 'ip' : 'ip6'} ${side[0] ?? ''}addr ${differs(negated)}${network}`,
  }))
  const ofPort = fc.tuple(ends, port).map(([[negated, of, side], one]) => ({
    iptables: `-m conntrack ${not(negated)}--ct${of}${side}port ${one}`,
  }))
  return fc.oneof({weight: 2, arbitrary: ofAddress}, ofPort)
}

export function connectionProtocol(): fc.Arbitrary<Wording> {
  return fc.tuple(rarely, fc.constantFrom('tcp', 'udp')).map(([negated, name]) => ({
    iptables: `-m conntrack ${not(negated)}--ctproto ${name}`,
    nft: `ct protocol ${differs(negated)}${name}`,
  }))
}

/** One bit or another; of none in nft: `!`. */
export function status(): fc.Arbitrary<Wording> {
  const names = fc.subarray(['SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'EXPECTED'], {minLength: 1, maxLength: 2})
  return fc.tuple(rarely, names).map(([negated, bits]) => ({
    iptables: `-m conntrack ${not(negated)}--ctstatus ${bits.join(',')}`,
    ...(negated ? {} : {nft: `ct status ${bits.join(',').toLowerCase().replaceAll('_', '-')}`}),
  }))
}

/** Without a connection the state alone decides. */
export function stateAndDestination({family}: Spot): fc.Arbitrary<Wording> {
  return fc
    .tuple(fc.constantFrom('INVALID', 'UNTRACKED', 'NEW', 'NEW,INVALID,UNTRACKED'), fc.constantFrom(...NETWORKS[family]))
    .map(([names, network]) => ({iptables: `-m conntrack --ctstate ${names} --ctorigdst ${network}`}))
}
