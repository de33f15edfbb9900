import type {Arrival, Departure} from '../flow/connection.js'
import type {Forwarder} from '../flow/forwarder.js'

/** A forwarder in its surroundings: what leaves it arrives somewhere else. */
export interface Station {
  /** Equal for the same forwarder only. */
  readonly key: string
  readonly forwarder: Forwarder
  /** Where a departure of this forwarder arrives. */
  next(departure: Departure): Visit
}

/** A connection reaching a station. */
export interface Visit {
  readonly station: Station
  readonly arrival: Arrival
}
