import type {RouteType} from '../config/model.js'
import type {PolicyLookup} from './rule-lookup.js'
import type {RouteError, RouteKey} from './table-lookup.js'

/** What the kernel does with a packet of this key: the answer of `ip route get`. */
export type RouteAnswer =
  | {
      readonly kind: 'route'
      readonly type: RouteType
      /** `lo` for local delivery. */
      readonly device: string
      readonly via?: string
      /** The source a socket would get that has not chosen one. */
      readonly source?: string
      readonly policy: PolicyLookup
    }
  | {readonly kind: 'refused'; readonly error: RouteError; readonly why: string; readonly policy?: PolicyLookup}
  | {readonly kind: 'undetermined'; readonly why: string}

export type RouteRequest = Omit<RouteKey, 'inDevice'>
