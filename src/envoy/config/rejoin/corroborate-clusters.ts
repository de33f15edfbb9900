import type {Corroborate} from './corroborate.js'

/** Lines of the admin endpoint `/clusters`: `name::10.4.1.39:9080::cx_active::0`, internal hosts as `envoy://listener/endpoint_id`. */
const LINE = /^(.+?)::(envoy:\/\/.+\/([^/]*)|(?:\[[0-9a-fA-F:.]+\]|[0-9.]+):\d+)::[a-z_]+::/

/** A longer line is no cluster line; it would only cost time. */
const MAX_LINE = 8192

/** Endpoints as the text of `/clusters` names them (envoy-2022 D8 step 4). */
export function corroborateFromClusters(text: string): Corroborate {
  const found = new Map<string, Set<string>>()
  for (const line of text.split('\n')) {
    const [, cluster, host, endpointId] = line.length > MAX_LINE ? [] : (LINE.exec(line) ?? [])
    if (cluster === undefined || host === undefined) continue
    found.set(cluster, (found.get(cluster) ?? new Set<string>()).add(endpointId ?? host))
  }
  return ({name}) => {
    const addresses = found.get(name)
    return addresses && [{addresses, complete: true}]
  }
}
