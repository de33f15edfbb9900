import {describe, expect, test} from 'vitest'
import {readNftRuleset} from '../../../src/kernel/config/nft-ruleset.js'
import type {Match, PacketRule} from '../../../src/kernel/config/packet-rules.js'
import {describeMatch} from '../../../src/kernel/walk/describe-match.js'

const SETS = `	set addrs {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8 }
	}

	set services {
		typeof tcp dport
		elements = { 80 comment "web, of all", 443 counter packets 0 bytes 0 }
	}

	set links {
		type ifname
		elements = { "eth0",
			     "veth*" }
	}

	set ends {
		type ipv4_addr . inet_service
		elements = { 10.0.0.1 . 80, 10.0.0.2 . 90 }
	}

	set seen {
		type inet_service
		flags dynamic,timeout
		timeout 1m
	}
`

function rulesOf(rule: string, {family = 4, flags = ''}: {readonly family?: 4 | 6; readonly flags?: string} = {}): readonly PacketRule[] {
  const text = `table inet t {\n${flags}${SETS}\n\tchain x {\n\t}\n\n\tchain in {\n\t\ttype filter hook input priority filter; policy accept;\n\t\t${rule}\n\t}\n}`
  const {tables} = readNftRuleset({file: 'nft', text}, {family, withIptables: true})
  return tables.flatMap(({chains}) => chains.get('INPUT')?.rules ?? [])
}

const word = (match: Match): string => `${describeMatch(match)}${match.kind === 'unknown' ? '?' : ''}`
const meaning = ({matches, target}: PacketRule): string =>
  [...matches.map(word), target.kind === 'unknown' ? `?${target.text}` : target.kind].join(' | ')

/** What nft 1.0.6 lists of rules that its kernel took; how each is read. */
const RENDERINGS = {
  'ct state new / established,new accept': 'ct state new / established,new? | accept',
  'ct state ! invalid accept': 'not connection INVALID | accept',
  'ct state != new accept': 'not connection NEW | accept',
  'ct status ! snat,dnat accept': 'not connection SNAT,DNAT | accept',
  'ct status != dnat accept': 'ct status != dnat? | accept',
  'ct status seen-reply,assured accept': 'connection SEEN_REPLY,ASSURED | accept',
  'ct direction != reply accept': 'not ct-direction | accept',
  'ct mark { 0x00000001, 0x00000002 } accept': 'connmark 0x1/0xffffffff or connmark 0x2/0xffffffff | accept',
  'ct mark != { 0x00000001, 0x00000002 } accept': 'not connmark 0x1/0xffffffff | not connmark 0x2/0xffffffff | accept',
  'meta mark & 0x000000ff == { 0x00000001, 0x00000002 } drop': 'mark 0x1/0xff or mark 0x2/0xff | drop',
  'meta mark > 0x00000005 drop': 'meta mark > 0x00000005? | drop',
  'ct expiration < 5s accept': 'ct expiration < 5s? | accept',
  'ip daddr . tcp dport @ends accept':
    'destination 10.0.0.1 and protocol tcp and destination-port 80 or destination 10.0.0.2 and protocol tcp and destination-port 90 | accept',
  'ip daddr . tcp dport != { 10.0.0.1 . 80 } accept': 'not destination 10.0.0.1 and protocol tcp and destination-port 80 | accept',
  'ip daddr . meta l4proto . th dport { 10.0.0.0/8 . tcp . 80-90 } drop':
    'destination 10.0.0.0/8 and protocol tcp and destination-port 80-90 | drop',
  'ip daddr . tcp dport @nowhere accept': 'ip daddr . tcp dport @nowhere? | accept',
  'ip saddr @addrs accept': 'set addrs src | accept',
  'tcp dport @services accept': 'protocol tcp | destination-port 80,443 | accept',
  'tcp dport @seen accept': 'protocol tcp | tcp dport @seen? | accept',
  'tcp dport ssh accept': 'protocol tcp | tcp dport ssh? | accept',
  'iifname @links accept': 'in-device eth0 or in-device veth+ | accept',
  'iifname @seen accept': 'iifname @seen? | accept',
  'iifname { "eth0", "eth1" } accept': 'in-device eth0 or in-device eth1 | accept',
  'iifname != { "eth0", "eth1" } accept': 'not in-device eth0 | not in-device eth1 | accept',
  'ip saddr 10.0.0.1-10.0.0.4 accept': 'source 10.0.0.1,10.0.0.2/31,10.0.0.4 | accept',
  'ip saddr & 255.0.255.0 == 10.0.0.0 accept': 'ip saddr & 255.0.255.0 == 10.0.0.0? | accept',
  'tcp dport < 1024 accept': 'protocol tcp | destination-port 0-1023 | accept',
  'tcp dport >= 1024 accept': 'protocol tcp | destination-port 1024-65535 | accept',
  'meta l4proto { tcp, udp } th dport 53 accept': 'protocol tcp or protocol udp | destination-port 53 | accept',
  'icmp type { echo-reply, echo-request } accept': 'protocol icmp | icmp-type or icmp-type | accept',
  'icmp type router-strange accept': 'protocol icmp | icmp type router-strange? | accept',
  'tcp flags ! fin,syn accept': 'protocol tcp | not tcp-flags | not tcp-flags | accept',
  'meta skuid { 0, 1337 } accept': 'owner user 0,1337 | accept',
  'meta skuid 0-99 accept': 'owner user 0-99 | accept',
  'meta skuid > 5 accept': 'owner user 6-4294967295 | accept',
  'socket wildcard 0 accept': 'socket wildcard 0? | accept',
  'fib daddr type { local, broadcast } accept': 'destination of type LOCAL,BROADCAST | accept',
  'fib saddr . iif oif 0 drop': 'fib saddr . iif oif 0? | drop',
  'limit rate over 5/second burst 10 packets drop': 'limit rate over 5/second burst 10 packets? | drop',
  'quota name "qu" drop': 'quota name "qu"? | drop',
  'counter name "cnt" accept': 'accept',
  'numgen inc mod 3 != 2 drop': 'not packet 2 of every 3 | drop',
  'numgen inc mod 10 < 5 drop': 'numgen inc mod 10 < 5? | drop',
  'meta random & 2147483647 >= 536870912 drop': 'not probability 0.25000000000 | drop',
  'add @seen { tcp dport limit rate over 5/second } drop': '@seen { tcp dport limit rate over 5/second }? | drop',
  'update @seen { tcp dport timeout 1m }': 'continue',
  'log prefix "a b: " flags tcp sequence,options flags ip options flags skuid': 'continue',
  'log prefix "it\'s "q" " flags skuid': 'continue',
  'meta priority set 0:1': 'continue',
  'tcp option maxseg size set rt mtu': 'continue',
  'queue flags bypass to 102': '?queue flags bypass to 102',
  'ip daddr set 10.0.0.1': '?ip daddr set 10.0.0.1',
  'meta mark set jhash ip saddr mod 2': '?meta mark set jhash ip saddr mod 2',
  'snat to 10.0.0.1-10.0.0.3': 'snat',
  'masquerade to :1024-2048 random': 'masquerade',
  continue: 'continue',
} as const

describe('renderings of nft', () => {
  test.each(Object.entries(RENDERINGS))('%s', (rule, means) => {
    expect(rulesOf(rule).map(meaning)).toEqual([means])
  })

  test.each([
    {rule: 'ip protocol tcp accept', families: [4]},
    {rule: 'ip6 nexthdr tcp accept', families: [6]},
    {rule: 'icmpv6 type nd-redirect accept', families: [6]},
    {rule: 'meta nfproto ipv6 accept', families: [6]},
    {rule: 'meta nfproto != ipv6 accept', families: [4]},
    {rule: 'meta protocol { ip, ip6 } accept', families: [4, 6]},
    {rule: 'ip saddr . ip daddr { 10.0.0.1 . 10.0.0.2 } accept', families: [4]},
  ])('$rule is for IPv$families', ({rule, families}) => {
    expect(([4, 6] as const).filter((family) => rulesOf(rule, {family}).length > 0)).toEqual(families)
  })

  test('a table that sleeps has no hooks', () => {
    expect(rulesOf('drop', {flags: '\tflags dormant\n'})).toEqual([])
  })

  test('JSON is named as such', () => {
    const text = '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}'
    expect(() => readNftRuleset({file: 'nft', text}, {family: 4, withIptables: true})).toThrow(
      expect.objectContaining({message: 'nft printed its rules as JSON', where: 'nft:1'}),
    )
  })
})
