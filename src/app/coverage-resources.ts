import type {EnvoyConfig, ListenerResource} from '../envoy/config/model.js'
import {typedFilter} from '../envoy/config/typed-filter.js'
import {compileRoutes} from '../envoy/route/compiled-routes.js'
import {describeMatch, routeName} from '../envoy/route/describe-route.js'
import {policyName} from '../flow/policy-name.js'
import type {View} from '../json/view.js'
import type {Coverable} from './coverage-kinds.js'

/**
 * Everything of one Envoy that a connection could touch. Clusters come from the index alone; listeners and route tables are read one by one.
 * Listeners that are only warming are left out, because no connection can reach them.
 * Rules are the entries of an RBAC filter, `ns[…]-policy[…]-rule[0]`; policies are what they were made from (envoy-2022 A.7).
 */
export function coverableOf(config: EnvoyConfig): readonly Coverable[] {
  const found: Coverable[] = []
  const walk: Walk = {config, found, tables: new Map(), policies: new Map()}
  for (const listener of config.listeners()) {
    if (listener.state !== 'warming') addListener(walk, {view: listener.view, name: listenerName(listener)})
  }
  for (const {name} of config.routeTables()) {
    const table = config.routeTable(name)
    if (table !== undefined) walk.tables.set(table.view.pointer, {name, view: table.view})
  }
  for (const {name, view} of walk.tables.values()) addTable(walk, {name, view})
  return [
    ...found,
    ...Array.from(walk.policies, ([name, pointers]) => ({kind: 'policies' as const, name, pointers})),
    ...config.clusterNames().map((name) => ({kind: 'clusters' as const, name, pointers: []})),
  ]
}

interface Walk {
  readonly config: EnvoyConfig
  readonly found: Coverable[]
  /** Route tables by pointer: several connection managers may share one. */
  readonly tables: Map<string, Named>
  /** Where the rules of each policy stand: in every filter that enforces it. */
  readonly policies: Map<string, string[]>
}

interface Named {
  readonly name: string
  readonly view: View
}

/** One without a name is known by where it listens. */
function listenerName({name, view}: ListenerResource): string {
  const socket = view.path('address', 'socket_address')
  return name === '' ? `(unnamed ${socket?.str('address') ?? ''}:${socket?.num('port_value') ?? ''})` : name
}

function addListener(walk: Walk, {name, view}: Named): void {
  walk.found.push({kind: 'listeners', name, pointers: [view.pointer]})
  for (const [index, chain] of view.list('filter_chains').entries()) {
    addChain(walk, {name: `${name} / ${nameOf(chain, index)}`, view: chain})
  }
  const fallback = view.get('default_filter_chain')
  if (fallback !== undefined) addChain(walk, {name: `${name} / ${nameOf(fallback, 'default')}`, view: fallback})
}

function addChain(walk: Walk, {name, view}: Named): void {
  walk.found.push({kind: 'filter-chains', name, pointers: [view.pointer]})
  for (const filter of view.list('filters')) addFilter(walk, {name, view: filter})
}

/** A network filter, or an HTTP filter of a connection manager. */
function addFilter(walk: Walk, {name, view}: Named): void {
  const {message} = typedFilter(walk.config, view)
  addRules(walk, {name, view: message})
  for (const filter of message.list('http_filters')) addRules(walk, {name, view: typedFilter(walk.config, filter).message})
  const inline = message.get('route_config')
  if (inline !== undefined) walk.tables.set(inline.pointer, {name: inline.str('name') ?? name, view: inline})
  const scopes = message.path('scoped_routes', 'scoped_route_configurations_list')?.list('scoped_route_configurations') ?? []
  for (const table of scopes.flatMap((scope) => scope.get('route_configuration') ?? [])) {
    walk.tables.set(table.pointer, {name: table.str('name') ?? name, view: table})
  }
}

function addTable(walk: Walk, {name, view}: Named): void {
  addOverrides(walk, {name, view})
  for (const [index, host] of view.list('virtual_hosts').entries()) {
    const hostName = `${name} / ${nameOf(host, index)}`
    walk.found.push({kind: 'virtual-hosts', name: hostName, pointers: [host.pointer]})
    addOverrides(walk, {name: hostName, view: host})
    for (const route of [...host.list('routes'), ...matchedRoutes(host.get('matcher'))]) addRoute(walk, {name: hostName, view: route})
  }
}

function addRoute(walk: Walk, {name, view}: Named): void {
  const own = `${name} / ${routeName(view)}`
  const [match] = compileRoutes([view]).map((route) => describeMatch(route, walk.config.runtime))
  walk.found.push({kind: 'routes', name: own, ...(match === undefined ? {} : {match}), pointers: [view.pointer]})
  addOverrides(walk, {name: own, view})
  const weighted = view.path('route', 'weighted_clusters')?.list('clusters') ?? []
  for (const entry of weighted) addOverrides(walk, {name: own, view: entry})
}

/** RBACPerRoute holds rules of its own; a FilterConfig may stand around it. */
function addOverrides(walk: Walk, {name, view}: Named): void {
  for (const [, entry] of view.get('typed_per_filter_config')?.entries() ?? []) {
    const config = entry.typeName()?.endsWith('.FilterConfig') === true ? entry.get('config') : entry
    const rbac = config?.message().get('rbac')
    if (rbac !== undefined) addRules(walk, {name, view: rbac})
  }
}

function addRules(walk: Walk, {name, view}: Named): void {
  for (const field of ['rules', 'shadow_rules']) {
    for (const [rule, policy] of view.get(field)?.get('policies')?.entries() ?? []) {
      walk.found.push({kind: 'rules', name: `${name} / ${rule}${field === 'rules' ? '' : ' (dry run)'}`, pointers: [policy.pointer]})
      const made = policyName(rule)
      walk.policies.set(made, [...(walk.policies.get(made) ?? []), policy.pointer])
    }
  }
}

/** How deep a matcher may nest before the search ends: a dump may be hostile. */
const MAX_DEPTH = 64

/** The routes that a virtual host's matcher leads to, in document order. */
function matchedRoutes(matcher: View | undefined, depth = 0): readonly View[] {
  if (matcher === undefined || depth > MAX_DEPTH) return []
  const type = matcher.typeName() ?? ''
  if (type.endsWith('.route.v3.Route')) return [matcher.message()]
  if (type.endsWith('.route.v3.RouteList')) return matcher.message().list('routes')
  return [...matcher.items(), ...matcher.entries().map(([, inner]) => inner)].flatMap((inner) => matchedRoutes(inner, depth + 1))
}

function nameOf(view: View, fallback: number | string): string {
  const name = view.str('name') ?? ''
  return name === '' ? `(unnamed ${fallback})` : name
}
