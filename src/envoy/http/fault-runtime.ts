import {isObject, toNumber, View} from '../../json/view.js'
import {headerLines} from '../connection.js'
import type {HttpFilterCall} from './http-filter.js'

/** A number of a fault that runtime can change: the field that renames its key, the key without it, and its place under a client's cluster. */
interface FaultKey {
  readonly field: string
  readonly key: string
  /** Limits and rates are not told apart by the client's cluster. */
  readonly ofCluster?: string
}

export const ABORT_PERCENT: FaultKey = faultKey('abort_percent_runtime', 'abort.abort_percent')
export const ABORT_STATUS: FaultKey = faultKey('abort_http_status_runtime', 'abort.http_status')
export const DELAY_PERCENT: FaultKey = faultKey('delay_percent_runtime', 'delay.fixed_delay_percent')
export const MAX_ACTIVE: FaultKey = {field: 'max_active_faults_runtime', key: 'fault.http.max_active_faults'}

function faultKey(field: string, place: string): FaultKey {
  return {field, key: `fault.http.${place}`, ofCluster: place}
}

/**
 * What runtime says instead of the configured number: a whole number, or a FractionalPercent. A client that names its cluster is looked up under
 * that name only. Source: fault_filter.cc isAbortEnabled, abortHttpStatus, faultOverflow.
 */
export function faultOverride(call: HttpFilterCall, {config, of}: {config: View; of: FaultKey}): number | View | undefined {
  const value = call.context.config.runtime.get(keyOf(call, {config, of}))
  if (isObject(value)) return new View(value, config.pointer)
  const whole = toNumber(value)
  return whole !== undefined && Number.isInteger(whole) && whole >= 0 ? whole : undefined
}

function keyOf({stream}: HttpFilterCall, {config, of}: {config: View; of: FaultKey}): string {
  const [cluster] = headerLines(stream.request, 'x-envoy-downstream-service-cluster')
  if (of.ofCluster !== undefined && cluster !== undefined) return `fault.http.${cluster}.${of.ofCluster}`
  const named = config.str(of.field) ?? ''
  return named === '' ? of.key : named
}
