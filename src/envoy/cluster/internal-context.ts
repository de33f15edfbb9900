import type {FilterStateValue, InternalContext, Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {Connection, Stream} from '../connection.js'
import {filterMetadata} from './metadata.js'
import type {UpstreamSocket} from './upstream.js'

interface Passing {
  readonly socket: UpstreamSocket
  readonly cluster: View
  readonly hostMetadata: ReadonlyMap<string, Json>
  readonly connection: Connection
  readonly stream?: Stream
}

/**
 * What an internal connection learns from the one that opened it: only an internal_upstream socket passes anything.
 * Source: envoy-2022 D1; Envoy internal_upstream/config.cc, user_space/io_handle_impl.cc.
 */
export function internalContext(passing: Passing): InternalContext {
  const socket = internalSocket(passing.socket)
  if (socket === undefined) return {metadata: new Map(), filterState: new Map()}
  return {metadata: passedMetadata(socket, passing), filterState: passedState(passing)}
}

function internalSocket(socket: UpstreamSocket | undefined): View | undefined {
  if (socket === undefined) return undefined
  return socket.kind === 'internal' ? socket.view?.get('typed_config')?.message() : internalSocket(socket.inner)
}

/** Kinds host and cluster are the only ones Envoy honours; a later entry overrides an earlier one of the same name. */
function passedMetadata(socket: View, {cluster, hostMetadata}: Passing): ReadonlyMap<string, Json> {
  const clusterMetadata = filterMetadata(cluster)
  const passed = new Map<string, Json>()
  for (const entry of socket.list('passthrough_metadata')) {
    const kind = entry.get('kind')
    const source = kind?.get('host') !== undefined ? hostMetadata : kind?.get('cluster') !== undefined ? clusterMetadata : undefined
    const name = entry.str('name') ?? ''
    const value = source?.get(name)
    if (value !== undefined) passed.set(name, value)
  }
  return passed
}

/** Objects shared once stop there; transitive ones go on. */
function passedState({connection, stream}: Passing): ReadonlyMap<string, FilterStateValue> {
  const visible = new Map([...connection.filterState, ...(stream?.filterState ?? [])])
  return new Map(
    [...visible]
      .filter(([, object]) => object.shared !== 'none')
      .map(([key, object]) => [key, object.shared === 'once' ? {...object, shared: 'none'} : object]),
  )
}
