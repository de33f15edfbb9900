import type {Flow} from '../flow/trace.js'
import type {NumberedPort} from './ports.js'

export interface SpokenProtocol {
  readonly protocol: Flow['protocol']
  /** HTTP version a client speaks first on it. */
  readonly version?: 'h1' | 'h2'
  /** Its requests are gRPC calls. */
  readonly isGrpc?: true
}

/**
 * What a port's declaration says its clients speak: `appProtocol`, else the port name `<protocol>[-<suffix>]`,
 * as Istio reads them. Undefined when neither says anything.
 */
export function declaredProtocol(port: NumberedPort): (SpokenProtocol & {readonly because: string}) | undefined {
  const byApp = spokenBy(port.appProtocol?.toLowerCase().replace(/^kubernetes\.io\//, ''))
  if (byApp !== undefined) return {...byApp, because: `appProtocol ${port.appProtocol}`}
  const byName = spokenBy(port.name?.toLowerCase())
  return byName === undefined ? undefined : {...byName, because: `port name ${port.name}`}
}

function spokenBy(name: string | undefined): SpokenProtocol | undefined {
  if (name === undefined) return undefined
  const exact = PROTOCOLS.get(name)
  if (exact !== undefined) return exact
  const prefix = [...PROTOCOLS.keys()].filter((protocol) => name.startsWith(`${protocol}-`)).toSorted((a, b) => b.length - a.length)[0]
  return prefix === undefined ? undefined : PROTOCOLS.get(prefix)
}

const HTTP1: SpokenProtocol = {protocol: 'http', version: 'h1'}
const HTTP2: SpokenProtocol = {protocol: 'http', version: 'h2'}
const GRPC: SpokenProtocol = {...HTTP2, isGrpc: true}
const TLS: SpokenProtocol = {protocol: 'tls'}
const TCP: SpokenProtocol = {protocol: 'tcp'}

const PROTOCOLS: ReadonlyMap<string, SpokenProtocol> = new Map([
  ['http', HTTP1],
  ['grpc-web', HTTP1],
  ['ws', HTTP1],
  ['http2', HTTP2],
  ['h2c', HTTP2],
  ['grpc', GRPC],
  ['https', TLS],
  ['tls', TLS],
  ['wss', TLS],
  ['tcp', TCP],
  ['mongo', TCP],
  ['mysql', TCP],
  ['redis', TCP],
])
