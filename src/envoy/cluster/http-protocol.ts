import {isIP} from 'node:net'
import type {View} from '../../json/view.js'
import {headerLines, type Stream} from '../connection.js'
import type {UpstreamProtocol} from './upstream.js'

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
const EXPLICIT: readonly (readonly [field: string, protocol: UpstreamProtocol])[] = [
  ['http3_protocol_options', 'h3'],
  ['http2_protocol_options', 'h2'],
  ['http_protocol_options', 'h1'],
]

/** Protocol a cluster speaks to HTTP upstreams: HttpProtocolOptions, else the legacy fields of the cluster, else HTTP/1.1. */
export function readHttpProtocol(cluster: View): UpstreamProtocol {
  const options = httpOptions(cluster)
  return options === undefined ? readLegacy(cluster) : readOptions(options)
}

function readOptions(options: View): UpstreamProtocol {
  if (options.get('auto_config') !== undefined) return 'auto'
  if (options.get('use_downstream_protocol_config') !== undefined) return 'downstream'
  const explicit = options.get('explicit_http_config')
  return EXPLICIT.find(([field]) => explicit?.get(field) !== undefined)?.[1] ?? 'h1'
}

function readLegacy(cluster: View): UpstreamProtocol {
  if (cluster.str('protocol_selection') === 'USE_DOWNSTREAM_PROTOCOL') return 'downstream'
  return cluster.get('http2_protocol_options') === undefined ? 'h1' : 'h2'
}

/** ALPN names of a protocol, as HTTP connection pools ask for them where the transport socket names none. */
export function alpnOf(protocol: UpstreamProtocol, stream: Stream): readonly string[] {
  switch (protocol) {
    case 'h1':
      return ['http/1.1']
    case 'h2':
      return ['h2']
    case 'h3':
      return ['h3']
    case 'auto':
      return ['h2', 'http/1.1']
    case 'downstream':
      return stream.version === 'h2' ? ['h2'] : ['http/1.1']
    default:
      return protocol satisfies never
  }
}

/** auto_sni: the host of the request (or of another header) becomes the SNI, unless it is an address. */
export function autoSni(cluster: View, stream: Stream): string | undefined {
  const options = httpOptions(cluster)?.get('upstream_http_protocol_options') ?? cluster.get('upstream_http_protocol_options')
  if (options?.bool('auto_sni') !== true) return undefined
  const [line = ''] = headerLines(stream.request, options.str('override_auto_sni_header') ?? '')
  const name = hostOf(line === '' ? stream.request.authority : line)
  return name === '' || isIP(name) !== 0 ? undefined : name
}

/** The host part of an authority; IPv6 without brackets. */
function hostOf(authority: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(authority)?.[1]
  if (bracketed !== undefined) return bracketed
  return authority.split(':').length === 2 ? authority.slice(0, authority.indexOf(':')) : authority
}

function httpOptions(cluster: View): View | undefined {
  return cluster.get('typed_extension_protocol_options')?.own(OPTIONS)?.message()
}
