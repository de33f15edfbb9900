import {formatSocket} from '../../../flow/address.js'
import type {HttpRequest, Json} from '../../../flow/connection.js'
import {headerLines, type Connection, type Stream} from '../../connection.js'
import {pathOnly, queryOf} from '../path.js'
import {ERROR, known, optional, unknown, type CelMap, type CelResult, type CelValue} from './value.js'

/** What an expression looks at. */
export interface CelSubject {
  readonly connection: Connection
  /** Absent in a network filter: then there are no request attributes. */
  readonly stream?: Stream
}

type Attribute = (subject: CelSubject) => CelResult

/** A root identifier of Envoy's CEL environment (extensions/filters/common/expr/context.cc); others are unknown. */
export function rootOf(name: string, subject: CelSubject): CelResult {
  const fields = ROOTS.get(name)
  if (fields !== undefined) return known({lookup: (field) => fields.get(field)?.(subject) ?? unknown(`attribute ${name}.${field}`)})
  return name === 'filter_state' ? known(filterState(subject)) : unknown(`attribute ${name}`)
}

const REQUEST: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['path', ofRequest(({path}) => path)],
  ['url_path', ofRequest(({path}) => (path === undefined ? undefined : pathOnly(path)))],
  ['query', ofRequest(({path}) => (path === undefined ? undefined : (queryOf(path) ?? '')))],
  ['host', ofRequest(({authority}) => authority)],
  ['method', ofRequest(({method}) => method)],
  ['referer', ofRequest((request) => joined(request, 'referer'))],
  ['useragent', ofRequest((request) => joined(request, 'user-agent'))],
  ['headers', ({stream}) => known({lookup: (name) => optional(stream === undefined ? undefined : joined(stream.request, name))})],
])

const CONNECTION: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['mtls', ({connection}) => known(connection.tls?.peer !== undefined)],
  ['requested_server_name', ({connection}) => known(connection.serverName ?? '')],
  ['uri_san_peer_certificate', ({connection}) => optional(connection.tls?.peer?.uriSans[0])],
  ['dns_san_peer_certificate', ({connection}) => optional(connection.tls?.peer?.dnsSans[0])],
  ['subject_peer_certificate', ({connection}) => optional(connection.tls?.peer?.subject)],
])

const SOURCE: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['address', ({connection, stream}) => addressOf((stream ?? connection).remote)],
  ['port', ({connection, stream}) => portOf((stream ?? connection).remote)],
])

const DESTINATION: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['address', ({connection}) => addressOf(connection.local)],
  ['port', ({connection}) => portOf(connection.local)],
])

const METADATA: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['filter_metadata', ({connection, stream}) => known(mapOf((stream ?? connection).metadata))],
])

const ROOTS: ReadonlyMap<string, ReadonlyMap<string, Attribute>> = new Map([
  ['request', REQUEST],
  ['connection', CONNECTION],
  ['source', SOURCE],
  ['destination', DESTINATION],
  ['metadata', METADATA],
])

function ofRequest(read: (request: HttpRequest) => string | undefined): Attribute {
  return ({stream}) => optional(stream === undefined ? undefined : read(stream.request))
}

/** Repeated lines of a header read as one text. */
function joined(request: HttpRequest, name: string): string | undefined {
  const lines = headerLines(request, name)
  return lines.length === 0 ? undefined : lines.join(',')
}

/** Envoy prints internal addresses too, in a form this tool does not follow here. */
function addressOf(socket: {readonly ip: string; readonly port: number} | undefined): CelResult {
  return socket === undefined ? unknown('an address that is no socket') : known(formatSocket(socket))
}

function portOf(socket: {readonly port: number} | undefined): CelResult {
  return socket === undefined ? ERROR : known(BigInt(socket.port))
}

function filterState({connection, stream}: CelSubject): CelMap {
  return {
    lookup: (key) => {
      const object = stream?.filterState.get(key) ?? connection.filterState.get(key)
      if (object === undefined) return ERROR
      return object.value === undefined ? unknown(`filter state ${key}`) : known(object.value)
    },
  }
}

function mapOf(values: ReadonlyMap<string, Json>): CelMap {
  return {lookup: (key) => celOf(values.get(key), 0)}
}

/** Lists nested deeper than this are not followed; maps are read only as far as an expression asks. */
const MAX_NESTING = 64

/** Numbers of a Struct are doubles. */
function celOf(value: Json | undefined, depth: number): CelResult {
  if (value === undefined) return ERROR
  if (typeof value !== 'object' || value === null) return known(value)
  if (!Array.isArray(value)) return known(mapOf(new Map(Object.entries(value))))
  if (depth > MAX_NESTING) return unknown('metadata nested too deeply')
  const items = value.map((item: Json) => celOf(item, depth + 1))
  const values = items.flatMap((item): CelValue[] => (item.kind === 'value' ? [item.value] : []))
  return values.length === items.length ? known(values) : unknown('metadata nested too deeply')
}
