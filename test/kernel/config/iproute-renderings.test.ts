import {describe, expect, test} from 'vitest'
import {readIpRoutes} from '../../../src/kernel/config/ip-route.js'
import {readIpRules} from '../../../src/kernel/config/ip-rule.js'

/** What iproute2 6.1 and older releases print of one rule, as text and as JSON. */
const RULES = [
  {text: '9: from all goto 31000 [unresolved]', json: {priority: 9, src: 'all', goto: 31_000, unresolved: null}, means: {kind: 'goto'}},
  {text: '9: from all goto 31000 unresolved', json: {priority: 9, src: 'all', goto: 31_000}, means: {kind: 'goto'}},
  {
    text: '9: from all iif nosuch [detached] lookup 9',
    json: {priority: 9, src: 'all', iif: 'nosuch', iif_detached: null, table: '9'},
    means: {table: '9'},
  },
  {text: '9: from all lookup [l3mdev-table]', json: {priority: 9, src: 'all', l3mdev: null}, means: {table: '[l3mdev-table]'}},
  {
    text: '9: from all lookup 100 realms 3/4',
    json: {priority: 9, src: 'all', table: '100', flow_from: '3', flow_to: '4'},
    means: {table: '100'},
  },
  {text: '9: from all lookup 254', json: {priority: 9, src: 'all', table: '254'}, means: {table: 'main'}},
  {text: '9: from all lookup 7 proto static', json: {priority: 9, src: 'all', table: '7', protocol: 'static'}, means: {table: '7'}},
] as const

/** The same of one route. */
const ROUTES = [
  {text: '2 10.33.0.0/16 dev lo table 255 scope 254', means: {type: 'local', table: 'local'}},
  {text: '9 default table 100', means: {type: 'throw', table: '100'}},
  {text: 'blackhole 10.41.0.0/16 nhid 4 dev lo', means: {type: 'blackhole', nextHops: []}},
  {text: '10.38.0.0/16 nhid 1 via 10.0.0.1 dev eth0', means: {nextHops: [{via: '10.0.0.1', device: 'eth0'}]}},
  {text: '10.22.0.0/16 via inet6 fe80::1 dev eth0', means: {nextHops: [{via: 'fe80::1', device: 'eth0'}]}},
  {text: '10.30.0.0/16 via 10.0.0.1 dev eth0 metric 7 mtu lock 1400 quickack 1', means: {metric: 7}},
  {text: '10.29.0.0/16 via 10.0.0.1 dev eth0 realms 3/5 mtu 1400 window 5000 rtt 100ms advmss 1360', means: {metric: 0}},
  {
    text: '10.37.0.0/16  encap ip id 5 src 0.0.0.0 dst 10.0.0.1 ttl 0 tos 0 dev eth0 scope link',
    means: {unread: 'encap ip', scope: 'link', nextHops: [{device: 'eth0'}]},
  },
] as const

describe('renderings of iproute2', () => {
  test.each(RULES)('$text', ({text, json, means}) => {
    const [one] = readIpRules({file: 'f', text}, 4)
    const [other] = readIpRules({file: 'f', text: JSON.stringify([json])}, 4)
    expect(one).toMatchObject({priority: 9, unknown: [], action: means})
    expect({...other, place: undefined}).toEqual({...one, place: undefined})
  })

  test('protocols have the names packets have', () => {
    const text = '9: from all ipproto ipv6-icmp lookup 7\n10: from all ipproto 17 lookup 7'
    expect(readIpRules({file: 'f', text}, 6).map(({protocol}) => protocol)).toEqual(['icmpv6', 'udp'])
  })

  test.each(['dscp CS1', 'sport 0x1f40/0xfff0', 'dport 8000-8002/0xff', 'flowlabel 0x1/0xff', 'uidrange 0-99', 'tun_id 5'])(
    '%s is open, and named',
    (selector) => {
      expect(readIpRules({file: 'f', text: `9: from all ${selector} lookup 7`}, 4)).toMatchObject([{unknown: [selector]}])
    },
  )

  test.each(ROUTES)('$text', ({text, means}) => {
    expect(readIpRoutes({file: 'f', text}, {family: 4})).toMatchObject([means])
  })

  test('a route that wraps, as JSON', () => {
    const json = [{dst: '10.37.0.0/16', encap: 'ip', id: 5, src: '0.0.0.0', dev: 'eth0', scope: 'link', flags: []}]
    expect(readIpRoutes({file: 'f', text: JSON.stringify(json)}, {family: 4})).toMatchObject([{unread: 'encap ip'}])
  })
})
