import {describe, expect, test} from 'vitest'
import {parseIp} from '../../src/kernel/config/ip.js'
import {readNamespace} from '../../src/kernel/config/read-namespace.js'
import {routeInput} from '../../src/kernel/route/input.js'
import {routeOutput} from '../../src/kernel/route/output.js'
import type {RouteAnswer} from '../../src/kernel/route/route.js'

// envoy-2022 C.1: the policy rules of a 2022 node, reduced to one pod of each kind.
const RULES = `0:	from all lookup local
100:	from all fwmark 0x200/0x200 goto 32766
101:	from all fwmark 0x100/0x100 lookup 101
102:	from all fwmark 0x40/0x40 lookup 102
103:	from all lookup 100
104:	from 10.244.2.9 lookup 104
32766:	from all lookup main
32767:	from all lookup default`

const ROUTES = `10.244.2.3 via 192.168.126.2 dev istioin table 100 src 10.244.2.1
default via 192.168.127.2 dev istioout table 101
10.244.2.2 dev veth1 table 101 scope link
default via 10.244.2.2 dev veth1 table 102 onlink
throw 10.9.0.0/16 table 104
unreachable 10.8.0.0/16 table 104
default via 172.18.0.1 dev eth0
10.244.2.3 dev veth2 scope host
10.7.0.0/16 via 172.18.0.7 dev eth0 metric 20
10.7.0.0/16 via 172.18.0.8 dev eth0 metric 10
10.7.7.0/24 via 172.18.0.9 dev eth0
172.18.0.0/16 dev eth0 scope link src 172.18.0.3
local 172.18.0.3 dev eth0 table local scope host src 172.18.0.3
local 127.0.0.0/8 dev lo table local scope host src 127.0.0.1`

const ADDRESSES = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.3/16 scope global eth0
3: veth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 10.244.2.1/32 scope global veth1
4: veth2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
5: istioin: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN
    inet 192.168.126.1/30 scope global istioin
6: istioout: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN
    inet 192.168.127.1/30 scope global istioout`

const node = readNamespace({
  name: 'node',
  files: {
    rules: {file: 'ip-rule.txt', text: RULES},
    routes: {file: 'ip-route-table-all.txt', text: ROUTES},
    devices: [{file: 'ip-addr.txt', text: ADDRESSES}],
    sysctls: {file: 'sysctl.txt', text: 'net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.forwarding = 1\nnet.ipv4.conf.all.rp_filter = 0'},
  },
})

const SENT = [
  {rule: 'the table local comes first', to: '172.18.0.3', mark: 0, device: 'lo'},
  {rule: 'an enrolled pod is reached through the inbound tunnel', to: '10.244.2.3', mark: 0, device: 'istioin', via: '192.168.126.2'},
  {rule: 'goto skips the tables between', to: '10.244.2.3', mark: 0x200, device: 'veth2'},
  {rule: 'a captured mark takes the outbound tunnel', to: '10.8.0.1', mark: 0x100, device: 'istioout', via: '192.168.127.2'},
  {rule: 'the longest prefix of a table wins', to: '10.244.2.2', mark: 0x100, device: 'veth1'},
  {rule: 'only the masked bits of a mark count', to: '10.8.0.1', mark: 0x4d0100, device: 'istioout', via: '192.168.127.2'},
  {rule: 'a table without a route leads to the next rule', to: '8.8.8.8', mark: 0, device: 'eth0', via: '172.18.0.1'},
  {rule: 'the lowest metric of equal prefixes wins', to: '10.7.1.1', mark: 0, device: 'eth0', via: '172.18.0.8'},
  {rule: 'a longer prefix beats a lower metric', to: '10.7.7.1', mark: 0, device: 'eth0', via: '172.18.0.9'},
] as const

describe('policy routing of what a node sends', () => {
  test.each(SENT)('$rule', ({to, mark, device, ...rest}) => {
    const answer = routeOutput(node, {destination: ip(to), mark})
    expect(brief(answer)).toEqual({kind: 'route', device, via: 'via' in rest ? rest.via : undefined})
  })
})

describe('policy routing of what arrives', () => {
  test('a proxy return mark leads back to the ztunnel', () => {
    const answer = routeInput(node, {destination: ip('10.244.9.9'), source: ip('10.7.0.1'), mark: 0x40, device: 'eth0'})
    expect(brief(answer)).toEqual({kind: 'route', device: 'veth1', via: '10.244.2.2'})
  })

  test.each([
    {type: 'throw leaves the table for the next rule', to: '10.9.0.1', kind: 'route'},
    {type: 'unreachable ends the lookup', to: '10.8.0.1', kind: 'refused'},
  ])('$type', ({to, kind}) => {
    expect(routeInput(node, {destination: ip(to), source: ip('10.244.2.9'), mark: 0, device: 'veth2'}).kind).toBe(kind)
  })
})

describe('what was recorded badly', () => {
  test('an unreadable rule names its file and line', () => {
    expect(() => readNamespace({name: 'node', files: {rules: {file: 'ip-rule.txt', text: `${RULES}\nnonsense`}}})).toThrow(
      expect.objectContaining({family: 'input'}),
    )
  })
})

function ip(text: string): NonNullable<ReturnType<typeof parseIp>> {
  const parsed = parseIp(text)
  if (parsed === undefined) throw new Error(`not an address: ${text}`)
  return parsed
}

function brief(answer: RouteAnswer): {kind: string; device?: string; via?: string | undefined} {
  return answer.kind === 'route' ? {kind: answer.kind, device: answer.device, via: answer.via} : {kind: answer.kind}
}
