import {isObject, type View} from '../../json/view.js'
import {routeConditions} from './route-condition.js'
import type {RouteCondition} from './route-subject.js'

/** A route with what it asks for read out of its config. */
export interface CompiledRoute {
  readonly route: View
  /** Undefined for a route without match, which no generator writes. */
  readonly conditions: readonly RouteCondition[] | undefined
  /** A RuntimeFractionalPercent. */
  readonly fraction: View | undefined
}

/** Read once per virtual host of a dump, and forgotten with it. */
const routesByHost = new WeakMap<object, readonly CompiledRoute[]>()

export function routesOfHost(virtualHost: View): readonly CompiledRoute[] {
  if (!isObject(virtualHost.value)) return []
  const routes = routesByHost.get(virtualHost.value) ?? compileRoutes(virtualHost.list('routes'))
  routesByHost.set(virtualHost.value, routes)
  return routes
}

export function compileRoutes(routes: readonly View[]): readonly CompiledRoute[] {
  return routes.map((route) => {
    const match = route.get('match')
    return {route, conditions: match === undefined ? undefined : routeConditions(match), fraction: match?.get('runtime_fraction')}
  })
}
