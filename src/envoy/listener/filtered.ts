import type {Arrival} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {Connection} from '../connection.js'
import type {EngineContext} from '../context.js'

/** A connection that went through listener filters. */
export interface Filtered {
  readonly connection: Connection
  /** A filter waits for bytes that never come: the connection hangs. */
  readonly hangs?: string
  /** A filter without configuration: the connection is closed. */
  readonly closed?: string
}

/** One listener filter asked about one connection. */
export interface ListenerFilterCall {
  readonly context: EngineContext
  readonly arrival: Arrival
  readonly filtered: Filtered
  readonly config: View
  readonly name: string
}
