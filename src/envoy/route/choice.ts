import type {View} from '../../json/view.js'
import type {Draw} from './draw.js'

/** The route that a request gets. */
export interface ChosenRoute {
  readonly kind: 'route'
  readonly route: View
  readonly virtualHost: View
  readonly table: View
  /** What the choice has already fixed about the request's random value; weighted clusters depend on the same value. */
  readonly draw: Draw
}

export type RouteChoice =
  | ChosenRoute
  /** 404 route_not_found. */
  | {readonly kind: 'no-virtual-host'; readonly table: View}
  | {readonly kind: 'no-route'; readonly virtualHost: View; readonly table: View}
  /** require_tls: 301 to `location`, before any route is looked at. */
  | {readonly kind: 'redirect-tls'; readonly virtualHost: View; readonly table: View; readonly location: string}
  | {readonly kind: 'undetermined'; readonly missing: string; readonly virtualHost?: View; readonly table: View}
