import {describe, expect, test} from 'vitest'
import {readCapture} from '../../../src/kernel/config/capture-files.js'
import {readDevices} from '../../../src/kernel/config/devices.js'
import type {Device} from '../../../src/kernel/config/model.js'
import {readSysctls, sysctl} from '../../../src/kernel/config/sysctl.js'

/** What iproute2 6.1 prints of the same devices, as text and as JSON. */
const TEXT = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: p0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP group default qlen 1000
    link/ether ae:b0:92:d5:f1:8c brd ff:ff:ff:ff:ff:ff link-netns pod
    veth
    bridge_slave state forwarding priority 32 cost 2 hairpin on guard off
5: eth1: <NO-CARRIER,BROADCAST,MULTICAST> mtu 1400 qdisc noqueue state DOWN group default qlen 1000
    dummy numtxqueues 1
    inet 10.9.0.1 peer 10.9.0.2/32 scope global eth1
    inet 10.0.0.3/24 scope global secondary eth1
    inet6 2001:db8::5/64 scope global tentative dynamic
6: br0: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    bridge forward_delay 1500 hello_time 200
7: vx6: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue state UNKNOWN group default qlen 1000
    vxlan id 6 remote fd00::9 srcport 0 0 dstport 4789 ttl auto ageing 300
8: istioin: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue state UNKNOWN group default qlen 1000
    geneve id 1000 remote 10.244.2.2 ttl auto dstport 6081 noudpcsum udp6zerocsumrx`

const JSON_TEXT = JSON.stringify([
  {
    ifindex: 1,
    ifname: 'lo',
    flags: ['LOOPBACK', 'UP', 'LOWER_UP'],
    addr_info: [{family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host', label: 'lo', valid_life_time: 4_294_967_295}],
  },
  {
    ifindex: 2,
    link_index: 3,
    ifname: 'p0',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    master: 'br0',
    link_netns: 'pod',
    linkinfo: {info_kind: 'veth', info_slave_kind: 'bridge', info_slave_data: {state: 'forwarding', hairpin: true}},
    addr_info: [],
  },
  {},
  {
    ifindex: 5,
    ifname: 'eth1',
    flags: ['NO-CARRIER', 'BROADCAST', 'MULTICAST'],
    linkinfo: {info_kind: 'dummy'},
    addr_info: [
      {family: 'inet', local: '10.9.0.1', address: '10.9.0.2', prefixlen: 32, scope: 'global', label: 'eth1'},
      {family: 'inet', local: '10.0.0.3', prefixlen: 24, scope: 'global', secondary: true, label: 'eth1'},
      {family: 'inet6', local: '2001:db8::5', prefixlen: 64, scope: 'global', tentative: true, dynamic: true},
    ],
  },
  {ifindex: 6, ifname: 'br0', flags: ['BROADCAST', 'MULTICAST', 'UP'], linkinfo: {info_kind: 'bridge', info_data: {forward_delay: 1500}}},
  {
    ifindex: 7,
    ifname: 'vx6',
    flags: ['BROADCAST', 'MULTICAST', 'UP'],
    linkinfo: {info_kind: 'vxlan', info_data: {id: 6, remote6: 'fd00::9', port: 4789}},
  },
  {
    ifindex: 8,
    ifname: 'istioin',
    flags: ['BROADCAST', 'MULTICAST', 'UP'],
    linkinfo: {info_kind: 'geneve', info_data: {id: 1000, remote: '10.244.2.2', port: 6081}},
  },
])

const source = (text: string): {readonly file: string; readonly text: string} => ({file: 'out', text})

function meaning({place, ...device}: Device): unknown {
  return [place?.file, device]
}

describe('renderings of ip addr and ip link', () => {
  test('JSON says what the text says', () => {
    expect(readDevices(source(JSON_TEXT)).map(meaning)).toEqual(readDevices(source(TEXT)).map(meaning))
  })

  test('the text says', () => {
    expect(readDevices(source(TEXT)).map(({name, up, attachment, hairpin}) => [name, up, attachment.kind, hairpin === true])).toEqual([
      ['lo', true, 'loopback', false],
      ['p0', true, 'pair', true],
      ['eth1', false, 'other', false],
      ['br0', true, 'bridge', false],
      ['vx6', true, 'tunnel', false],
      ['istioin', true, 'tunnel', false],
    ])
  })

  test('colours are no part of names', () => {
    const coloured = '2: \u001B[36meth0@if3: \u001B[0m<UP> mtu 1500\n    inet \u001B[35m10.0.0.2\u001B[0m/24 scope global eth0'
    expect(readDevices(source(coloured)).map(({name, addresses}) => [name, addresses.map(({ip}) => ip)])).toEqual([['eth0', ['10.0.0.2']]])
  })

  test.each([
    {what: 'ip -o addr', text: '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever', line: 1},
    {what: 'ip -br addr', text: 'lo               UNKNOWN        127.0.0.1/8 ::1/128', line: 1},
    {what: 'ifconfig', text: 'eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1400', line: 1},
    {what: 'JSON of something else', text: '[{"dst": "default"}]', line: 1},
    {what: 'JSON that was cut off', text: '[{"ifindex": 1', line: 1},
  ])('$what is named with its line', ({text, line}) => {
    expect(() => readDevices(source(text))).toThrow(expect.objectContaining({where: `out:${line}`, family: 'input'}))
  })

  test('of text and JSON in one folder one counts', () => {
    const files = [
      {file: 'node/ip-addr.txt', text: TEXT},
      {file: 'node/ip-addr.json', text: JSON_TEXT},
    ]
    expect(readCapture({name: 'n', files}).devices.map(({addresses}) => addresses.length)).toEqual([1, 0, 3, 0, 0, 0])
    expect(readCapture({name: 'n', files: files.slice(1)}).devices.map(({name}) => name)).toContain('istioin')
  })
})

test('settings of a device with dots in its name', () => {
  const settings = readSysctls(source('net.ipv4.conf.eth0/100.rp_filter = 2\nnet.ipv4.conf.eth0.rp_filter = 1'))
  expect(['eth0.100', 'eth0', 'eth1'].map((device) => sysctl(settings, `net.ipv4.conf.${device}.rp_filter`))).toEqual([2, 1, undefined])
})
