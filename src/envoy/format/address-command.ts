import {formatAddress, formatSocket, type SocketAddress} from '../../flow/address.js'
import type {FormatContext} from './context.js'
import {MISSING, textOr, type CommandValue} from './value.js'

/** Envoy's text for the client side of an internal connection. */
const INTERNAL_CLIENT = 'envoy://internal_client_address/'

/** One end of the connection: its socket, or the text Envoy prints for an address that is none. */
interface End {
  readonly socket?: SocketAddress
  readonly text: string
  readonly endpointId?: string
}

type ReadEnd = (context: FormatContext) => End

const ENDS: ReadonlyMap<string, ReadEnd> = new Map<string, ReadEnd>([
  ['DOWNSTREAM_LOCAL', localEnd],
  ['DOWNSTREAM_DIRECT_LOCAL', directLocalEnd],
  ['DOWNSTREAM_REMOTE', ({connection, stream}) => remoteEnd(stream?.remote ?? connection.remote)],
  ['DOWNSTREAM_DIRECT_REMOTE', ({connection}) => remoteEnd(connection.directRemote)],
])

const COMMAND = /^(DOWNSTREAM_(?:DIRECT_)?(?:LOCAL|REMOTE))_(ADDRESS|ADDRESS_WITHOUT_PORT|PORT|ADDRESS_ENDPOINT_ID)$/

/** The DOWNSTREAM_…_ADDRESS family; undefined when the name belongs to another family. Port 0 is a port not known. */
export function addressCommand(name: string, context: FormatContext): CommandValue | undefined {
  const [, end = '', form = ''] = COMMAND.exec(name) ?? []
  const read = ENDS.get(end)
  return read === undefined ? undefined : printEnd(read(context), form)
}

function printEnd({socket, text, endpointId}: End, form: string): CommandValue {
  switch (form) {
    case 'ADDRESS':
      return {kind: 'text', text}
    case 'ADDRESS_WITHOUT_PORT':
      return {kind: 'text', text: socket?.ip ?? text}
    // Envoy: the port of an address without one is an empty text, not a missing value.
    case 'PORT':
      return {kind: 'text', text: socket === undefined ? '' : String(socket.port)}
    default:
      return endpointId === undefined ? MISSING : textOr(endpointId)
  }
}

/** envoy-2022 D1: the restored address; on an internal connection nothing restored, the internal address itself. */
function localEnd({connection: {local, entry}}: FormatContext): End {
  return local === undefined ? directLocalEnd({connection: {entry}}) : {socket: local, text: formatSocket(local)}
}

function directLocalEnd({connection: {entry}}: {readonly connection: Pick<FormatContext['connection'], 'entry'>}): End {
  switch (entry.kind) {
    case 'socket':
      return {socket: entry, text: formatSocket(entry)}
    case 'internal':
      return {text: formatAddress(entry), endpointId: entry.endpointId ?? ''}
    default:
      return {text: entry.path}
  }
}

function remoteEnd(socket: SocketAddress | undefined): End {
  return socket === undefined ? {text: INTERNAL_CLIENT, endpointId: ''} : {socket, text: formatSocket(socket)}
}
