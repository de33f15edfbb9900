import type {Json} from '../../flow/connection.js'
import {jsonFields, structFields} from './metadata.js'
import {LB_NAMESPACE, type Criteria} from './subset.js'
import type {UpstreamContext} from './upstream.js'

/**
 * What the route (or tcp_proxy) asks of a host, with the dynamic metadata of the request (without one: of the
 * connection) on top. Source: envoy-2022 D9; Envoy router.h and tcp_proxy.cc metadataMatchCriteria.
 */
export function subsetCriteria(context: Pick<UpstreamContext, 'metadataMatch' | 'stream' | 'connection'>): Criteria {
  const {metadataMatch, stream, connection} = context
  const configured = (metadataMatch ?? []).flatMap((struct): [string, Json][] => [...structFields(struct)])
  return new Map([...configured, ...jsonFields((stream ?? connection).metadata.get(LB_NAMESPACE))])
}
