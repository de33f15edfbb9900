import type {View} from '../../json/view.js'
import type {Connection} from '../connection.js'

/**
 * ListenerFilterChainMatchPredicate: whether a listener filter is switched off for this connection.
 * Source: envoy-2022 D1, I.14; listener_components.proto. A port range holds for every non-IP local address (ListenerFilterDstPortMatcher).
 */
export function isFilterDisabled(predicate: View | undefined, connection: Connection): boolean {
  if (predicate === undefined) return false
  if (predicate.bool('any_match') === true) return true
  const all = predicate.get('and_match')
  if (all !== undefined) return all.list('rules').every((rule) => isFilterDisabled(rule, connection))
  const any = predicate.get('or_match')
  if (any !== undefined) return any.list('rules').some((rule) => isFilterDisabled(rule, connection))
  const negated = predicate.get('not_match')
  if (negated !== undefined) return !isFilterDisabled(negated, connection)
  const range = predicate.get('destination_port_range')
  return range !== undefined && inPortRange(range, connection)
}

function inPortRange(range: View, connection: Connection): boolean {
  const port = connection.local?.port
  return port === undefined || (port >= (range.num('start') ?? 0) && port < (range.num('end') ?? 0))
}
