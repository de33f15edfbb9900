import {describe, expect, test} from 'vitest'
import {readDevices} from '../../../src/kernel/config/devices.js'
import {readIpRoutes} from '../../../src/kernel/config/ip-route.js'
import {readIpRules} from '../../../src/kernel/config/ip-rule.js'
import {readIpSets} from '../../../src/kernel/config/ipset.js'
import {readListeners} from '../../../src/kernel/config/listeners.js'

function source(text: string): {file: string; text: string} {
  return {file: 'out.txt', text}
}

/** Without the places, which differ between the forms. */
function meaning(entries: readonly {readonly place?: unknown}[]): unknown {
  return entries.map(({place, ...rest}) => (place === undefined ? rest : rest))
}

describe('ip rule', () => {
  const text = `0:	from all lookup local
100:	from all fwmark 0x200/0x200 goto 32766
101:	not from 10.1.0.0/16 to 10.2.0.1 iif eth0 lookup 101
102:	from all unreachable`
  const json = JSON.stringify([
    {priority: 0, src: 'all', table: 'local'},
    {priority: 100, src: 'all', fwmark: '0x200', fwmask: '0x200', goto: 32766},
    {priority: 101, not: null, src: '10.1.0.0', srclen: 16, dst: '10.2.0.1', iif: 'eth0', table: '101'},
    {priority: 102, src: 'all', action: 'unreachable'},
  ])

  test('text and JSON mean the same', () => {
    expect(meaning(readIpRules(source(json), 4))).toEqual(meaning(readIpRules(source(text), 4)))
  })

  test('a selector that is not modelled stays visible', () => {
    expect(readIpRules(source('5: from all uidrange 0-0 lookup main'), 4)[0]).toMatchObject({unknown: ['uidrange 0-0']})
  })

  test.each([
    {text: 'from all lookup main', line: 1},
    {text: '0: from all lookup local\n1: from nowhere lookup main', line: 2},
    {text: '0: from all fwmark zz lookup main', line: 1},
    {text: '0: from all', line: 1},
  ])('"$text" is named with its line', ({text: bad, line}) => {
    expect(() => readIpRules(source(bad), 4)).toThrow(expect.objectContaining({where: `out.txt:${line}`}))
  })
})

describe('ip route', () => {
  const text = `default via 10.0.0.1 dev eth0 metric 5
10.1.0.0/16 dev eth1 table 100 scope link src 10.1.0.9
unreachable 10.9.0.0/16
10.8.0.0/16
	nexthop via 10.0.0.2 dev eth0 weight 1
	nexthop via 10.0.0.3 dev eth0 weight 2
default via 10.244.2.2 dev veth table 102 onlink`
  const json = JSON.stringify([
    {dst: 'default', gateway: '10.0.0.1', dev: 'eth0', metric: 5, flags: []},
    {dst: '10.1.0.0/16', dev: 'eth1', table: '100', scope: 'link', prefsrc: '10.1.0.9', flags: []},
    {type: 'unreachable', dst: '10.9.0.0/16', flags: []},
    {
      dst: '10.8.0.0/16',
      nexthops: [
        {gateway: '10.0.0.2', dev: 'eth0', weight: 1, flags: []},
        {gateway: '10.0.0.3', dev: 'eth0', weight: 2, flags: []},
      ],
    },
    {dst: 'default', gateway: '10.244.2.2', dev: 'veth', table: '102', flags: ['onlink']},
  ])

  test('text and JSON mean the same', () => {
    expect(meaning(readIpRoutes(source(json), {family: 4}))).toEqual(meaning(readIpRoutes(source(text), {family: 4})))
  })

  test('a continued route is one route', () => {
    expect(readIpRoutes(source(text), {family: 4})[3]?.nextHops.map(({via, weight}) => [via, weight])).toEqual([
      ['10.0.0.2', 1],
      ['10.0.0.3', 2],
    ])
  })

  test('an unreadable destination is named with its line', () => {
    expect(() => readIpRoutes(source('default dev eth0\n10.0.0.0/99 dev eth0'), {family: 4})).toThrow(
      expect.objectContaining({where: 'out.txt:2'}),
    )
  })
})

describe('ipset', () => {
  const save = `create pods hash:ip family inet hashsize 1024 maxelem 65536 comment
add pods 10.244.2.4 comment "uid 1"
add pods 10.244.2.3
create empty hash:net family inet`
  const list = `Name: pods
Type: hash:ip
Header: family inet
Members:
10.244.2.4 comment "uid 1"
10.244.2.3

Name: empty
Type: hash:net
Members:`

  test('save and list mean the same', () => {
    const brief = (text: string): unknown =>
      readIpSets(source(text)).map(({name, type, members}) => ({
        name,
        type,
        members: members.map(({text: entry, comment}) => [entry, comment]),
      }))
    expect(brief(list)).toEqual(brief(save))
    expect(brief(save)).toEqual([
      {
        name: 'pods',
        type: 'hash:ip',
        members: [
          ['10.244.2.4', 'uid 1'],
          ['10.244.2.3', undefined],
        ],
      },
      {name: 'empty', type: 'hash:net', members: []},
    ])
  })

  test('a member of an unknown set is named with its line', () => {
    expect(() => readIpSets(source('add pods 10.0.0.1'))).toThrow(expect.objectContaining({where: 'out.txt:1'}))
  })
})

describe('ip addr and ip -d link', () => {
  test('tell ends, tunnels, bridges and addresses', () => {
    const addr = `2: eth0@if7: <UP> mtu 1500 master cni0 link-netns pod
    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0
    inet6 fe80::1/64 scope link
3: istioin: <UP> mtu 1450`
    const link = `3: istioin: <UP> mtu 1450
    geneve id 1000 remote 10.0.0.9 ttl auto dstport 6081`
    expect(
      readDevices(source(addr), source(link)).map(({name, attachment, master, addresses}) => ({
        name,
        attachment,
        master,
        ips: addresses.map(({ip}) => ip),
      })),
    ).toEqual([
      {name: 'eth0', attachment: {kind: 'pair', peerIndex: 7, peerNamespace: 'pod'}, master: 'cni0', ips: ['10.0.0.1', 'fe80::1']},
      {name: 'istioin', attachment: {kind: 'tunnel', type: 'geneve', id: 1000, port: 6081, remote: '10.0.0.9'}, master: undefined, ips: []},
    ])
  })

  test('a line of no device is named', () => {
    expect(() => readDevices(source('    inet 10.0.0.1/24 scope global'))).toThrow(expect.objectContaining({where: 'out.txt:1'}))
  })
})

describe('ss -lntu', () => {
  test('tells addresses and families', () => {
    const text = `Netid State Recv-Q Send-Q Local Address:Port
tcp LISTEN 0 16 0.0.0.0:15001 0.0.0.0:*
tcp LISTEN 0 16 [::]:15001 [::]:*
tcp LISTEN 0 16 *:9080 *:*
udp UNCONN 0 0 127.0.0.1:15053 0.0.0.0:*`
    expect(readListeners(source(text)).map(({protocol, family, ip, port, dual}) => [protocol, family, ip, port, dual])).toEqual([
      ['tcp', 4, undefined, 15001, false],
      ['tcp', 6, undefined, 15001, false],
      ['tcp', 6, undefined, 9080, true],
      ['udp', 4, '127.0.0.1', 15053, false],
    ])
  })
})
