import fc from 'fast-check'
import type {Message} from '../../message.js'
import {sink, type Scenario} from '../../scenario.js'
import {plainRequests} from '../connections.js'
import {ABSENT_SERVICES, FILTER_HEADERS, httpFilter, type GeneratedFilter} from '../http-filters.js'
import {requestWith} from '../http-request.js'
import {manager, ROUTER} from '../manager.js'
import type {Family} from './family.js'

/** Overrides of the same filters at every level, each there half of the time. */
interface Overrides {
  readonly table: readonly boolean[]
  readonly host: readonly boolean[]
  readonly route: readonly boolean[]
  readonly entry: readonly boolean[]
}

const flags = fc.array(fc.boolean(), {minLength: 3, maxLength: 3})

/** One to three filters before the router; routes with a plain cluster, a weighted one, a direct answer and none. */
function filtersScenario(only?: string): fc.Arbitrary<Scenario> {
  return fc
    .record({
      filters: fc.uniqueArray(httpFilter(only), {minLength: 1, maxLength: only === undefined ? 3 : 1, selector: ({name}) => name}),
      others: fc.array(httpFilter(only), {minLength: 3, maxLength: 3}),
      placed: fc.record({table: flags, host: flags, route: flags, entry: flags}),
      probes: plainRequests(requestWith(FILTER_HEADERS)),
    })
    .map(({filters, others, placed, probes}) => ({
      listener: {filter_chains: [{name: 'http', filters: [managerOf({filters, others, placed})]}]},
      clusters: [...ABSENT_SERVICES],
      behind: [],
      probes,
    }))
}

interface Parts {
  readonly filters: readonly GeneratedFilter[]
  /** Overrides come from these where they are of the same kind, so that levels differ. */
  readonly others: readonly GeneratedFilter[]
  readonly placed: Overrides
}

function managerOf(parts: Parts): Message {
  const seen = [
    {
      append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
      header: {key: 'x-gen-state', value: '%FILTER_STATE(gen.a:PLAIN)%/%FILTER_STATE(gen.b:PLAIN)%'},
    },
  ]
  return manager({
    http_filters: [...parts.filters.map(({filter}) => filter), ROUTER],
    route_config: {
      name: 'table',
      validate_clusters: false,
      request_headers_to_add: seen,
      ...overrides(parts, 'table'),
      virtual_hosts: [{name: 'v', domains: ['*'], ...overrides(parts, 'host'), routes: routesOf(parts)}],
    },
  })
}

function routesOf(parts: Parts): Message[] {
  const weighted = {clusters: [{name: sink(1), weight: 1, ...overrides(parts, 'entry')}]}
  return [
    {name: 'exact', match: {path: '/a'}, route: {cluster: sink(0)}, ...overrides(parts, 'route')},
    {name: 'weighted', match: {prefix: '/a/'}, route: {weighted_clusters: weighted}},
    {name: 'direct', match: {prefix: '/b'}, direct_response: {status: 201}, ...overrides(parts, 'route')},
    {name: 'rest', match: {path: '/'}, route: {cluster: sink(2)}},
  ]
}

function overrides({filters, others, placed}: Parts, level: keyof Overrides): Message {
  const entries = filters.flatMap((filter, index) => {
    if (placed[level][index] !== true) return []
    const same = others.filter(({name}) => name === filter.name)
    const override = (level === 'route' ? same[0] : level === 'host' ? same.at(-1) : undefined)?.override ?? filter.override
    return override === undefined ? [] : [[filter.name, override] as const]
  })
  return entries.length === 0 ? {} : {typed_per_filter_config: Object.fromEntries(entries)}
}

export const HTTP_FILTERS: readonly Family[] = [
  {name: 'HTTP filters', scenarios: filtersScenario(), conditional: 0.35},
  ...['fault', 'cors', 'csrf', 'mutation', 'limit', 'buffer', 'health', 'authz', 'state'].map((kind) => ({
    name: `HTTP filter ${kind}`,
    scenarios: filtersScenario(kind),
    portion: 0.25,
    conditional: kind === 'authz' || kind === 'limit' ? 1 : 0.03,
  })),
]
