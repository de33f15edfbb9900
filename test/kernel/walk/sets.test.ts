import {describe, expect, test} from 'vitest'
import {smallNamespace} from '../small-namespace.js'
import {walkSmall} from '../small-walk.js'

interface SetCase {
  readonly what: string
  readonly set: string
  readonly sides?: string
  readonly protocol?: 'tcp' | 'udp' | 'icmp'
  /** Whether a packet to 10.5.0.1, port 80, that leaves by eth0 is in the set. */
  readonly found: 'yes' | 'no' | 'undetermined'
}

/** What `ipset test` of a real kernel says of the same sets. */
const CASES: readonly SetCase[] = [
  {what: 'members that stand for networks', set: 'create s hash:ip family inet netmask 24\nadd s 10.5.0.0', found: 'yes'},
  {what: 'other networks', set: 'create s bitmap:ip range 10.5.0.0-10.5.255.255 netmask 24\nadd s 10.5.1.0', found: 'no'},
  {what: 'addresses under a bit mask', set: 'create s hash:ip family inet bitmask 255.0.255.0\nadd s 10.0.0.0', found: 'undetermined'},
  {what: 'the longest prefix decides: an exception', set: 'create s hash:net\nadd s 10.0.0.0/8\nadd s 10.5.0.0/16 nomatch', found: 'no'},
  {
    what: 'the longest prefix decides: an exception from an exception',
    set: 'create s hash:net\nadd s 10.5.0.0/16 nomatch\nadd s 10.5.0.0/24\nadd s 10.0.0.0/8',
    found: 'yes',
  },
  {
    what: 'only an exception',
    set: 'create s hash:net,port\nadd s 10.5.0.0/16,tcp:80 nomatch\nadd s 10.5.0.0/16,tcp:81',
    sides: 'dst,dst',
    found: 'no',
  },
  {what: 'a comment that says nomatch', set: 'create s hash:ip comment\nadd s 10.5.0.1 comment "a nomatch b"', found: 'yes'},
  {what: 'ports without a protocol', set: 'create s bitmap:port range 0-1024\nadd s 80', protocol: 'udp', found: 'yes'},
  {what: 'ports of what has none', set: 'create s bitmap:port range 0-1024\nadd s 80', protocol: 'icmp', found: 'no'},
  {what: 'a port of another protocol', set: 'create s hash:ip,port\nadd s 10.5.0.1,icmp:echo-request', sides: 'dst,dst', found: 'no'},
  {
    what: 'a kind of message',
    set: 'create s hash:ip,port\nadd s 10.5.0.1,icmp:echo-request',
    sides: 'dst,dst',
    protocol: 'icmp',
    found: 'undetermined',
  },
  {what: 'too few sides', set: 'create s hash:ip,port\nadd s 10.5.0.1,tcp:80', found: 'no'},
  {what: 'the beginning of a device', set: 'create s hash:net,iface\nadd s 10.5.0.0/16,et wildcard', sides: 'dst,dst', found: 'yes'},
  {what: 'a device with a star in its name', set: 'create s hash:net,iface\nadd s 10.5.0.0/16,eth*', sides: 'dst,dst', found: 'no'},
  {what: 'a port of a bridge', set: 'create s hash:net,iface\nadd s 10.5.0.0/16,physdev:eth0', sides: 'dst,dst', found: 'undetermined'},
  {what: 'a list without members', set: 'Name: s\nType: hash:ip\nHeader: family inet\nNumber of entries: 3', found: 'undetermined'},
]

const ENDS = {yes: ['dropped'], no: ['left'], undetermined: ['dropped', 'left']} as const

describe('sets', () => {
  test.each(CASES)('$what: $found', ({set, sides = 'dst', protocol = 'tcp', found}) => {
    const walk = walkSmall(
      smallNamespace({
        name: 'here',
        links: ['eth0 2 10.0.0.2/24 7 elsewhere'],
        routes: 'default via 10.0.0.1 dev eth0',
        ipset: set,
        iptables: `*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m set --match-set s ${sides} -j DROP\nCOMMIT`,
      }),
      {protocol},
    )
    const kinds = walk.ends.map((end) => (end.includes('left') || end.includes('delivered') ? 'left' : 'dropped'))
    expect(kinds).toEqual(ENDS[found])
  })
})
