import type {HttpRequest} from '../../../src/flow/connection.js'
import type {Exit} from '../../../src/flow/forwarder.js'
import {formatShare} from '../../../src/flow/share.js'
import {chain, cluster, dump, listener, networkFilter} from '../engine/dump.js'
import {exitsOfDump} from '../network/exits.js'

export type Message = Readonly<Record<string, unknown>>

const TYPE = 'type.googleapis.com/'
const HTTP = `${TYPE}envoy.extensions.filters.http.`

/** A typed config of an HTTP filter, or of its override. */
export function typed(type: string, fields: Message = {}): Message {
  return {'@type': type.startsWith('envoy.') ? `${TYPE}${type}` : `${HTTP}${type}`, ...fields}
}

export interface Asked {
  /** The filter under test, named `filter`. */
  readonly filter: Message
  readonly request?: Partial<HttpRequest>
  /** typed_per_filter_config entries by level. */
  readonly table?: Message
  readonly host?: Message
  readonly route?: Message
  readonly disabled?: boolean
  readonly action?: Message
  readonly runtime?: Message
}

/** What one filter before the router does with a request to a cluster of one host. */
export function exitsWith({filter, request = {}, table, host, route, disabled, action, runtime}: Asked): readonly Exit[] {
  const entry = (config: Message | undefined): Message => (config === undefined ? {} : {typed_per_filter_config: {filter: config}})
  const routes = [{match: {prefix: '/'}, ...(action ?? {route: {cluster: 'web'}}), ...entry(route)}]
  const manager = networkFilter('http_connection_manager.v3.HttpConnectionManager', {
    route_config: {name: 'table', ...entry(table), virtual_hosts: [{name: 'all', domains: ['*'], ...entry(host), routes}]},
    http_filters: [
      {name: 'filter', typed_config: filter, ...(disabled === undefined ? {} : {disabled})},
      {name: 'router', typed_config: typed('router.v3.Router')},
    ],
  })
  const document = dump({
    listeners: [listener({filter_chains: [chain('http', {filters: [manager]})]})],
    clusters: [cluster('web', '10.0.0.1:80'), cluster('empty')],
    version: {major: 1, minor: 40},
    ...(runtime === undefined ? {} : {runtime}),
  })
  const payload = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path: '/', headers: [], ...request}} as const
  return exitsOfDump(document, payload)
}

/** Each exit in short: its share, and the status of an answer or `forwarded`. */
export function ends(asked: Asked): string[] {
  return exitsWith(asked).map((exit) => `${formatShare(exit.share)} ${endOf(exit)}`)
}

function endOf(exit: Exit): string {
  if (exit.kind !== 'stop') return 'forwarded'
  return exit.answer.kind === 'http' ? `${exit.answer.status} ${exit.log?.details ?? ''}`.trim() : exit.answer.kind
}

/** Lines of a header as the upstream gets them. */
export function sentLines(asked: Asked, name: string): string[] {
  return exitsWith(asked).flatMap((exit) => {
    const payload = exit.kind === 'depart' ? exit.departure.payload : undefined
    return payload?.kind === 'http' ? payload.request.headers.filter(([key]) => key === name).map(([, value]) => value) : []
  })
}
