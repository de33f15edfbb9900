import {describe, expect, it} from 'vitest'
import {coverableOf} from '../../src/app/coverage-resources.js'
import {coverageExitCode, CoverageCollector, missedGoals, type Coverage} from '../../src/app/coverage.js'
import type {WalkQuestion} from '../../src/app/walk-arrival.js'
import {readEnvoyConfig} from '../../src/envoy/config/read-envoy-config.js'
import {memoryStore} from '../../src/json/memory-store.js'
import {coverageOf} from './cover.js'
import {openScenario} from './scenario.js'

const mesh = openScenario('waypoint-l7')
const WAYPOINT = 'bookinfo-productpage-waypoint-proxy'

const request: WalkQuestion = {
  proxy: WAYPOINT,
  port: 15006,
  alpn: ['h2'],
  identity: 'spiffe://cluster.local/ns/default/sa/sleep',
  method: 'CONNECT',
  authority: '10.8.4.226:9080',
  inner: {method: 'GET', authority: 'productpage:9080', path: '/'},
}

async function cover(questions: readonly WalkQuestion[]): Promise<Coverage> {
  return coverageOf(await mesh, questions)
}

function untouched({proxies}: Coverage, kind: string): readonly string[] {
  return proxies.flatMap(({kinds}) => kinds.filter((each) => each.kind === kind).flatMap((each) => each.untouched.map(({name}) => name)))
}

describe('coverage', () => {
  it('counts what the answers rely on, and names the rest', async () => {
    const coverage = await cover([request])
    expect(coverage).toMatchObject({
      schemaVersion: 'ambientctl.coverage/1',
      questions: {total: 1, verdicts: {delivered: 1}, failed: 0, unwished: []},
    })
    expect(coverage.kinds.map(({kind, touched}) => [kind, touched])).toEqual([
      ['listeners', 5],
      ['filter-chains', 5],
      ['virtual-hosts', 4],
      ['routes', 4],
      ['policies', 1],
      ['rules', 2],
      ['clusters', 5],
    ])
    expect(untouched(coverage, 'listeners')).not.toContain('inbound_CONNECT_terminate')
    expect(untouched(coverage, 'listeners')).toContain('outbound-tunnel')
    expect(untouched(coverage, 'clusters')).toContain('BlackHoleCluster')
  })

  it('adds up over questions, whatever their order', async () => {
    const denied = {...request, inner: {method: 'POST', authority: 'productpage:9080', path: '/'}}
    const plain = {proxy: WAYPOINT, port: 15021, method: 'GET', path: '/healthz/ready'}
    const all = await cover([request, denied, plain])
    const reversed = await cover([plain, denied, request])
    expect({...reversed, questions: all.questions}).toEqual(all)
    expect(all.questions.unwished).toContainEqual({line: 2, got: 'denied'})
    expect(all.total.touched).toBeGreaterThan((await cover([request])).total.touched)
  })

  it('says nothing of proxies that nobody knows', async () => {
    const collector = new CoverageCollector()
    collector.addProxy('nobody')
    const coverage = await collector.finish(await mesh)
    expect(coverage).toMatchObject({total: {total: 0, touched: 0, percent: null}, proxies: []})
    expect(missedGoals(coverage, [{percent: 0}])).toEqual([{percent: 0}])
  })

  it('misses a goal of one kind or of all', async () => {
    const coverage = await cover([request])
    const {percent} = coverage.total
    expect(missedGoals(coverage, [{percent: percent ?? 0}, {kind: 'policies', percent: 100}])).toEqual([])
    expect(missedGoals(coverage, [{percent: 99}, {kind: 'routes', percent: 50}])).toEqual([{percent: 99}, {kind: 'routes', percent: 50}])
  })

  it.each([
    {code: 0, missed: true, exit: 1},
    {code: 2, missed: true, exit: 1},
    {code: 65, missed: true, exit: 65},
    {code: 2, missed: false, exit: 2},
  ] as const)('turns exit code $code into $exit when a goal is missed: $missed', ({code, missed, exit}) => {
    expect(coverageExitCode(code, missed ? [{percent: 1}] : [])).toBe(exit)
  })
})

const type = (name: string): string => `type.googleapis.com/${name}`
const rules = (policy: string): object => ({policies: {[policy]: {permissions: [{any: true}], principals: [{any: true}]}}})
const RBAC = {
  '@type': type('envoy.extensions.filters.http.rbac.v3.RBAC'),
  rules: rules('ns[a]-policy[b]-rule[0]'),
  shadow_rules: rules('ns[a]-policy[b]-rule[1]'),
}
const perRoute = {'@type': type('envoy.extensions.filters.http.rbac.v3.RBACPerRoute'), rbac: {rules: rules('own')}}

const document = {
  configs: [
    {
      '@type': type('envoy.admin.v3.ListenersConfigDump'),
      dynamic_listeners: [
        {
          name: 'web',
          active_state: {
            listener: {
              name: 'web',
              filter_chains: [
                {
                  filters: [
                    {
                      name: 'http',
                      typed_config: {
                        '@type': type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
                        rds: {route_config_name: 'table'},
                        http_filters: [{name: 'rbac', typed_config: RBAC}],
                      },
                    },
                  ],
                },
              ],
              default_filter_chain: {filters: []},
            },
          },
        },
        {name: 'later', warming_state: {listener: {name: 'later'}}},
      ],
    },
    {
      '@type': type('envoy.admin.v3.RoutesConfigDump'),
      dynamic_route_configs: [
        {
          route_config: {
            name: 'table',
            virtual_hosts: [
              {
                name: 'host',
                domains: ['*'],
                matcher: {
                  on_no_match: {
                    action: {
                      name: 'r',
                      typed_config: {
                        '@type': type('envoy.config.route.v3.Route'),
                        name: 'deep',
                        match: {prefix: '/x'},
                        route: {cluster: 'c'},
                        typed_per_filter_config: {rbac: perRoute},
                      },
                    },
                  },
                },
              },
            ],
          },
        },
      ],
    },
  ],
}

describe('what can be covered', () => {
  it('is every chain, route and rule that a connection can meet', () => {
    const found = coverableOf(readEnvoyConfig(memoryStore({name: 'd.json', document})))
    expect(found.map(({kind, name}) => `${kind} ${name}`)).toEqual([
      'listeners web',
      'filter-chains web / (unnamed 0)',
      'rules web / (unnamed 0) / ns[a]-policy[b]-rule[0]',
      'rules web / (unnamed 0) / ns[a]-policy[b]-rule[1] (dry run)',
      'filter-chains web / (unnamed default)',
      'virtual-hosts table / host',
      'routes table / host / deep',
      'rules table / host / deep / own',
      'policies a/b',
      'policies own',
    ])
    expect(found.find(({kind}) => kind === 'routes')?.match).toBe('prefix "/x"')
  })
})
