import type {Branch} from '../../../src/envoy/branch.js'
import type {Stream} from '../../../src/envoy/connection.js'
import type {ChosenRoute, RouteChoice} from '../../../src/envoy/route/choice.js'
import type {RouteContext} from '../../../src/envoy/route/context.js'
import {ANY_DRAW} from '../../../src/envoy/route/draw.js'
import {resolveAction} from '../../../src/envoy/route/resolve-action.js'
import {selectRoute} from '../../../src/envoy/route/select-route.js'
import type {ClusterTarget, RouteTarget} from '../../../src/envoy/route/target.js'
import {formatShare, multiplyShares} from '../../../src/flow/share.js'
import {evidenceOf, requestOf, semanticsFor, streamOf, view} from '../match/samples.js'

function contextOf(change: Partial<RouteContext> = {}): RouteContext {
  return {semantics: semanticsFor(), evidence: evidenceOf, ...change}
}

/** A route table with one virtual host for everything. */
export function tableOf(routes: readonly object[], change: object = {}): object {
  return {name: 'table', virtual_hosts: [{name: 'all', domains: ['*'], routes}], ...change}
}

export function select(table: object, stream: Stream = streamOf(), change: Partial<RouteContext> = {}): Branch<RouteChoice>[] {
  return selectRoute({table: view(table, '/table'), stream, context: contextOf(change)})
}

/** The name of the route, or the kind of choice where there is none. */
export function nameOf(choice: RouteChoice): string {
  return choice.kind === 'route' ? (choice.route.str('name') ?? '') : choice.kind
}

/** The only route of a table, as chosen. */
export function chosen(route: object, {virtualHost = {}, table = {}}: {virtualHost?: object; table?: object} = {}): ChosenRoute {
  return {
    kind: 'route',
    route: view({match: {prefix: '/'}, ...route}, '/route'),
    virtualHost: view(virtualHost),
    table: view(table),
    draw: ANY_DRAW,
  }
}

export function resolve(choice: ChosenRoute, stream: Stream = streamOf(), change: Partial<RouteContext> = {}): Branch<RouteTarget>[] {
  return resolveAction({choice, stream, context: contextOf(change)})
}

/** The cluster target of a route with one outcome. */
export function clusterOf(choice: ChosenRoute, stream: Stream = streamOf(requestOf()), change: Partial<RouteContext> = {}): ClusterTarget {
  const [branch, ...others] = resolve(choice, stream, change)
  if (branch?.value.kind !== 'cluster' || others.length > 0) throw new Error('expected one cluster')
  return branch.value
}

/** Selects and resolves: `cluster share` for every way the request can go. */
export function destinations(table: object, stream: Stream = streamOf(), change: Partial<RouteContext> = {}): readonly string[] {
  return select(table, stream, change).flatMap(({value, share}) => {
    if (value.kind !== 'route') return [`${value.kind} ${formatShare(share)}`]
    return resolve(value, stream, change).map((branch) => {
      const name = branch.value.kind === 'cluster' ? branch.value.cluster : branch.value.kind
      return `${branch.mirror === true ? 'mirror ' : ''}${name} ${formatShare(multiplyShares(share, branch.share))}`
    })
  })
}
