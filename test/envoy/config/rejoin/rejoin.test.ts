import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {EndpointLookup, EnvoyConfig} from '../../../../src/envoy/config/model.js'
import {readEnvoyConfig} from '../../../../src/envoy/config/read-envoy-config.js'
import {readContent} from '../../../../src/envoy/config/rejoin/assignment-content.js'
import {corroborateFromClusters} from '../../../../src/envoy/config/rejoin/corroborate-clusters.js'
import type {Corroborate} from '../../../../src/envoy/config/rejoin/corroborate.js'
import {View} from '../../../../src/json/view.js'
import {namelessDump, rowsOf, type Mesh, type Row} from './mesh.js'

function lookUp(config: EnvoyConfig, name: string): EndpointLookup {
  const cluster = config.cluster(name)
  if (cluster === undefined) throw new Error(`no cluster ${name}`)
  return config.endpoints(cluster)
}

/** Content keys a look-up leaves possible. */
function possible(found: EndpointLookup): string[] {
  if (found.kind === 'found') return [readContent(found.assignment).key]
  return found.kind === 'ambiguous' ? found.candidates.map((candidate) => readContent(candidate).key).toSorted() : []
}

const keyOf = (row: Row): string => readContent(new View(row.assignment, '')).key

const name = (source: string, host: string): string => `spiffe://cluster.local/ns/default/sa/${source}_to_http_${host}_outbound_internal`

const two: Mesh = {
  sources: ['sleep', 'web'],
  services: [
    {host: 'a.default.svc.cluster.local', addresses: ['10.0.0.1:80'], tunnelled: true},
    {host: 'b.default.svc.cluster.local', addresses: ['10.0.0.2:80'], tunnelled: true},
  ],
  waypoints: [{identity: 'a', ips: ['10.0.0.9'], localSources: ['sleep']}],
}

const knowing =
  (addresses: Readonly<Record<string, readonly string[]>>): Corroborate =>
  ({target}) => {
    const known = target.kind === 'service' ? addresses[target.host] : undefined
    return known && [{addresses: new Set(known), complete: true}]
  }

describe('endpoints without a cluster name', () => {
  it('never picks one of several services', () => {
    const config = readEnvoyConfig(namelessDump(rowsOf(two)))
    const found = lookUp(config, name('sleep', 'a.default.svc.cluster.local'))
    expect(found).toMatchObject({kind: 'ambiguous'})
    expect(possible(found)).toHaveLength(2)
  })

  it('tells a waypoint by shape and port alone', () => {
    const config = readEnvoyConfig(namelessDump(rowsOf(two)))
    const found = lookUp(
      config,
      'spiffe://cluster.local/ns/default/sa/sleep_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/a',
    )
    expect(found).toMatchObject({kind: 'found', join: 'exact', inferred: true})
  })

  it('knows the last service once all others are known', () => {
    const config = readEnvoyConfig(namelessDump(rowsOf(two)), {corroborate: [knowing({'a.default.svc.cluster.local': ['10.0.0.1:80']})]})
    for (const source of two.sources) {
      const found = lookUp(config, name(source, 'b.default.svc.cluster.local'))
      expect(found).toMatchObject({kind: 'found', join: 'exact', inferred: true})
      expect(found.kind === 'found' && [...readContent(found.assignment).addresses]).toEqual(['10.0.0.2:80'])
      expect(found.kind === 'found' && readContent(found.assignment).identity).toBe(`spiffe://cluster.local/ns/default/sa/${source}`)
    }
  })

  it('is exact about the set when several assignments have one content', () => {
    const plain = {
      ...two,
      services: two.services.map((service) => ({...service, addresses: ['10.0.0.1:80'], tunnelled: false})),
      waypoints: [],
    }
    const config = readEnvoyConfig(namelessDump(rowsOf(plain)))
    expect(lookUp(config, name('web', 'b.default.svc.cluster.local'))).toMatchObject({
      kind: 'found',
      join: 'set-equivalent',
      inferred: true,
    })
  })

  it('drops outside knowledge that fits no assignment', () => {
    const config = readEnvoyConfig(namelessDump(rowsOf(two)), {corroborate: [knowing({'a.default.svc.cluster.local': ['10.0.0.7:80']})]})
    expect(lookUp(config, name('sleep', 'a.default.svc.cluster.local')).kind).toBe('ambiguous')
  })

  it('drops outside knowledge that contradicts itself, and says so', () => {
    const both = {'a.default.svc.cluster.local': ['10.0.0.1:80'], 'b.default.svc.cluster.local': ['10.0.0.1:80']}
    const config = readEnvoyConfig(namelessDump(rowsOf(two)), {corroborate: [knowing(both)]})
    expect(lookUp(config, name('sleep', 'a.default.svc.cluster.local')).kind).toBe('ambiguous')
    expect(config.warnings.at(-1)).toBe('what is known from outside contradicts the endpoints of this dump and was left out')
  })

  it('finds nothing certain when assignments are missing', () => {
    const rows = rowsOf(two)
    const config = readEnvoyConfig(namelessDump(rows, rows.slice(1)))
    const waypoint = 'spiffe://cluster.local/ns/default/sa/sleep_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/a'
    expect(lookUp(config, waypoint)).toMatchObject({kind: 'ambiguous'})
    expect(config.warnings.at(-1)).toBe('4 endpoint assignments without a cluster name for 5 clusters: some are missing')
  })

  it('believes the text of /clusters', () => {
    const text = [
      `${name('sleep', 'a.default.svc.cluster.local')}::envoy://outbound_tunnel_lis_spiffe://cluster.local/ns/default/sa/sleep/10.0.0.1:80::cx_active::0`,
      `${name('sleep', 'a.default.svc.cluster.local')}::observability_name::x`,
    ].join('\n')
    const config = readEnvoyConfig(namelessDump(rowsOf(two)), {corroborate: [corroborateFromClusters(text)]})
    expect(lookUp(config, name('web', 'a.default.svc.cluster.local'))).toMatchObject({kind: 'found', join: 'exact'})
  })
})

const addresses = fc.uniqueArray(fc.constantFrom('10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:15006', '10.0.0.4:80'), {maxLength: 3})
const account = fc.constantFrom('a', 'b', 'c', 'd')

const meshes: fc.Arbitrary<Mesh> = fc.record({
  sources: fc.uniqueArray(account, {minLength: 1}),
  services: fc.uniqueArray(
    fc.record({host: fc.constantFrom('p', 'q', 'r', 's').map((host) => `${host}.default.svc`), addresses, tunnelled: fc.boolean()}),
    {minLength: 1, selector: ({host}) => host},
  ),
  waypoints: fc.uniqueArray(
    fc.record({
      identity: account,
      ips: fc.uniqueArray(fc.constantFrom('10.0.0.3', '10.0.0.8', '10.0.0.9'), {minLength: 1}),
      localSources: fc.uniqueArray(account),
    }),
    {selector: ({identity}) => identity},
  ),
})

const shuffled = meshes.chain((mesh) =>
  fc.record({
    mesh: fc.constant(mesh),
    known: fc.subarray([...mesh.services]),
    orders: fc.tuple(order(mesh), order(mesh)),
  }),
)

function order(mesh: Mesh): fc.Arbitrary<Row[]> {
  const rows = rowsOf(mesh)
  return fc.shuffledSubarray(rows, {minLength: rows.length})
}

describe('the re-join of any mesh', () => {
  it('always leaves the right endpoints possible', () => {
    fc.assert(
      fc.property(shuffled, ({mesh, known, orders: [rows, endpoints]}) => {
        const facts = knowing(Object.fromEntries(known.map((service) => [service.host, service.addresses])))
        const config = readEnvoyConfig(namelessDump(rows, endpoints), {corroborate: [facts]})
        for (const row of rowsOf(mesh)) expect(possible(lookUp(config, row.name))).toContain(keyOf(row))
      }),
    )
  })

  it('does not depend on the order of the dump', () => {
    fc.assert(
      fc.property(shuffled, ({mesh, orders: [first, second]}) => {
        const [one, other] = [readEnvoyConfig(namelessDump(first, second)), readEnvoyConfig(namelessDump(second, first))]
        for (const row of rowsOf(mesh)) expect(possible(lookUp(one, row.name))).toEqual(possible(lookUp(other, row.name)))
      }),
    )
  })
})
