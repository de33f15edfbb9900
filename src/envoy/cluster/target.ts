import type {Resource} from '../config/model.js'
import type {UpstreamContext} from './upstream.js'

/** A cluster that traffic is sent to, and on whose behalf. */
export interface Target {
  readonly context: UpstreamContext
  readonly cluster: Resource
}
