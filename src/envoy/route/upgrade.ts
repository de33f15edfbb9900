import type {View} from '../../json/view.js'
import type {Stream} from '../connection.js'
import {upgradeOf} from '../http/received-request.js'
import {asciiLower} from '../match/text.js'

/**
 * Whether an upgrade or CONNECT may go on; true for any other request. A route may allow or forbid it, else the connection manager must
 * allow it. Envoy asks after a route was found and before HTTP filters run: 404 comes before 403 upgrade_failed.
 * Source: envoy-2022 D5, I.7 (createUpgradeFilterChain).
 */
export function upgradeAllowed({manager, route, stream}: {manager: View; route?: View; stream: Stream}): boolean {
  const type = upgradeType(stream)
  if (type === undefined) return true
  const config = upgradeConfig(route?.get('route'), type) ?? upgradeConfig(manager, type)
  return config !== undefined && config.bool('enabled') !== false
}

/** The filters an upgrade runs instead of `http_filters`; undefined when the upgrade config names none. */
export function upgradeFilters({manager, stream}: {manager: View; stream: Stream}): View[] | undefined {
  const type = upgradeType(stream)
  const filters = type === undefined ? [] : (upgradeConfig(manager, type)?.list('filters') ?? [])
  return filters.length === 0 ? undefined : filters
}

/**
 * How a RouteAction handles a CONNECT: with connect_config it ends here and its payload goes on as TCP, else it goes on as CONNECT.
 * Undefined for other requests. Source: envoy-2022 D5 (router.cc), I.7.
 */
export function connectHandling(action: View, {request}: Stream): 'terminate' | 'forward' | undefined {
  const connectConfig = action
    .list('upgrade_configs')
    .map((config) => config.get('connect_config'))
    .find((config) => config !== undefined)
  if (request.method === 'POST') return connectConfig?.bool('allow_post') === true ? 'terminate' : undefined
  if (request.method !== 'CONNECT') return undefined
  return connectConfig === undefined ? 'forward' : 'terminate'
}

/** `connect` for CONNECT, the Upgrade header where Connection names it. */
function upgradeType({request}: Stream): string | undefined {
  return request.method === 'CONNECT' ? 'connect' : upgradeOf(request.headers)
}

function upgradeConfig(holder: View | undefined, type: string): View | undefined {
  return holder?.list('upgrade_configs').find((config) => asciiLower(config.str('upgrade_type') ?? '') === type)
}
