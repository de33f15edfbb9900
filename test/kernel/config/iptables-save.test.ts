import {describe, expect, test} from 'vitest'
import {readPacketRules} from '../../../src/kernel/config/iptables-save.js'
import type {PacketRule} from '../../../src/kernel/config/packet-rules.js'

function rulesOf(text: string, chain = 'PREROUTING'): readonly PacketRule[] {
  return readPacketRules([{file: 'save.txt', text}], 4).tables[0]?.chains.get(chain)?.rules ?? []
}

function ruleOf(line: string): PacketRule {
  const [rule] = rulesOf(`*mangle\n:PREROUTING ACCEPT [0:0]\n:sub - [0:0]\n-A PREROUTING ${line}\nCOMMIT`)
  if (rule === undefined) throw new Error(`no rule: ${line}`)
  return rule
}

const MATCHES = [
  {line: '-i veth0 -j DROP', match: {kind: 'in-device', negated: false, name: 'veth0'}},
  {line: '! -i veth0 -j DROP', match: {kind: 'in-device', negated: true, name: 'veth0'}},
  {line: '-p tcp -m tcp ! --dport 15008 -j DROP', match: {kind: 'destination-port', negated: true, ranges: [{from: 15008, to: 15008}]}},
  {line: '-p tcp --dport :1023 -j DROP', match: {kind: 'destination-port', negated: false, ranges: [{from: 0, to: 1023}]}},
  {line: '-m mark --mark 0x220/0x220 -j DROP', match: {kind: 'mark', negated: false, mark: {value: 0x220, mask: 0x220}}},
  {line: '-m connmark ! --mark 0x1 -j DROP', match: {kind: 'connmark', negated: true, mark: {value: 1, mask: 0xffff_ffff}}},
  {line: '-m set --match-set pods src -j DROP', match: {kind: 'set', negated: false, set: 'pods', sides: ['src']}},
  {line: '-m addrtype ! --dst-type LOCAL -j DROP', match: {kind: 'address-type', negated: true, side: 'destination', types: ['LOCAL']}},
  {
    line: '-m conntrack --ctstate RELATED,ESTABLISHED -j DROP',
    match: {kind: 'ct-state', negated: false, states: ['RELATED', 'ESTABLISHED']},
  },
  {line: '-m owner --socket-exists -j DROP', match: {kind: 'socket-exists', negated: false}},
  {
    line: '-m statistic --mode random --probability 0.50000000000 -j DROP',
    match: {kind: 'probability', negated: false, probability: '0.50000000000'},
  },
  {line: '-m hashlimit --hashlimit-name x -j DROP', match: {kind: 'unknown', negated: false, text: '-m hashlimit --hashlimit-name x'}},
  {line: '-m conntrack --ctexpire 5 -j DROP', match: {kind: 'unknown', negated: false, text: '--ctexpire 5'}},
] as const

const TARGETS = [
  {line: '-j MARK --set-xmark 0x40/0x40', target: {kind: 'set-mark', change: {value: 0x40, mask: 0x40}}},
  {line: '-j MARK --set-mark 0x2/0x4', target: {kind: 'set-mark', change: {value: 2, mask: 6}}},
  {line: '-j MARK --and-mark 0xf', target: {kind: 'set-mark', change: {value: 0, mask: 0xffff_fff0}}},
  {line: '-j CONNMARK --save-mark --nfmask 0x220 --ctmask 0x210', target: {kind: 'save-mark', packetMask: 0x220, connectionMask: 0x210}},
  {line: '-j CONNMARK --restore-mark', target: {kind: 'restore-mark', packetMask: 0xffff_ffff, connectionMask: 0xffff_ffff}},
  {
    line: '-p tcp -j TPROXY --on-port 15001 --on-ip 127.0.0.1 --tproxy-mark 0x400/0xfff',
    target: {kind: 'tproxy', port: 15001, ip: '127.0.0.1', mark: {value: 0x400, mask: 0xfff}},
  },
  {line: '-p tcp -j REDIRECT --to-ports 15008', target: {kind: 'redirect', ports: {from: 15008, to: 15008}}},
  {line: '-p tcp -j REDIRECT --to-port 15053', target: {kind: 'redirect', ports: {from: 15053, to: 15053}}},
  {line: '-p tcp -j DNAT --to-destination 10.0.0.1:80', target: {kind: 'dnat', ip: '10.0.0.1', ports: {from: 80, to: 80}}},
  {line: '-p tcp -j DNAT --to-destination [fd00::1]:80', target: {kind: 'dnat', ip: 'fd00::1', ports: {from: 80, to: 80}}},
  {line: '-j DNAT --to-destination 10.0.0.1-10.0.0.9', target: {kind: 'dnat', ip: '10.0.0.1', lastIp: '10.0.0.9'}},
  {
    line: '-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.2:80-81 --random --persistent',
    target: {kind: 'dnat', ip: '10.0.0.1', lastIp: '10.0.0.2', ports: {from: 80, to: 81}, random: true},
  },
  {line: '-p tcp -j REDIRECT --to-ports 80-90 --random', target: {kind: 'redirect', ports: {from: 80, to: 90}, random: true}},
  {
    line: '-p tcp -j REDIRECT --to-ports 1024-65535 --random',
    target: {kind: 'unknown', text: '-j REDIRECT --to-ports 1024-65535 --random'},
  },
  {line: '-j DNAT --to-destination 10.0.0.0-10.0.9.9', target: {kind: 'unknown', text: '-j DNAT --to-destination 10.0.0.0-10.0.9.9'}},
  {line: '-j SNAT --to-source 10.0.0.1-10.0.0.9', target: {kind: 'snat', ip: '10.0.0.1', lastIp: '10.0.0.9'}},
  {line: '-j TRACE', target: {kind: 'continue', name: 'TRACE'}},
  {line: '-j SNAT --to-source 169.254.7.127', target: {kind: 'snat', ip: '169.254.7.127'}},
  {line: '-j CT --zone 1', target: {kind: 'zone', zone: 1}},
  {line: '-j LOG --log-prefix "pre -j DROP "', target: {kind: 'continue', name: 'LOG'}},
  {line: '-j sub', target: {kind: 'jump', chain: 'sub'}},
  {line: '-g sub', target: {kind: 'goto', chain: 'sub'}},
  {line: '-j NFQUEUE --queue-num 1', target: {kind: 'unknown', text: '-j NFQUEUE --queue-num 1'}},
] as const

describe('rules of iptables-save', () => {
  test.each(MATCHES)('match $line', ({line, match}) => {
    expect(ruleOf(line).matches).toContainEqual(match)
  })

  test.each(TARGETS)('target $line', ({line, target}) => {
    expect(ruleOf(line).target).toEqual(target)
  })

  test('a comment is no condition, whatever it says', () => {
    expect(ruleOf('-m comment --comment "say \\"-j ACCEPT\\"" -j DROP')).toMatchObject({matches: [], target: {kind: 'drop'}})
  })

  test('counters say nothing, lines are kept for evidence', () => {
    const [rule] = rulesOf('*nat\n:PREROUTING ACCEPT [7:8]\n[12:345] -A PREROUTING -j ACCEPT\nCOMMIT')
    expect(rule).toEqual({
      chain: 'PREROUTING',
      number: 1,
      text: '-A PREROUTING -j ACCEPT',
      matches: [],
      target: {kind: 'accept'},
      place: {file: 'save.txt', line: 3},
    })
  })
})

describe('text for iptables-restore', () => {
  const saved = `*nat
:PREROUTING ACCEPT [0:0]
:ISTIO - [0:0]
-A PREROUTING -j ISTIO
-A ISTIO ! -d 127.0.0.1/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15006
COMMIT`
  const golden = `iptables-save
* nat
-N ISTIO
-A PREROUTING -j ISTIO
-A ISTIO ! -d 127.0.0.1 -p tcp --dport 80 -j REDIRECT --to-port 15006
COMMIT`

  test.each(['PREROUTING', 'ISTIO'])('means in %s what it is saved as', (chain) => {
    const meaning = (text: string): unknown => rulesOf(text, chain).map(({matches, target}) => ({matches, target}))
    expect(meaning(golden)).toEqual(meaning(saved))
  })

  test('-I puts a rule where it says', () => {
    const text = '*nat\n-A PREROUTING -j ACCEPT\n-A PREROUTING -j DROP\n-I PREROUTING 2 -j RETURN\n-I PREROUTING -i first'
    expect(rulesOf(text).map(({number, target}) => `${number} ${target.kind}`)).toEqual(['1 continue', '2 accept', '3 return', '4 drop'])
  })
})

describe('what is no save file', () => {
  test.each([
    {what: 'a rule before its table', text: '-A PREROUTING -j ACCEPT', line: 1},
    {what: 'an open quote', text: '*nat\n-A PREROUTING -m comment --comment "open -j ACCEPT', line: 2},
    {what: 'a chain without a policy', text: '*nat\n:PREROUTING', line: 2},
    {what: 'another command', text: '*nat\n:X - [0:0]\n-D X 1', line: 3},
  ])('$what is named with its line', ({text, line}) => {
    expect(() => readPacketRules([{file: 'save.txt', text}], 4)).toThrow(expect.objectContaining({where: `save.txt:${line}`}))
  })
})
