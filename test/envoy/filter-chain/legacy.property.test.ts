import fc from 'fast-check'
import {expect, test} from 'vitest'
import {legacyMatcher} from '../../../src/envoy/filter-chain/legacy.js'
import {chainsOf, CONNECTION, range} from './connections.js'

interface Criteria {
  readonly port: number
  readonly name: string
  readonly transport: string
  readonly protocol: string
  readonly type: string
  readonly from: string
  readonly sourcePort: number
}

const ANY = ''
const criteria = fc.record<Criteria>({
  port: fc.constantFrom(0, 443, 80),
  name: fc.constantFrom(ANY, 'web.shop.test', '*.shop.test', '*.test', 'other.test'),
  transport: fc.constantFrom(ANY, 'tls', 'raw_buffer'),
  protocol: fc.constantFrom(ANY, 'h2', 'http/1.1', 'istio'),
  type: fc.constantFrom(ANY, 'EXTERNAL', 'SAME_IP_OR_LOOPBACK'),
  from: fc.constantFrom(ANY, '192.168.0.0/16', '192.168.7.0/24', '10.0.0.0/8'),
  sourcePort: fc.constantFrom(0, 4000, 1),
})

function toMatch({port, name, transport, protocol, type, from, sourcePort}: Criteria): object {
  return {
    ...(port === 0 ? {} : {destination_port: port}),
    ...(name === ANY ? {} : {server_names: [name]}),
    ...(transport === ANY ? {} : {transport_protocol: transport}),
    ...(protocol === ANY ? {} : {application_protocols: [protocol]}),
    ...(type === ANY ? {} : {source_type: type}),
    ...(from === ANY ? {} : {source_prefix_ranges: [range(from)]}),
    ...(sourcePort === 0 ? {} : {source_ports: [sourcePort]}),
  }
}

/** envoy-2022 D3: from "asks for something else" over "asks for nothing" to the most specific, level after level. */
const RANKS: readonly {level: string; of: (chain: Criteria) => number}[] = [
  {level: 'destination_port', of: ({port}) => [80, 0, 443].indexOf(port) - 1},
  {level: 'server_names', of: ({name}) => ['other.test', ANY, '*.test', '*.shop.test', 'web.shop.test'].indexOf(name) - 1},
  {level: 'transport_protocol', of: ({transport}) => ['raw_buffer', ANY, 'tls'].indexOf(transport) - 1},
  {level: 'application_protocols', of: ({protocol}) => ['istio', ANY, 'http/1.1', 'h2'].indexOf(protocol) - 1},
  {level: 'source_type', of: ({type}) => ['SAME_IP_OR_LOOPBACK', ANY, 'EXTERNAL'].indexOf(type) - 1},
  {level: 'source_prefix_ranges', of: ({from}) => ['10.0.0.0/8', ANY, '192.168.0.0/16', '192.168.7.0/24'].indexOf(from) - 1},
  {level: 'source_ports', of: ({sourcePort}) => [1, 0, 4000].indexOf(sourcePort) - 1},
]

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((rank, index) => rank !== b[index])
  return place < 0 ? 0 : (b[place] ?? 0) - (a[place] ?? 0)
}

test('greedy without backtracking: the chain that is best in the order of the levels wins, or the match fails where it first asks for something else', () => {
  const chains = fc.uniqueArray(criteria, {minLength: 1, maxLength: 6, selector: (chain) => JSON.stringify(chain)})
  fc.assert(
    fc.property(chains, (all) => {
      const ranked = all.map((chain, index) => ({name: `c${index}`, ranks: RANKS.map(({of}) => of(chain))}))
      const [best] = ranked.toSorted((a, b) => compareRanks(a.ranks, b.ranks))
      const failing = best?.ranks.findIndex((rank) => rank < 0) ?? -1
      const found = legacyMatcher(chainsOf(Object.fromEntries(all.map((chain, index) => [`c${index}`, toMatch(chain)])))).match(CONNECTION)
      expect(found.map(({chain, failedAt}) => [chain?.str('name'), failedAt])).toEqual([
        failing < 0 ? [best?.name, undefined] : [undefined, RANKS[failing]?.level],
      ])
      // Every other chain has exactly one reason.
      const others = ranked.map(({name}) => name).filter((name) => failing >= 0 || name !== best?.name)
      expect(found[0]?.rejected.map(({candidate}) => candidate).toSorted()).toEqual(others.toSorted())
    }),
    {numRuns: 300},
  )
})
