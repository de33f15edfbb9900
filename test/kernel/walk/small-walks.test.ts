import {describe, expect, test} from 'vitest'
import type {NetworkNamespace} from '../../../src/kernel/config/namespace.js'
import type {Attempt} from '../../../src/kernel/walk/connect.js'
import {smallNamespace} from '../small-namespace.js'
import {walkSmall} from '../small-walk.js'

const LINK = 'eth0 2 10.0.0.2/24 7 elsewhere'
const DEFAULT_ROUTE = 'default via 10.0.0.1 dev eth0'

interface Walk {
  readonly what: string
  readonly iptables?: string
  readonly nft?: string
  readonly rules?: string
  readonly routes?: string
  readonly ipset?: string
  readonly sysctls?: string
  readonly attempt?: Partial<Attempt>
  readonly ends: readonly string[]
}

const output = (rules: string, table = 'nat'): string => `*${table}\n:OUTPUT ACCEPT [0:0]\n:sub - [0:0]\n:other - [0:0]\n${rules}\nCOMMIT`
const input = (rules: string, table = 'filter'): string => `*${table}\n:INPUT ACCEPT [0:0]\n${rules}\nCOMMIT`
const INCOMING = {inDevice: 'eth0', source: '10.9.9.9', destination: {ip: '10.0.0.2', port: 80}} as const

const nftChain = (heading: string, rules: string): string =>
  `table inet t {\n\tchain sub {\n\t\treturn\n\t}\n\tchain c {\n\t\ttype ${heading}; policy accept;\n${rules}\n\t}\n}`
const MARKED = '0: from all lookup local\n10: from all fwmark 0x1 lookup 7\n32766: from all lookup main'

const WALKS: readonly Walk[] = [
  {what: 'no rules: it leaves', ends: ['1 left connected']},
  {what: 'DROP', iptables: output('-A OUTPUT -j DROP', 'filter'), ends: ['1 dropped timeout']},
  {what: 'the first match decides', iptables: output('-A OUTPUT -j ACCEPT\n-A OUTPUT -j DROP', 'filter'), ends: ['1 left connected']},
  {
    what: 'RETURN goes back to the caller',
    iptables: output('-A OUTPUT -j sub\n-A OUTPUT -j DROP\n-A sub -j RETURN\n-A sub -j ACCEPT', 'filter'),
    ends: ['1 dropped timeout'],
  },
  {
    what: 'goto does not come back',
    iptables: output('-A OUTPUT -g sub\n-A OUTPUT -j DROP\n-A sub -j RETURN', 'filter'),
    ends: ['1 left connected'],
  },
  {
    what: 'a goto inside a jump returns to the jump',
    iptables: output('-A OUTPUT -j sub\n-A OUTPUT -j DROP\n-A sub -g other\n-A sub -j ACCEPT', 'filter'),
    ends: ['1 dropped timeout'],
  },
  {what: 'the policy of a base chain', iptables: '*filter\n:OUTPUT DROP [0:0]\nCOMMIT', ends: ['1 dropped timeout']},
  {what: 'REJECT of what is sent', iptables: output('-A OUTPUT -p tcp -j REJECT', 'filter'), ends: ['1 dropped ECONNREFUSED']},
  {what: 'REDIRECT of what is sent', iptables: output('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001'), ends: ['1 captured connected']},
  {
    what: 'DNAT asks for another route',
    iptables: output('-A OUTPUT -p tcp -j DNAT --to-destination 10.7.0.1:1'),
    rules: '0: from all lookup local\n10: from all to 10.7.0.0/16 unreachable\n32766: from all lookup main',
    ends: ['1 dropped timeout'],
  },
  {
    what: 'a mark in OUTPUT asks for another route',
    iptables: output('-A OUTPUT -j MARK --set-mark 0x1', 'mangle'),
    rules: '0: from all lookup local\n10: from all fwmark 0x1 blackhole\n32766: from all lookup main',
    ends: ['1 dropped timeout'],
  },
  {
    what: 'connmark saved and restored',
    iptables: output(
      '-A OUTPUT -j MARK --set-xmark 0x30/0xff\n-A OUTPUT -j CONNMARK --save-mark --nfmask 0x10 --ctmask 0xff\n-A OUTPUT -m connmark ! --mark 0x10/0xff -j DROP\n-A OUTPUT -j CONNMARK --restore-mark\n-A OUTPUT -m mark ! --mark 0x10 -j DROP',
      'mangle',
    ),
    ends: ['1 left connected'],
  },
  {
    what: 'one port of a range, at random',
    iptables: `${output('-A OUTPUT -p tcp -j REDIRECT --to-ports 80-82 --random')}\n${input('-A INPUT -p tcp --dport 82 -j DROP')}`,
    ends: ['1/3 captured connected', '1/3 dropped ECONNREFUSED', '1/3 dropped timeout'],
  },
  {
    what: 'the first port of a range; one of the range stays',
    iptables: output('-A OUTPUT -p tcp --dport 81 -j REDIRECT --to-ports 80-82\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001-15006'),
    ends: ['1 captured connected'],
  },
  {
    what: 'one address of a range: a hash chooses',
    iptables: `${output('-A OUTPUT -p tcp -j DNAT --to-destination 10.7.0.1-10.7.0.2')}\n${output('-A OUTPUT -d 10.7.0.1/32 -j DROP', 'filter')}`,
    ends: ['one of 2 dropped timeout', 'one of 2 left connected'],
  },
  {
    what: 'a draw, then another',
    iptables: output(
      '-A OUTPUT -m statistic --mode random --probability 0.33333333349 -j REDIRECT --to-ports 15001\n-A OUTPUT -m statistic --mode random --probability 0.50000000000 -j DROP',
      'nat',
    ),
    ends: ['1/3 captured connected', '1/3 dropped timeout', '1/3 left connected'],
  },
  {
    what: 'every third packet in turn: SYN, ACK or the next one',
    iptables: output('-A OUTPUT -p tcp -m statistic --mode nth --every 3 --packet 0 -j DROP', 'filter'),
    ends: ['1/3 dropped timeout', '1/3 asymmetric connected', '1/3 left connected'],
  },
  {
    what: 'the owner of a socket: nobody knows',
    iptables: output('-A OUTPUT -p tcp -m owner --uid-owner 1337 -j DROP', 'filter'),
    ends: ['one of 2 dropped timeout', 'one of 2 left connected'],
  },
  {
    what: 'the owner of what only passes: none',
    iptables: input('-A INPUT -m owner --uid-owner 1337 -j DROP'),
    attempt: INCOMING,
    ends: ['1 delivered connected'],
  },
  {
    what: 'a socket exists for what is sent',
    iptables: output('-A OUTPUT -m owner --socket-exists -j DROP', 'filter'),
    ends: ['1 dropped timeout'],
  },
  {
    what: 'a set holds the destination',
    iptables: output('-A OUTPUT -m set --match-set s dst -j DROP', 'filter'),
    ipset: 'create s hash:net family inet\nadd s 10.5.0.0/16',
    ends: ['1 dropped timeout'],
  },
  {
    what: 'but an exception of the set does not',
    iptables: output('-A OUTPUT -m set --match-set s dst -j DROP', 'filter'),
    ipset: 'create s hash:net family inet\nadd s 10.5.0.0/16\nadd s 10.5.0.1 nomatch',
    ends: ['1 left connected'],
  },
  {
    what: 'a set that was not recorded',
    iptables: output('-A OUTPUT -m set --match-set s dst -j DROP', 'filter'),
    ends: ['one of 2 dropped timeout', 'one of 2 left connected'],
  },
  // What the live suite found: the kernel does not do what one would read out of the rules.
  {
    what: 'REJECT with an error of its own choice',
    iptables: output('-A OUTPUT -p tcp -j REJECT --reject-with icmp-host-prohibited', 'filter'),
    ends: ['1 dropped EHOSTUNREACH'],
  },
  {
    what: 'REJECT with a reset',
    iptables: output('-A OUTPUT -p tcp --syn -j REJECT --reject-with tcp-reset', 'filter'),
    ends: ['1 dropped ECONNREFUSED'],
  },
  {
    what: 'REJECT with a reset that the same rule takes',
    iptables: output('-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset', 'filter'),
    ends: ['1 dropped timeout'],
  },
  {
    what: 'an error belongs to the connection it is about, even if that was never opened',
    iptables: `${output('-A OUTPUT -p tcp -j REJECT', 'filter')}\n*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate RELATED -j DROP\nCOMMIT`,
    ends: ['1 dropped timeout'],
  },
  {
    what: 'a datagram that is dropped: its sender is told at once',
    iptables: output('-A OUTPUT -j DROP', 'filter'),
    attempt: {protocol: 'udp'},
    ends: ['1 dropped EPERM'],
  },
  {
    what: 'a nat table that translates nothing is never asked',
    iptables: `${output('-A OUTPUT -j MARK --set-mark 0x1')}\n${output('-A OUTPUT -m mark --mark 0x1 -j DROP', 'filter')}`,
    ends: ['1 left connected'],
  },
  {
    what: 'one that could translate something is',
    iptables: `${output('-A OUTPUT -j MARK --set-mark 0x1\n-A OUTPUT -p icmp -j REDIRECT')}\n${output('-A OUTPUT -m mark --mark 0x1 -j DROP', 'filter')}`,
    ends: ['1 dropped timeout'],
  },
  {
    what: 'a packet that is routed again still leaves by its first device for the rest of OUTPUT',
    iptables: `${output('-A OUTPUT -j MARK --set-mark 0x1', 'mangle')}\n${output('-A OUTPUT -o lo -j DROP', 'filter')}`,
    rules: MARKED,
    routes: `local default dev lo table 7\n${DEFAULT_ROUTE}`,
    ends: ['1 asymmetric timeout'],
  },
  {
    what: 'what NAT changed is in state DNAT',
    iptables: `${output('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001')}\n${input('-A INPUT -p tcp -m conntrack ! --ctstate DNAT -j DROP')}`,
    ends: ['1 captured connected'],
  },
  {
    what: 'what comes round the loopback is tracked already: NOTRACK is too late',
    iptables: `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j CT --notrack\nCOMMIT\n${output('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001')}`,
    ends: ['1 captured connected'],
  },
  {
    what: 'a set of sets holds what one of them holds',
    iptables: output('-A OUTPUT -m set --match-set all dst -j DROP', 'filter'),
    ipset: 'create s hash:net family inet\nadd s 10.5.0.0/16\ncreate all list:set size 8\nadd all s',
    ends: ['1 dropped timeout'],
  },
  {
    what: 'a set of networks and devices',
    iptables: input('-A INPUT -m set --match-set s src,src -j DROP'),
    ipset: 'create s hash:net,iface family inet\nadd s 10.9.0.0/16,eth0',
    attempt: INCOMING,
    ends: ['1 dropped timeout'],
  },
  {
    what: '-m socket by itself is a condition',
    iptables: '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m socket --nowildcard -j DROP\nCOMMIT',
    attempt: {...INCOMING, destination: {ip: '10.0.0.2', port: 81}},
    ends: ['1 dropped ECONNREFUSED'],
  },
  {
    what: 'tproxy of nft without a socket goes on with the next rule',
    nft: nftChain('filter hook prerouting priority mangle', '\t\tmeta l4proto tcp tproxy ip to :81 accept'),
    attempt: INCOMING,
    ends: ['1 delivered connected'],
  },
  {
    what: 'a rule of nft that sets two marks goes on with the next one',
    nft: nftChain('filter hook prerouting priority mangle', '\t\tmeta mark set 0x1 ct mark set 0x1\n\t\tmeta mark 0x1 drop'),
    attempt: INCOMING,
    ends: ['1 dropped timeout'],
  },
  {
    what: 'a rule of nft that returns after a statement leaves its chain',
    nft: nftChain('filter hook prerouting priority mangle', '\t\tmeta mark set 0x1 return\n\t\tmeta mark 0x1 drop'),
    attempt: INCOMING,
    ends: ['1 delivered connected'],
  },
  {what: 'no route', routes: '', ends: ['1 dropped ENETUNREACH']},
  {what: 'an unreachable route', routes: 'unreachable 10.5.0.0/16', ends: ['1 dropped EHOSTUNREACH']},
  {
    what: 'throw goes on with the next rule',
    rules: '0: from all lookup local\n10: from all lookup 7\n32766: from all lookup main',
    routes: `throw 10.5.0.0/16 table 7\nblackhole default table 7\n${DEFAULT_ROUTE}`,
    ends: ['1 left connected'],
  },
  {
    what: 'goto skips rules',
    rules: '0: from all lookup local\n10: from all goto 30\n20: from all unreachable\n30: from all nop\n32766: from all lookup main',
    ends: ['1 left connected'],
  },
  {
    what: 'an answer that rp_filter refuses',
    sysctls: 'net.ipv4.conf.eth0.rp_filter = 1',
    rules:
      '0: from all lookup local\n10: from all to 10.5.0.1 fwmark 0x1 lookup main\n20: from all to 10.5.0.1 unreachable\n32766: from all lookup main',
    attempt: {mark: 1},
    ends: ['1 asymmetric timeout'],
  },
  {
    what: 'an answer whose way back is asked for with its ports, turned round',
    sysctls: 'net.ipv4.conf.eth0.rp_filter = 1',
    rules:
      '0: from all lookup local\n10: from all to 10.5.0.1 iif lo dport 80 lookup main\n20: from all to 10.5.0.1 unreachable\n32766: from all lookup main',
    ends: ['1 left connected'],
  },
  {what: 'a packet comes in', attempt: INCOMING, ends: ['1 delivered connected']},
  {
    what: 'TPROXY without a transparent socket',
    iptables: '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j TPROXY --on-port 80 --tproxy-mark 0x1\nCOMMIT',
    attempt: INCOMING,
    ends: ['1 dropped timeout'],
  },
  {
    what: 'REDIRECT of what comes in',
    iptables: '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp ! --dport 15008 -j REDIRECT --to-ports 15006\nCOMMIT',
    attempt: INCOMING,
    ends: ['1 captured connected'],
  },
  {
    what: 'an established answer passes where new packets do not',
    iptables: '*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT',
    ends: ['1 left connected'],
  },
  {
    what: 'an answer that is not let in',
    iptables: input('-A INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK -j DROP'),
    ends: ['1 asymmetric timeout'],
  },
]

describe('a packet meets', () => {
  test.each(WALKS)('$what', ({attempt, ends, ...texts}) => {
    expect(walkSmall(namespaceOf(texts), attempt).ends).toEqual(ends)
  })
})

function namespaceOf({iptables, nft, rules, routes = DEFAULT_ROUTE, ipset, sysctls}: Partial<Walk>): NetworkNamespace {
  return smallNamespace({
    name: 'here',
    links: [LINK],
    routes,
    listens: [80, 15_001, 15_006],
    ...(iptables === undefined ? {} : {iptables}),
    ...(nft === undefined ? {} : {nft}),
    ...(rules === undefined ? {} : {rules}),
    ...(ipset === undefined ? {} : {ipset}),
    ...(sysctls === undefined ? {} : {sysctls}),
  })
}
