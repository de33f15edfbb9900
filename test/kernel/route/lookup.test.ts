import {describe, expect, test} from 'vitest'
import {parseIp, type Ip} from '../../../src/kernel/config/ip.js'
import {routeInput} from '../../../src/kernel/route/input.js'
import {routeOutput} from '../../../src/kernel/route/output.js'
import {smallNamespace} from '../small-namespace.js'

interface LookupCase {
  readonly what: string
  readonly routes: string
  readonly rules?: string
  readonly source?: string
  readonly tos?: number
  readonly goes: string
}

const IPV4: readonly LookupCase[] = [
  {what: 'a route for a type of service', routes: '10.5.0.0/16 tos 0x10 dev eth1\n10.5.0.0/16 dev eth0', tos: 0x10, goes: 'eth1'},
  {what: 'bits for precedence and congestion do not count', routes: '10.5.0.0/16 tos 0x10 dev eth1', tos: 0xf3, goes: 'eth1'},
  {what: 'another type of service', routes: '10.5.0.0/16 tos 0x10 dev eth1\n10.5.0.0/16 dev eth0 metric 9', tos: 8, goes: 'eth0'},
  {what: 'no type of service', routes: '10.5.0.0/16 tos 0x10 dev eth1\n10.0.0.0/8 dev eth0', goes: 'eth0'},
  {what: 'a type of service with a name', routes: '10.5.0.0/16 tos lowdelay dev eth1\n10.5.0.0/16 dev eth0', goes: 'eth0'},
  {
    what: 'a rule for a type of service',
    rules: '10: from all tos 0x10 lookup 7\n20: from all lookup main',
    routes: 'default dev eth0\ndefault dev eth1 table 7',
    tos: 0x12,
    goes: 'eth1',
  },
  {
    what: 'a rule whose type of service has a name',
    rules: '10: from all tos lowdelay lookup 7\n20: from all lookup main',
    routes: 'default dev eth0',
    goes: 'undetermined: ip rule 10 has "tos lowdelay"',
  },
  {
    what: 'a rule for a VRF where there is none',
    rules: '10: from all lookup [l3mdev-table]\n20: from all lookup main',
    routes: 'default dev eth0',
    goes: 'eth0',
  },
  {
    what: 'several next hops',
    routes: '10.5.0.0/16\n\tnexthop via 10.0.0.1 dev eth0 weight 3\n\tnexthop via 10.1.0.1 dev eth1 weight 1',
    goes: 'undetermined: which next hop of the route to 10.5.0.0/16 is taken',
  },
  {
    what: 'several next hops of which one is left',
    routes: '10.5.0.0/16\n\tnexthop via 10.0.0.1 dev eth0 weight 3 dead linkdown\n\tnexthop via 10.1.0.1 dev eth1 weight 1',
    goes: 'eth1',
  },
  {
    what: 'a route that wraps',
    routes: '10.5.0.0/16  encap ip id 5 src 0.0.0.0 dst 10.0.0.1 ttl 0 tos 0 dev eth0 scope link',
    goes: 'undetermined: the route to 10.5.0.0/16 has "encap ip"',
  },
  {what: 'what may not change', routes: '10.5.0.0/16 via 10.0.0.1 dev eth0 mtu lock 1400 quickack 1 congctl lock reno', goes: 'eth0'},
]

const IPV6: readonly LookupCase[] = [
  {what: 'a route from a source', routes: 'default from fd01::/64 dev eth1\ndefault dev eth0', source: 'fd01::9', goes: 'eth1'},
  {what: 'from another source', routes: 'default from fd01::/64 dev eth1\ndefault dev eth0', source: 'fd00::2', goes: 'eth0'},
  {what: 'without a source', routes: 'default from fd01::/64 dev eth1\ndefault dev eth0', goes: 'eth0'},
  {
    what: 'the destination before the source',
    routes: 'fd05::/16 dev eth0\ndefault from fd01::/64 dev eth1',
    source: 'fd01::9',
    goes: 'eth0',
  },
]

function ip(text: string): Ip {
  return parseIp(text) ?? {family: 4, value: 0n}
}

function goes(family: 4 | 6, {routes, rules, source, tos}: LookupCase): string {
  const namespace = smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24,fd00::2/64 7 a', 'eth1 3 10.1.0.2/24 8 b'],
    ...(family === 4 ? {routes} : {routes6: routes}),
    ...(rules === undefined ? {} : {rules}),
  })
  const answer = routeOutput(namespace, {
    destination: ip(family === 4 ? '10.5.0.1' : 'fd05::1'),
    mark: 0,
    anySource: true,
    ...(source === undefined ? {} : {source: ip(source)}),
    ...(tos === undefined ? {} : {tos}),
  })
  return answer.kind === 'route' ? answer.device : `${answer.kind}: ${answer.why}`
}

describe('routes', () => {
  test.each(IPV4)('IPv4: $what', (one) => {
    expect(goes(4, one)).toBe(one.goes)
  })

  test.each(IPV6)('IPv6: $what', (one) => {
    expect(goes(6, one)).toBe(one.goes)
  })

  test('a way back that leads out of the same device by one of several next hops is believed', () => {
    const namespace = smallNamespace({
      name: 'here',
      links: ['eth0 2 10.0.0.2/24 7 a', 'eth1 3 10.1.0.2/24 8 b'],
      routes: 'default\n\tnexthop via 10.0.0.1 dev eth0 weight 1\n\tnexthop via 10.1.0.1 dev eth1 weight 1',
      sysctls: 'net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 1',
    })
    const answer = routeInput(namespace, {destination: ip('10.0.0.2'), source: ip('10.5.0.1'), mark: 0, device: 'eth1'})
    expect(answer).toMatchObject({kind: 'route', type: 'local'})
  })
})
