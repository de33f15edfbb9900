import {readEnvoyConfig} from '../envoy/config/read-envoy-config.js'
import type {EnvoyConfig, EnvoyNode} from '../envoy/config/model.js'
import type {DumpStore} from '../json/store.js'
import {gapsOf} from './dump-gaps.js'
import type {SummaryCount} from './summary-count.js'
import {summarizeZtunnel, type ZtunnelDetails} from './ztunnel-summary.js'

/** What a dump holds, counted. Bodies of secrets are never read. */
export interface DumpSummary {
  readonly schemaVersion: 'ambientctl.dump/1'
  readonly dump: string
  readonly kind: 'envoy' | 'ztunnel'
  /** What the dump says of its proxy. */
  readonly proxy: {
    readonly role: string
    readonly name?: string
    readonly namespace?: string
    readonly ip?: string
    readonly node?: string
    readonly version?: string
  }
  readonly counts: readonly SummaryCount[]
  readonly warnings: readonly string[]
  /** Only of a Rust ztunnel. */
  readonly ztunnel?: ZtunnelDetails
}

export function summarizeDump(store: DumpStore, kind: DumpSummary['kind']): DumpSummary {
  if (kind === 'envoy') return summarizeEnvoy(store)
  return {schemaVersion: 'ambientctl.dump/1', dump: store.name, kind, ...summarizeZtunnel(store)}
}

type Lists = readonly (readonly [state: string, section: string])[]

/** Lists of Envoy's dump by kind and state (envoy-2022 D8); listeners carry their state inside. */
const ENVOY_LISTS: ReadonlyMap<string, Lists> = new Map([
  [
    'clusters',
    [
      ['active', 'dynamic_active_clusters'],
      ['warming', 'dynamic_warming_clusters'],
      ['static', 'static_clusters'],
    ],
  ],
  [
    'endpoints',
    [
      ['dynamic', 'dynamic_endpoint_configs'],
      ['static', 'static_endpoint_configs'],
    ],
  ],
  [
    'routes',
    [
      ['dynamic', 'dynamic_route_configs'],
      ['static', 'static_route_configs'],
    ],
  ],
  [
    'scoped routes',
    [
      ['dynamic', 'dynamic_scoped_route_configs'],
      ['static', 'inline_scoped_route_configs'],
    ],
  ],
  [
    'secrets',
    [
      ['active', 'dynamic_active_secrets'],
      ['warming', 'dynamic_warming_secrets'],
      ['static', 'static_secrets'],
    ],
  ],
  ['ECDS filters', [['active', 'ecds_filters']]],
])

const ALWAYS_SHOWN = new Set(['clusters', 'endpoints', 'routes', 'secrets'])

function summarizeEnvoy(store: DumpStore): DumpSummary {
  const config = readEnvoyConfig(store)
  const counts = [...ENVOY_LISTS].map(([kind, lists]) => countLists(kind, {store, lists}))
  return {
    schemaVersion: 'ambientctl.dump/1',
    dump: store.name,
    kind: 'envoy',
    proxy: describeNode(config.node),
    counts: [
      countListeners(config),
      ...counts.filter(({kind, total}) => total > 0 || ALWAYS_SHOWN.has(kind)).map((count) => withoutEndpoints(count, store)),
    ],
    warnings: [...new Set([...config.warnings, ...missingEndpoints(store), ...gapsOf(config, store)])],
  }
}

function describeNode({pod, namespace, ip, nodeName, version, role}: EnvoyNode): DumpSummary['proxy'] {
  return {
    role,
    ...(pod === undefined ? {} : {name: pod}),
    ...(namespace === undefined ? {} : {namespace}),
    ...(ip === undefined ? {} : {ip}),
    ...(nodeName === undefined ? {} : {node: nodeName}),
    ...(version === undefined ? {} : {version: `Envoy ${version.major}.${version.minor}`}),
  }
}

function countListeners(config: EnvoyConfig): SummaryCount {
  const listeners = config.listeners()
  const rejected = config.rejectedListeners().length
  const states = ['active', 'draining', 'warming', 'static'].map((state) => ({
    state,
    count: listeners.filter((one) => one.state === state).length,
  }))
  const all = [...states, {state: 'rejected', count: rejected}]
  return {kind: 'listeners', total: listeners.length + rejected, states: all.filter(({count}) => count > 0)}
}

function countLists(kind: string, {store, lists}: {store: DumpStore; lists: Lists}): SummaryCount {
  const states = lists.map(([state, section]) => ({state, count: countRefs(store, section)})).filter(({count}) => count > 0)
  return {kind, total: states.reduce((sum, {count}) => sum + count, 0), states}
}

function countRefs(store: DumpStore, section: string): number {
  return [...store.refs(section)].length
}

/** users P16: none is not the same as not collected. */
function withoutEndpoints(count: SummaryCount, store: DumpStore): SummaryCount {
  return count.kind === 'endpoints' && lacksEndpoints(store) ? {...count, absent: 'not in this dump: collect it with ?include_eds'} : count
}

function lacksEndpoints(store: DumpStore): boolean {
  const types = store.configTypes()
  return types.some((type) => type.includes('ClustersConfigDump')) && !types.some((type) => type.includes('EndpointsConfigDump'))
}

/** A dump without endpoints answers no question about them. */
function missingEndpoints(store: DumpStore): string[] {
  return lacksEndpoints(store) ? ['the dump lacks endpoints: collect it again with /config_dump?include_eds'] : []
}
