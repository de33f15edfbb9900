import {single, type Branch} from '../branch.js'
import {undetermined} from '../context.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

/**
 * The on_demand filter holds a request whose cluster is not there and, where ODCDS is configured, fetches it; what comes is in no dump. The
 * most specific config counts as a whole: a route's without odcds fetches no cluster. Whether it comes or not, the request then goes on.
 * Source: source/extensions/filters/http/on_demand/on_demand_update.cc (getConfig, handleOnDemandCds, onClusterDiscoveryCompletion).
 */
export function fetchOnDemand(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const {context, stream, cluster, log} = call
  const odcds = (call.perRoute ?? call.config).get('odcds')
  const isKnown = cluster === undefined || context.config.cluster(cluster) !== undefined
  if (odcds === undefined || isKnown) return single({kind: 'continue', stream}, [httpStep(call, 'nothing to fetch')])
  const missing = {what: `cluster "${cluster}" is fetched on demand`, collect: 'take the dump again after such a request'}
  return single<HttpResult>({kind: 'ended', passage: {end: undetermined(missing), log}}, [httpStep(call, `fetches cluster ${cluster}`)])
}
