import {isIP} from 'node:net'
import {parseSocket, type SocketAddress} from '../flow/address.js'
import type {Arrival, Payload} from '../flow/connection.js'
import {InputError, UsageError} from '../flow/errors.js'
import type {Forwarder, Place} from '../flow/forwarder.js'
import type {ProxyDump, UsableDump} from '../snapshot/snapshot.js'
import type {ZtunnelConfig} from '../ztunnel/config/model.js'
import {readZtunnelConfig} from '../ztunnel/config/read-ztunnel-config.js'
import {createZtunnelForwarder} from '../ztunnel/forward.js'
import {ANY_SOCKET, walkPayload, type WalkQuestion} from './walk-arrival.js'
import {ownersIn, type Owner} from './ztunnel-owners.js'

export interface ZtunnelWalk {
  readonly forwarder: Forwarder
  readonly arrival: Arrival
  /** What the dump itself knows of an address that is dialled. */
  readonly owner: Owner
  readonly warnings: readonly string[]
}

export interface ZtunnelQuestion {
  readonly question: WalkQuestion
  /** Minor release of Istio 1.x to assume (`--ztunnel-version`). */
  readonly minor?: number
}

/**
 * One connection at a Rust ztunnel: of a captured pod (port 15001), or for one, by HBONE (15008) or in plaintext (15006).
 * @throws UsageError when the question lacks what ztunnel decides by.
 * @throws InputError for an extract of a dump, which lacks it too.
 */
export function walkZtunnel({dump, loaded}: {dump: ProxyDump; loaded: UsableDump}, {question, minor}: ZtunnelQuestion): ZtunnelWalk {
  if (loaded.extract !== undefined) throw extractError(dump, loaded.extract)
  const {config, forwarder, owner} = engineOf({dump, loaded}, minor)
  return {forwarder, arrival: arrivalOf(question, config), owner, warnings: config.warnings}
}

interface ZtunnelEngine {
  readonly config: ZtunnelConfig
  readonly forwarder: Forwarder
  readonly owner: Owner
}

/** Built once per dump and release, and forgotten with the dump: a batch asks one ztunnel thousands of times. */
const engines = new WeakMap<ProxyDump, Map<number | undefined, ZtunnelEngine>>()

function engineOf({dump, loaded}: {dump: ProxyDump; loaded: UsableDump}, minor: number | undefined): ZtunnelEngine {
  const known = engines.get(dump) ?? new Map<number | undefined, ZtunnelEngine>()
  const engine = known.get(minor) ?? createEngine(dump, readZtunnelConfig(loaded.store, minor === undefined ? {} : {minor}))
  engines.set(dump, known.set(minor, engine))
  return engine
}

function createEngine({name, namespace, node: ownNode}: ProxyDump, config: ZtunnelConfig): ZtunnelEngine {
  const node = ownNode ?? config.settings.localNode
  const place: Place = {
    kind: 'ztunnel',
    name,
    ...(namespace === undefined ? {} : {namespace}),
    ...(node === undefined ? {} : {node}),
  }
  return {config, forwarder: createZtunnelForwarder({config, place}), owner: ownersIn(config)}
}

function extractError({file}: ProxyDump, extract: string): InputError {
  return new InputError({
    what: 'An extract of a dump answers no question.',
    file,
    expected: 'the whole /config_dump of the ztunnel',
    got: extract,
    help: 'Collect it with "istioctl ztunnel-config all -o json", or from port 15000 of the pod through kubectl port-forward.',
  })
}

function arrivalOf(question: WalkQuestion, {settings}: ZtunnelConfig): Arrival {
  const {ports} = settings
  const port = entryPort(question, ports)
  const {source} = question
  if (!Object.values(ports).includes(port)) return {entry: {kind: 'socket', ip: ANY_SOCKET.ip, port}, payload: {kind: 'unknown'}}
  if (source === undefined) throw lacking('--src', 'A ztunnel decides by the client of the connection.')
  return port === ports.hbone ? hboneArrival(question, {source, port}) : redirected(question, {source, port})
}

function entryPort({port, listener}: WalkQuestion, ports: ZtunnelConfig['settings']['ports']): number {
  const help = `Its ports: ${ports.outbound} from its pods, ${ports.hbone} HBONE to them, ${ports.plaintext} plaintext to them.`
  if (listener !== undefined) {
    throw new UsageError({what: 'A ztunnel has no listeners with names.', where: '--listener', expected: '--port', got: listener, help})
  }
  if (port !== undefined) return port
  throw new UsageError({what: 'Where the connection enters the ztunnel is not said.', expected: '--port', help})
}

interface Entered {
  readonly source: SocketAddress
  readonly port: number
}

/** Packet rules of the pod handed the connection over: its original destination counts. */
function redirected(question: WalkQuestion, {source, port}: Entered): Arrival {
  const {destination} = question
  if (destination === undefined) throw lacking('--dst', 'A ztunnel decides by the address that was dialled.')
  return {entry: {kind: 'socket', ip: destination.ip, port}, source, originalDestination: destination, payload: walkPayload(question)}
}

/** The pod is the one that was dialled; unless told, the one the tunnel is for. */
function hboneArrival(question: WalkQuestion, {source, port}: Entered): Arrival {
  const {identity, authority, destination} = question
  if (identity === undefined) throw lacking('--identity', 'HBONE is mutual TLS: who connects decides. Plaintext arrives at another port.')
  if (authority === undefined) throw lacking('--authority', 'A tunnel is for one port of the pod, which its CONNECT names.')
  const ip = destination?.ip ?? parseSocket(authority)?.ip
  if (ip === undefined || isIP(ip) === 0) throw lacking('--dst', 'The address of the pod that is connected to is not said.')
  return {entry: {kind: 'socket', ip, port}, source, payload: hbonePayload(question)}
}

function hbonePayload(question: WalkQuestion): Payload {
  const {alpn = ['h2'], method = 'CONNECT'} = question
  return walkPayload({...question, alpn, method})
}

function lacking(flag: string, what: string): UsageError {
  return new UsageError({what, expected: flag, help: 'See ambientctl walk --help for an example.'})
}
