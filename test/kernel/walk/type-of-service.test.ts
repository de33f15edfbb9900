import {describe, expect, test} from 'vitest'
import type {Attempt} from '../../../src/kernel/walk/connect.js'
import {smallNamespace} from '../small-namespace.js'
import {walkSmall} from '../small-walk.js'

interface Service {
  readonly what: string
  readonly iptables?: string
  readonly nft?: string
  readonly rules?: string
  readonly attempt?: Partial<Attempt>
  readonly ends: readonly string[]
}

const table = (name: string, rules: string): string =>
  `*${name}\n:OUTPUT ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:PREROUTING ACCEPT [0:0]\n${rules}\nCOMMIT\n`
const nft = (rules: string): string =>
  `table inet t {\n\tchain o {\n\t\ttype route hook output priority mangle; policy accept;\n${rules}\n\t}\n}`
const BY_TOS = '0: from all lookup local\n10: from all tos 0x10 blackhole\n32766: from all lookup main'
const INCOMING = {inDevice: 'eth0', source: '10.9.9.9', destination: {ip: '10.0.0.2', port: 81}} as const

const CASES: readonly Service[] = [
  {what: 'nothing sets it', iptables: table('filter', '-A OUTPUT -m tos ! --tos 0x00/0xff -j DROP'), ends: ['1 left connected']},
  {
    what: 'what was set is seen',
    iptables: table('mangle', '-A OUTPUT -j DSCP --set-dscp 0x2e') + table('filter', '-A OUTPUT -m dscp --dscp 0x2e -j DROP'),
    ends: ['1 dropped timeout'],
  },
  {
    what: 'some of its bits are set',
    iptables:
      table('mangle', '-A OUTPUT -j TOS --set-tos 0xff/0xff\n-A OUTPUT -j TOS --set-tos 0x00/0x0f') +
      table('filter', '-A OUTPUT -m tos --tos 0xf0/0xff -j DROP'),
    ends: ['1 dropped timeout'],
  },
  {
    what: 'a type of service in OUTPUT asks for another route',
    iptables: table('mangle', '-A OUTPUT -j TOS --set-tos 0x10/0xff'),
    rules: BY_TOS,
    ends: ['1 dropped timeout'],
  },
  {what: 'as nft says it', nft: nft('\t\tip dscp 0x00 ip dscp set 0x04'), rules: BY_TOS, ends: ['1 dropped timeout']},
  {what: 'a class by its name', nft: nft('\t\tip dscp set af21\n\t\tip dscp { cs1, af21 } drop'), ends: ['1 dropped timeout']},
  {what: 'of the other family', nft: nft('\t\tip6 dscp cs0 drop'), ends: ['1 left connected']},
  {
    what: 'an answer has its own',
    iptables: table('mangle', '-A PREROUTING -j TOS --set-tos 0x10/0xff') + table('filter', '-A OUTPUT -m tos ! --tos 0x00/0xff -j DROP'),
    attempt: {...INCOMING, destination: {ip: '10.0.0.2', port: 80}},
    ends: ['1 delivered connected'],
  },
  {
    what: 'a refusal repeats that of the segment',
    iptables: table('mangle', '-A PREROUTING -j TOS --set-tos 0x10/0xff') + table('filter', '-A OUTPUT -m tos --tos 0x10/0xff -j DROP'),
    attempt: INCOMING,
    ends: ['1 dropped timeout'],
  },
  {
    what: 'an error has the precedence of control',
    iptables: table('filter', '-A INPUT -p udp -j REJECT\n-A OUTPUT -p icmp -m tos --tos 0xc0/0xff -j DROP'),
    attempt: {...INCOMING, protocol: 'udp'},
    ends: ['1 dropped ok'],
  },
]

describe('types of service', () => {
  test.each(CASES)('$what', ({attempt = {}, ends, ...texts}) => {
    const namespace = smallNamespace({
      name: 'here',
      links: ['eth0 2 10.0.0.2/24 7 elsewhere'],
      routes: 'default via 10.0.0.1 dev eth0',
      listens: [80],
      ...(texts.iptables === undefined ? {} : {iptables: texts.iptables}),
      ...(texts.nft === undefined ? {} : {nft: texts.nft}),
      ...(texts.rules === undefined ? {} : {rules: texts.rules}),
    })
    expect(walkSmall(namespace, attempt).ends).toEqual(ends)
  })
})
