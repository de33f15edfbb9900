import {describe, expect, test} from 'vitest'
import {readNftRuleset} from '../../../src/kernel/config/nft-ruleset.js'
import {readPacketRules} from '../../../src/kernel/config/iptables-save.js'
import {readNamespace} from '../../../src/kernel/config/read-namespace.js'
import type {RuleTable} from '../../../src/kernel/config/packet-rules.js'

const IN_POD = `table inet istio-ambient-nat {
	chain output {
		type nat hook output priority dstnat; policy accept;
		jump istio-output
	}
	chain istio-output {
		ip daddr 169.254.7.127 meta l4proto tcp counter packets 1 bytes 2 accept
		oifname != "lo" udp dport 53 meta mark & 0x00000fff != 0x00000539 counter redirect to :15053
		oifname "lo" ip daddr != 127.0.0.1 accept
		ip6 daddr != ::1 tcp dport { 80, 8000-8080 } redirect to :15001
		meta l4proto tcp ip daddr != 127.0.0.1 meta mark & 0x00000fff != 0x00000539 redirect to :15001
	}
}
table inet istio-ambient-mangle {
	chain prerouting {
		type filter hook prerouting priority mangle; policy accept;
		meta mark & 0x00000fff == 0x00000539 ct mark set ct mark & 0xfffff000 | 0x00000111
	}
	chain output {
		type route hook output priority mangle; policy drop;
		ct mark & 0x00000fff == 0x00000111 meta mark set ct mark
	}
}`

/** The same rules for iptables: what both readers understand must be equal. */
const SAVED = `*nat
:OUTPUT ACCEPT [0:0]
:istio-output - [0:0]
-A OUTPUT -j istio-output
-A istio-output -d 169.254.7.127/32 -p tcp -j ACCEPT
-A istio-output ! -o lo -p udp --dport 53 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15053
-A istio-output -o lo ! -d 127.0.0.1/32 -j ACCEPT
-A istio-output -p tcp ! -d 127.0.0.1/32 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:OUTPUT DROP [0:0]
-A PREROUTING -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff
-A OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark
COMMIT`

function listed(text: string, family: 4 | 6 = 4): readonly RuleTable[] {
  return readNftRuleset({file: 'nft', text}, {family, withIptables: true}).tables
}

/** By table and chain, without numbers and places. */
/** How nft differs where both say the same. */
function withoutDialect(said: object): object {
  return Object.fromEntries(Object.entries(said).filter(([key]) => key !== 'strict' && key !== 'overrides'))
}

function meaning(tables: readonly RuleTable[]): unknown {
  const rows = tables.flatMap(({name, chains}) =>
    [...chains.values()].map(
      (chain) =>
        [
          `${name} ${chain.name}`,
          chain.policy,
          chain.rules.map(({matches, target}) => ({matches: matches.map(withoutDialect), target: withoutDialect(target)})),
        ] as const,
    ),
  )
  return rows.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

describe('the nftables mode of the CNI', () => {
  test('means what the same rules mean for iptables', () => {
    expect(meaning(listed(IN_POD))).toEqual(meaning(readPacketRules([{file: 'save', text: SAVED}], 4).tables))
  })

  test('keeps the rules of each family apart', () => {
    const rules = listed(IN_POD, 6)[0]?.chains.get('istio-output')?.rules ?? []
    expect(rules.map(({target, place}) => [target.kind, place?.line])).toEqual([
      ['redirect', 8],
      ['redirect', 10],
    ])
    expect(rules[1]?.matches.at(-1)).toEqual({
      kind: 'destination-port',
      negated: false,
      ranges: [
        {from: 80, to: 80},
        {from: 8000, to: 8080},
      ],
    })
  })
})

const chainOf = (rules: string, table = 'inet t'): string =>
  `table ${table} {\n\tset pods {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1, 10.0.0.2 }\n\t}\n\tchain x {\n\t}\n\tchain pre {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n\t\t${rules}\n\t}\n}`

describe('a rule of nft', () => {
  test.each([
    {text: 'iifname "veth*" drop', matches: [{kind: 'in-device', negated: false, name: 'veth+'}], target: {kind: 'drop'}},
    {
      text: 'ip saddr @pods goto x',
      matches: [{kind: 'set', negated: false, set: 'pods', sides: ['src']}],
      target: {kind: 'goto', chain: 'x'},
    },
    {
      text: 'ct state established,related accept',
      matches: [{kind: 'ct-state', negated: false, states: ['ESTABLISHED', 'RELATED']}],
      target: {kind: 'accept'},
    },
    {
      text: 'meta random & 2147483647 < 1073741824 return',
      matches: [{kind: 'probability', negated: false, probability: '0.50000000000'}],
      target: {kind: 'return'},
    },
    {text: 'meta l4proto tcp dnat ip to 10.0.0.1:80-90', target: {kind: 'dnat', ip: '10.0.0.1', ports: {from: 80, to: 90}}},
    {text: 'dnat ip6 to fd00::2', target: {kind: 'dnat', ip: 'fd00::2'}},
    {text: 'meta l4proto tcp dnat ip6 to [fd00::2]:80', target: {kind: 'dnat', ip: 'fd00::2', ports: {from: 80, to: 80}}},
    {text: 'redirect to :80-90 random', target: {kind: 'redirect', ports: {from: 80, to: 90}, random: true}},
    {
      text: 'dnat ip to 10.0.0.1-10.0.0.4:80-81 random,persistent',
      target: {kind: 'dnat', ip: '10.0.0.1', lastIp: '10.0.0.4', ports: {from: 80, to: 81}, random: true},
    },
    {text: 'dnat ip6 to fd00::1-fd00::3 persistent', target: {kind: 'dnat', ip: 'fd00::1', lastIp: 'fd00::3'}},
    {text: 'masquerade to :1024-2048 fully-random', target: {kind: 'masquerade', randomPort: true, ports: {from: 1024, to: 2048}}},
    {text: 'meta nftrace set 1', target: {kind: 'continue', name: 'TRACE'}},
    {text: 'snat ip6 to fd00::3', target: {kind: 'snat', ip: 'fd00::3'}},
    {
      text: 'tcp flags syn / fin,syn,rst,ack drop',
      matches: [{kind: 'tcp-flags', negated: false, mask: ['FIN', 'SYN', 'RST', 'ACK'], set: ['SYN']}],
    },
    {
      text: 'tcp flags & (fin | syn | rst | ack) == syn drop',
      matches: [{kind: 'tcp-flags', negated: false, mask: ['FIN', 'SYN', 'RST', 'ACK'], set: ['SYN']}],
    },
    {text: 'numgen inc mod 3 1 drop', matches: [{kind: 'every-nth', negated: false, every: 3, packet: 1}]},
    {text: 'ct direction reply drop', matches: [{kind: 'ct-direction', negated: false, direction: 'REPLY', strict: true}]},
    {text: 'ct status dnat drop', matches: [{kind: 'ct-status', negated: false, statuses: ['DNAT'], strict: true}]},
    {text: 'meta skgid != 5 drop', matches: [{kind: 'owner', negated: true, of: 'group', ids: [{from: 5, to: 5}], strict: true}]},
    {text: 'meta mark set mark or 0x200', matches: [], target: {kind: 'set-mark', change: {value: 0x200, mask: 0x200}}},
    {text: 'counter packets 5 bytes 6', matches: [], target: {kind: 'continue', name: 'counter'}},
    {
      text: 'meta cgroup 5 drop',
      matches: [{kind: 'unknown', negated: false, text: 'meta cgroup 5'}],
      target: {kind: 'drop'},
    },
    {text: 'jump nowhere', matches: [], target: {kind: 'unknown', text: 'jump nowhere'}},
  ])('$text', ({text, ...wanted}) => {
    expect(listed(chainOf(text))[0]?.chains.get('PREROUTING')?.rules[0]).toMatchObject(wanted)
  })

  test('with several statements runs all of them, whatever the first changes', () => {
    const chains = listed(chainOf('meta mark 0 meta mark set 0x1 accept'))[0]?.chains
    expect(chains?.get('PREROUTING')?.rules[0]?.target).toEqual({kind: 'jump', chain: 'pre rule 1'})
    expect(chains?.get('pre rule 1')?.rules.map(({matches, target}) => [matches.length, target.kind])).toEqual([
      [0, 'set-mark'],
      [0, 'accept'],
    ])
  })

  test.each([
    {text: 'tcp dport 15008 tproxy ip to 127.0.0.1:15008', proxy: {port: 15_008, ip: '127.0.0.1'}},
    {text: 'tcp dport 15008 tproxy ip6 to [::1]:15001', proxy: {port: 15_001, ip: '::1'}},
    {text: 'tcp dport 15008 tproxy to :15006', proxy: {port: 15_006}},
  ])('$text stands in a chain of its own, which it may break off', ({text, proxy}) => {
    const chains = listed(chainOf(text))[0]?.chains
    expect(chains?.get('PREROUTING')?.rules[0]?.target).toEqual({kind: 'jump', chain: 'pre rule 1'})
    expect(chains?.get('pre rule 1')?.rules.map(({target}) => target)).toEqual([
      {kind: 'tproxy', mark: {value: 0, mask: 0}, lenient: true, ...proxy},
    ])
  })

  test('of iptables-nft may lack what nft does not print', () => {
    expect(
      listed(chainOf('meta l4proto tcp counter packets 0 bytes 0', 'ip mangle'))[0]?.chains.get('PREROUTING')?.rules[0]?.target,
    ).toEqual({
      kind: 'unknown',
      text: 'a target that nft does not print',
    })
  })
})

test('sets have their elements', () => {
  const [set] = readNftRuleset({file: 'nft', text: chainOf('accept')}, {family: 4, withIptables: false}).sets
  expect([set?.name, set?.type, set?.members.map(({text}) => text)]).toEqual(['pods', 'hash:net', ['10.0.0.1', '10.0.0.2']])
})

test('elements may carry comments and stand on several lines, as nft 1.0.6 prints them', () => {
  const text = `table inet istio-ambient-nat {
	set istio-inpod-probes-v4 {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.1 comment "uid-1, of a pod",
			     10.0.1.0/24 }
	}
}`
  const [set] = readNftRuleset({file: 'nft', text}, {family: 4, withIptables: false}).sets
  expect(set?.members.map(({text: entry, comment}) => [entry, comment])).toEqual([
    ['10.0.0.1', 'uid-1, of a pod'],
    ['10.0.1.0/24', undefined],
  ])
})

test('tables that iptables-save tells of are not read twice', () => {
  const files = {
    iptables: [{file: 'save', text: `# Generated by iptables-save v1.8.9 (nf_tables)\n${SAVED}`}],
    nft: {file: 'nft', text: `${chainOf('drop', 'ip mangle')}\n${chainOf('accept')}`},
  }
  const tables = readNamespace({name: 'n', files}).packetRules[4].tables.map(({name, chains}) => [
    name,
    chains.get('PREROUTING')?.rules.length,
  ])
  expect(tables).toEqual([
    ['nat', undefined],
    ['mangle', 1],
    ['mangle', 1],
  ])
})

test('a line outside of a chain is named', () => {
  expect(() => listed('accept')).toThrow(expect.objectContaining({where: 'nft:1'}))
})
