import type {HttpRequest} from '../../../src/flow/connection.js'
import type {Exit, Forwarding} from '../../../src/flow/forwarder.js'
import {formatShare} from '../../../src/flow/share.js'
import {requestOf} from '../match/samples.js'
import {chain, cluster, dump, listener, networkFilter} from './dump.js'
import {arrive, forwarder} from './forwarding.js'

type Message = Readonly<Record<string, unknown>>

const TYPE = 'type.googleapis.com/'

export interface HttpParts {
  /** A RouteConfiguration inside the connection manager; without it `manager` says where the routes come from. */
  readonly table?: Message
  readonly manager?: Message
  /** HTTP filters before the router. */
  readonly filters?: readonly Message[]
  /** Names of clusters; each has one host. */
  readonly clusters?: readonly string[]
  readonly sections?: readonly Message[]
}

/** Sends a request to an Envoy 1.40 with one connection manager. */
export function ask(
  {table, manager = {}, filters = [], clusters = ['web'], sections = []}: HttpParts,
  request: HttpRequest = requestOf(),
): Forwarding {
  const filter = networkFilter('http_connection_manager.v3.HttpConnectionManager', {
    ...(table === undefined ? {} : {route_config: table}),
    http_filters: [...filters, httpFilter('router.v3.Router')],
    ...manager,
  })
  const document = dump({
    listeners: [listener({filter_chains: [chain('http', {filters: [filter]})]})],
    clusters: clusters.map((name, index) => cluster(name, `10.0.0.${index + 1}:80`)),
    version: {major: 1, minor: 40},
    sections,
  })
  return forwarder(document).forward(arrive('10.9.9.9:80', {payload: {kind: 'http', version: 'h1', request}}))
}

/** A table with one virtual host for everything. */
export function oneHost(routes: readonly Message[], virtualHost: Message = {}): Message {
  return {name: 'table', virtual_hosts: [{name: 'all', domains: ['*'], routes, ...virtualHost}]}
}

export function httpFilter(type: string, fields: Message = {}): Message {
  return {name: type, typed_config: {'@type': `${TYPE}envoy.extensions.filters.http.${type}`, ...fields}}
}

/** The RoutesConfigDump with what RDS delivered. */
export function deliveredTables(...tables: readonly Message[]): Message {
  return {'@type': `${TYPE}envoy.admin.v3.RoutesConfigDump`, dynamic_route_configs: tables.map((table) => ({route_config: table}))}
}

/** What the next hop gets to see. */
export function sentBy(exit: Exit | undefined): HttpRequest | undefined {
  return exit?.kind === 'depart' && exit.departure.payload.kind === 'http' ? exit.departure.payload.request : undefined
}

/** `cluster share` or `status share` of every exit; copies are marked. */
export function endsOf({exits}: Forwarding): readonly string[] {
  return exits.map((exit) => {
    const end = exit.kind === 'stop' ? String(exit.log?.code ?? exit.verdict.kind) : (exit.log?.cluster ?? '')
    return `${exit.mirror === true ? 'copy to ' : ''}${end} ${formatShare(exit.share)}`
  })
}
