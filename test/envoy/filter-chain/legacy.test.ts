import {describe, expect, test} from 'vitest'
import type {Connection} from '../../../src/envoy/connection.js'
import {legacyMatcher} from '../../../src/envoy/filter-chain/legacy.js'
import {chainsOf, CONNECTION, INTERNAL, range} from './connections.js'

// envoy-2022 D3: nine levels in this order, each greedy, none revisited.
const CASES: readonly {
  rule: string
  chains: Readonly<Record<string, object>>
  with?: Partial<Connection>
  internal?: true
  takes?: string
  failsAt?: string
}[] = [
  {rule: 'a chain for the port hides chains without port', chains: {port: {destination_port: 443}, any: {}}, takes: 'port'},
  {
    rule: 'the port level never comes back to chains without port',
    chains: {port: {destination_port: 443, server_names: ['other']}, any: {}},
    failsAt: 'server_names',
  },
  {rule: 'chains without port serve other ports', chains: {port: {destination_port: 80}, any: {}}, takes: 'any'},
  {
    rule: 'the longest destination range wins',
    chains: {wide: {prefix_ranges: [range('10.1.0.0/16')]}, near: {prefix_ranges: [range('10.1.2.0/24')]}},
    takes: 'near',
  },
  {
    rule: 'a more specific range hides a wider one that would match later',
    chains: {
      wide: {prefix_ranges: [range('10.1.0.0/16')]},
      near: {prefix_ranges: [range('10.1.2.0/24')], transport_protocol: 'raw_buffer'},
    },
    failsAt: 'transport_protocol',
  },
  {rule: 'no range is the widest range', chains: {any: {}, near: {prefix_ranges: [range('10.1.2.3/32')]}}, takes: 'near'},
  {
    rule: 'an exact name beats a wildcard',
    chains: {wild: {server_names: ['*.shop.test']}, exact: {server_names: ['web.shop.test']}},
    takes: 'exact',
  },
  {rule: 'the longest wildcard wins', chains: {short: {server_names: ['*.test']}, long: {server_names: ['*.shop.test']}}, takes: 'long'},
  {rule: 'a wildcard does not hold its own apex', chains: {wild: {server_names: ['*.web.shop.test']}, any: {}}, takes: 'any'},
  {
    rule: 'a name comes before an application protocol',
    chains: {named: {server_names: ['web.shop.test']}, alpn: {application_protocols: ['h2']}},
    takes: 'named',
  },
  {
    rule: 'the first offered protocol that any chain has wins',
    chains: {h1: {application_protocols: ['http/1.1']}, h2: {application_protocols: ['h2']}},
    takes: 'h2',
  },
  {
    rule: 'an application protocol nobody has falls to chains without',
    chains: {other: {application_protocols: ['istio']}, any: {}},
    takes: 'any',
  },
  {
    rule: 'direct source ranges look at the physical peer',
    chains: {direct: {direct_source_prefix_ranges: [range('172.16.0.0/12')]}, any: {}},
    takes: 'direct',
  },
  {rule: 'an external source prefers EXTERNAL to ANY', chains: {external: {source_type: 'EXTERNAL'}, any: {}}, takes: 'external'},
  {
    rule: 'a local-only chain does not serve external sources',
    chains: {local: {source_type: 'SAME_IP_OR_LOOPBACK'}},
    failsAt: 'source_type',
  },
  {
    rule: '127.0.0.1 is local',
    chains: {local: {source_type: 'SAME_IP_OR_LOOPBACK'}, any: {}},
    with: {remote: {ip: '127.0.0.1', port: 1}},
    takes: 'local',
  },
  {
    rule: 'the rest of 127/8 is external',
    chains: {local: {source_type: 'SAME_IP_OR_LOOPBACK'}, any: {}},
    with: {remote: {ip: '127.0.0.5', port: 1}},
    takes: 'any',
  },
  {
    rule: 'the longest source range wins',
    chains: {wide: {source_prefix_ranges: [range('192.168.0.0/16')]}, near: {source_prefix_ranges: [range('192.168.7.0/24')]}},
    takes: 'near',
  },
  {rule: 'a source port comes last', chains: {port: {source_ports: [4000]}, any: {}}, takes: 'port'},
  {
    rule: 'a source range hides a chain that only has the port',
    chains: {near: {source_prefix_ranges: [range('192.168.7.0/24')], source_ports: [1]}, port: {source_ports: [4000]}},
    failsAt: 'source_ports',
  },
  {
    rule: 'an internal connection matches unrestricted ranges only',
    chains: {near: {prefix_ranges: [range('10.0.0.0/8')]}, any: {}},
    internal: true,
    takes: 'any',
  },
  {
    rule: 'IPv6 never matches an IPv4 range',
    chains: {four: {prefix_ranges: [range('0.0.0.0/1')]}, any: {}},
    with: {local: {ip: '2001:db8::1', port: 443}},
    takes: 'any',
  },
]

describe('filter_chain_match', () => {
  test.each(CASES)('$rule', ({chains: matches, with: changes, internal, takes, failsAt}) => {
    const found = legacyMatcher(chainsOf(matches)).match(internal === true ? INTERNAL : {...CONNECTION, ...changes})
    expect(found.map((match) => ({chain: match.chain?.str('name'), failedAt: match.failedAt}))).toEqual([{chain: takes, failedAt: failsAt}])
  })

  // Seen on Envoy 1.40.0: either of the two is taken, from one start of the process to the next.
  test.each(['prefix_ranges', 'source_prefix_ranges', 'direct_source_prefix_ranges'])(
    'no %s and a range of length 0 are stored apart, and either may be looked at',
    (field) => {
      const matches = {
        wide: {[field]: [range('0.0.0.0/0')], server_names: ['web.shop.test']},
        any: {},
        near: {[field]: [range('1.0.0.0/8')]},
      }
      const found = legacyMatcher(chainsOf(matches)).match(CONNECTION)
      expect(found.map((match) => match.chain?.str('name'))).toEqual(field === 'prefix_ranges' ? ['any', 'wide'] : ['wide'])
      expect(found.map((match) => match.requires.length)).toEqual(field === 'prefix_ranges' ? [1, 1] : [0])
    },
  )
})
