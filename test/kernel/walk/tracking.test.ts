import {describe, expect, test} from 'vitest'
import {smallNamespace} from '../small-namespace.js'
import {walkSmall} from '../small-walk.js'
import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {walkAttempt} from '../../../src/kernel/walk/connect.js'

/** Conditions that hold in a chain before tracking, of those that the same kernel was asked with counters. */
interface Before {
  readonly what: string
  readonly prepared: readonly string[]
  readonly holds: readonly string[]
}

const ASKED = [
  '--ctstate NEW',
  '--ctstate INVALID',
  '--ctstate UNTRACKED',
  '! --ctstate INVALID',
  '--ctdir ORIGINAL',
  '--ctdir REPLY',
  '--ctstatus CONFIRMED',
  '! --ctstatus CONFIRMED',
  '! --ctstatus NONE',
  '--ctstatus NONE',
  '--ctproto 17',
  '! --ctproto 17',
  '--ctorigdst 0.0.0.0/0',
  '! --ctorigdst 10.5.0.1/32',
  '--ctorigdst 10.5.0.1/32',
  '--ctstate INVALID --ctorigdst 192.0.2.4/32',
  '--ctstate UNTRACKED --ctorigdst 192.0.2.4/32',
  '--ctorigsrcport 0',
]

const EMPTY = [
  '--ctstate NEW',
  '! --ctstate INVALID',
  '--ctdir ORIGINAL',
  '--ctstatus CONFIRMED',
  '! --ctstatus NONE',
  '! --ctproto 17',
  '--ctorigdst 0.0.0.0/0',
  '! --ctorigdst 10.5.0.1/32',
  '--ctorigsrcport 0',
]
const NOT_TRACKED = ['--ctstate UNTRACKED', '! --ctstate INVALID', '--ctstate UNTRACKED --ctorigdst 192.0.2.4/32']

const BEFORE: readonly Before[] = [
  {what: 'nothing', prepared: [], holds: ['--ctstate INVALID', '--ctstate INVALID --ctorigdst 192.0.2.4/32']},
  {what: 'a zone', prepared: ['CT --zone 1'], holds: EMPTY},
  {what: 'a helper', prepared: ['CT --helper ftp'], holds: EMPTY},
  {what: 'a zone for answers', prepared: ['CT --zone-reply 1'], holds: EMPTY},
  {what: 'no tracking', prepared: ['CT --notrack'], holds: NOT_TRACKED},
  {what: 'no tracking, then a zone', prepared: ['CT --notrack', 'CT --zone 1'], holds: NOT_TRACKED},
  {what: 'a zone, then no tracking', prepared: ['CT --zone 1', 'CT --notrack'], holds: EMPTY},
]

function visited(rules: string, tool: 'iptables' | 'nft'): readonly string[] {
  const namespace = smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24 7 elsewhere'],
    routes: 'default via 10.0.0.1 dev eth0',
    ...(tool === 'nft' ? {nft: rules} : {iptables: rules}),
  })
  const hooks = walkSmall(namespace, {protocol: 'udp'}).passes[0]?.hooks ?? []
  return hooks.flatMap((hook) => hook.visited.flatMap(({rule}) => rule?.text ?? []))
}

describe('before a connection is tracked', () => {
  test.each(BEFORE)('$what', ({prepared, holds}) => {
    const rules = [...prepared.map((target) => `-A OUTPUT -j ${target}`), ...ASKED.map((asked) => `-A OUTPUT -m conntrack ${asked}`)]
    const texts = visited(`*raw\n:OUTPUT ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT`, 'iptables')
    expect(texts.slice(prepared.length)).toEqual(holds.map((asked) => `-A OUTPUT -m conntrack ${asked}`))
  })

  test.each([
    {prepared: [], holds: ['ct state invalid']},
    {prepared: ['ct zone set 1'], holds: ['ct state new']},
    {prepared: ['ct original zone set 3'], holds: ['ct state new']},
    {prepared: ['notrack'], holds: ['ct state untracked']},
    {prepared: ['notrack', 'ct zone set 1'], holds: ['ct state new']},
    {prepared: ['ct zone set 1', 'notrack'], holds: ['ct state new']},
  ])('nft: $prepared', ({prepared, holds}) => {
    const asked = [
      'ct state new',
      'ct state invalid',
      'ct state untracked',
      'ct direction original',
      'ct status confirmed',
      'ct mark 0',
      'ct mark != 5',
    ]
    const rules = [...prepared, ...asked].map((rule) => `\t\t${rule}`).join('\n')
    const texts = visited(`table inet t {\n\tchain o {\n\t\ttype filter hook output priority raw; policy accept;\n${rules}\n\t}\n}`, 'nft')
    expect(texts.slice(prepared.length)).toEqual(holds)
  })
})

interface Later {
  readonly what: string
  readonly iptables: string
  readonly ends: readonly string[]
}

const input = (rules: string): string => `*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules}\nCOMMIT\n`
const raw = (rules: string): string => `*raw\n:OUTPUT ACCEPT [0:0]\n:PREROUTING ACCEPT [0:0]\n${rules}\nCOMMIT\n`

const LATER: readonly Later[] = [
  {
    what: 'an answer is found in the zone of its direction',
    iptables: raw('-A OUTPUT -j CT --zone-orig 5') + input('-A INPUT -m conntrack ! --ctstate ESTABLISHED -j DROP'),
    ends: ['1 left connected'],
  },
  {
    what: 'an answer is not found in another zone',
    iptables: raw('-A OUTPUT -j CT --zone 5') + input('-A INPUT -m conntrack ! --ctstate ESTABLISHED -j DROP'),
    ends: ['1 asymmetric timeout'],
  },
  {
    what: 'an answer is found in the zone that is its mark',
    iptables:
      raw('-A OUTPUT -j CT --zone mark\n-A PREROUTING -j CT --zone 7') + input('-A INPUT -m conntrack ! --ctstate ESTABLISHED -j DROP'),
    ends: ['1 left connected'],
  },
  {
    what: 'an answer that is invalid when it is sent is found when it comes round the loopback',
    iptables: `${raw('-A OUTPUT -p tcp --sport 15001 -j CT --zone 5')}*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n`,
    ends: ['1 captured connected'],
  },
  {
    what: 'an answer was seen, and acknowledged',
    iptables: input(
      '-A INPUT -m conntrack ! --ctstatus SEEN_REPLY -j DROP\n-A INPUT -m conntrack --ctstatus ASSURED -j DROP\n-A OUTPUT -m conntrack --ctstatus SEEN_REPLY -m conntrack ! --ctstatus ASSURED -j DROP',
    ),
    ends: ['1 left connected'],
  },
  {
    what: 'the ends of answers',
    iptables: input('-A INPUT -m conntrack --ctproto 6 --ctreplsrc 10.5.0.0/16 --ctreplsrcport 80 --ctrepldstport 40000 -j DROP'),
    ends: ['1 asymmetric timeout'],
  },
]

describe('a condition that nobody knows', () => {
  test.each([
    {what: 'before a rule that only looks on', rule: '-m limit --limit 5/min -j LOG', ends: ['1 left connected']},
    {
      what: 'before a rule that decides',
      rule: '-m limit --limit 5/min -j DROP',
      ends: ['one of 2 dropped timeout', 'one of 2 left connected'],
    },
  ])('$what', ({rule, ends}) => {
    const namespace = smallNamespace({
      name: 'here',
      links: ['eth0 2 10.0.0.2/24 7 elsewhere'],
      routes: 'default via 10.0.0.1 dev eth0',
      iptables: input(`-A OUTPUT ${rule}`),
    })
    expect(walkSmall(namespace).ends).toEqual(ends)
  })
})

describe('of a tracked connection', () => {
  test.each(LATER)('$what', ({iptables, ends}) => {
    const namespace = smallNamespace({
      name: 'here',
      links: ['eth0 2 10.0.0.2/24 7 elsewhere'],
      routes: 'default via 10.0.0.1 dev eth0',
      listens: [15_001],
      iptables,
    })
    expect(walkSmall(namespace, {mark: 7}).ends).toEqual(ends)
  })
})

describe('an error about what is not tracked', () => {
  const refusing = '-p udp -j REJECT --reject-with icmp-port-unreachable'
  const untracked = '-A PREROUTING -p udp -j CT --notrack'
  const invalid = input(`-A INPUT ${refusing}\n-A OUTPUT -p icmp -m conntrack --ctstate INVALID -j DROP`)
  const chain = '\tchain o {\n\t\ttype filter hook output priority raw; policy accept;\n\t\tip protocol icmp notrack\n\t}'

  // Seen on a real kernel 6.18: counters of a namespace that refuses datagrams.
  test.each([
    {tool: 'CT', rules: {iptables: raw(`${untracked}\n-A OUTPUT -p icmp -j CT --notrack`) + invalid}, arrives: false},
    {tool: 'notrack of nft', rules: {iptables: raw(untracked) + invalid, nft: `table ip t {\n${chain}\n}`}, arrives: true},
  ])('that $tool was told not to track arrives: $arrives', ({rules, arrives}) => {
    const here = smallNamespace({name: 'here', links: ['eth0 2 10.0.0.2/24 2 there']})
    const there = smallNamespace({name: 'there', links: ['eth0 2 10.0.0.1/24 2 here'], ...rules})
    const branches = walkAttempt(joinNamespaces([here, there]), {
      ...{protocol: 'udp', sourcePort: 40_000, mark: 0, transparent: false, namespace: 'here'},
      destination: {ip: '10.0.0.1', port: 80},
    })
    const came = branches?.flatMap(({outcome}) =>
      outcome.passes.filter(({namespace, packet}) => namespace === 'here' && packet.kind.kind === 'error'),
    )
    expect(came).toHaveLength(arrives ? 1 : 0)
  })
})
