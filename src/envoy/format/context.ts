import type {Address} from '../../flow/address.js'
import type {Json} from '../../flow/connection.js'
import type {EnvoyNode} from '../config/model.js'
import type {Connection, Stream} from '../connection.js'

/** What a format string can read. Absent parts are not known, except `stream`: without it there is no HTTP request. */
export interface FormatContext {
  readonly connection: Connection
  readonly stream?: Stream
  readonly node?: EnvoyNode
  readonly upstream?: {
    readonly cluster?: string
    readonly host?: Address
    readonly hostMetadata?: ReadonlyMap<string, Json>
    readonly clusterMetadata?: ReadonlyMap<string, Json>
  }
  readonly names?: {readonly filterChain?: string; readonly route?: string; readonly virtualHost?: string}
  /** Header values: missing data prints as nothing instead of `-` (and Envoy leaves a wholly empty header out). */
  readonly omitEmptyValues?: boolean
}
