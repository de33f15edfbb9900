import {isIP} from 'node:net'
import type {SocketAddress} from '../../flow/address.js'
import type {FilterStateValue} from '../../flow/connection.js'
import {toNumber} from '../../json/view.js'
import {filterStateOf} from '../format/filter-state-command.js'
import {canonicalIp} from '../match/ip.js'
import type {UpstreamContext} from './upstream.js'

const HOST_KEY = 'envoy.upstream.dynamic_host'
const PORT_KEY = 'envoy.upstream.dynamic_port'

/** The host a dynamic forward proxy cluster is asked for; a name stays a name, because nothing offline resolves it. */
export type ForwardHost =
  | {readonly kind: 'address'; readonly address: SocketAddress; readonly from: string}
  | {readonly kind: 'name'; readonly name: string; readonly from: string}
  | {readonly kind: 'none'; readonly from: string}
  | {readonly kind: 'unknown'; readonly what: string}

/**
 * Filter state, else the request's host, else the SNI; the port is that of the host, of filter state, or the scheme's.
 * Source: Envoy dynamic_forward_proxy/cluster.cc.
 */
export function forwardHost(context: UpstreamContext, secure: boolean): ForwardHost {
  const unknown = [HOST_KEY, PORT_KEY].find((key) => isUnknown(filterStateOf(key, context)))
  if (unknown !== undefined) return {kind: 'unknown', what: `filter state ${unknown}`}
  const {text, from} = namedHost(context)
  if (text === '') return {kind: 'none', from}
  return withPort({text, from, port: readPort(filterStateOf(PORT_KEY, context)?.value) ?? (secure ? 443 : 80)})
}

function namedHost(context: UpstreamContext): {readonly text: string; readonly from: string} {
  const {connection, stream} = context
  const host = filterStateOf(HOST_KEY, context)?.value
  if (host !== undefined) return {text: host, from: `filter state ${HOST_KEY}`}
  return stream === undefined ? {text: connection.serverName ?? '', from: 'SNI'} : {text: stream.request.authority, from: ':authority'}
}

/** The object is there, its content is not known. */
function isUnknown(object: FilterStateValue | undefined): boolean {
  return object !== undefined && object.value === undefined
}

function withPort({text, from, port}: {readonly text: string; readonly from: string; readonly port: number}): ForwardHost {
  const [, bracketed, plain, own] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  // An IPv6 address without brackets has no port of its own.
  const host = bracketed ?? plain ?? text
  const wanted = readPort(own) ?? port
  const ip = isIP(host) === 0 ? undefined : canonicalIp(host)
  return ip === undefined ? {kind: 'name', name: `${host}:${wanted}`, from} : {kind: 'address', address: {ip, port: wanted}, from}
}

function readPort(text: string | undefined): number | undefined {
  const port = toNumber(text)
  return port !== undefined && port > 0 && port <= 65_535 ? port : undefined
}
