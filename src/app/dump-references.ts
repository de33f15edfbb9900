import type {EnvoyConfig} from '../envoy/config/model.js'
import {typedFilter} from '../envoy/config/typed-filter.js'
import type {DumpStore} from '../json/store.js'
import type {View} from '../json/view.js'

/** What listeners and clusters of an Envoy refer to by name, with who does so first. */
export interface References {
  /** Route tables asked of RDS. */
  readonly routes: ReadonlyMap<string, string>
  /** Secrets asked of SDS. */
  readonly secrets: ReadonlyMap<string, string>
  /** Filters whose configuration ECDS has not delivered, each as one phrase. */
  readonly undelivered: readonly string[]
}

export function referencesOf(config: EnvoyConfig, store: DumpStore): References {
  const search: Search = {config, routes: new Map(), secrets: new Map(), undelivered: new Set()}
  for (const {name, state, view} of config.listeners()) {
    if (state !== 'warming') addListener(search, {view, by: `listener ${name === '' ? '(unnamed)' : name}`})
  }
  for (const [name, view] of clustersWithSecrets(store)) addSecrets(search, {view, by: `cluster ${name}`})
  return {...search, undelivered: [...search.undelivered]}
}

interface Search {
  readonly config: EnvoyConfig
  readonly routes: Map<string, string>
  readonly secrets: Map<string, string>
  readonly undelivered: Set<string>
}

/** A part of the config, and whom it belongs to. */
interface Part {
  readonly view: View
  readonly by: string
}

function addListener(search: Search, {view, by}: Part): void {
  for (const filter of view.list('listener_filters')) addFilter(search, {view: filter, by})
  const fallback = view.get('default_filter_chain')
  for (const chain of [...view.list('filter_chains'), ...(fallback === undefined ? [] : [fallback])]) {
    const socket = chain.get('transport_socket')
    if (socket !== undefined) addSecrets(search, {view: socket, by})
    for (const filter of chain.list('filters')) addFilter(search, {view: filter, by})
  }
}

/** A filter, and inside a connection manager its routes and HTTP filters. */
function addFilter(search: Search, {view, by}: Part): void {
  const filter = typedFilter(search.config, view)
  const inner = filter.message.list('http_filters').map((each) => typedFilter(search.config, each))
  for (const {name, type, undelivered} of [filter, ...inner]) {
    if (undelivered === undefined) continue
    search.undelivered.add(`filter ${name} of ${by}: its configuration (${type}) comes by ECDS and is not in the dump`)
  }
  const table = filter.message.get('rds')?.str('route_config_name')
  if (table !== undefined && !search.routes.has(table)) search.routes.set(table, by)
}

/** TLS contexts nest: a StartTls or a PROXY protocol socket has another one inside. A dump may be hostile. */
const MAX_DEPTH = 16
const SECRET_FIELD = /sds_?secret_?configs?$/i

function addSecrets(search: Search, {view, by, depth = 0}: Part & {readonly depth?: number}): void {
  if (depth > MAX_DEPTH) return
  for (const [field, value] of view.entries()) {
    const members = Array.isArray(value.value) ? value.items() : [value]
    const add = SECRET_FIELD.test(field) ? addSecret : addSecrets
    for (const member of members) add(search, {view: member, by, depth: depth + 1})
  }
}

function addSecret({secrets}: Search, {view, by}: Part): void {
  const name = view.str('name')
  if (name !== undefined && !secrets.has(name)) secrets.set(name, by)
}

/** Bytes are searched first: a dump has thousands of clusters, most of them without TLS of their own. */
function clustersWithSecrets(store: DumpStore): readonly (readonly [string, View])[] {
  return ['dynamic_active_clusters', 'static_clusters'].flatMap((section) =>
    [...store.refs(section)].flatMap((ref) => {
      const mentions = /sds_?secret/i.test(Buffer.from(store.raw(ref)).toString('latin1'))
      const cluster = mentions ? store.read(ref).get('cluster') : undefined
      return cluster === undefined ? [] : [[ref.name ?? '(unnamed)', cluster] as const]
    }),
  )
}
