import {existsSync, readFileSync} from 'node:fs'
import {isIP} from 'node:net'
import {join} from 'node:path'
import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {createEnvoyForwarder, type EnvoyForwarderInput} from '../../../src/envoy/forward.js'
import type {Arrival, Payload} from '../../../src/flow/connection.js'
import type {Forwarder} from '../../../src/flow/forwarder.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import type {RecordedCase} from '../recorded-cases.js'
import {enumeratePaths, toOutcomes, type Path, type Reached} from './envoy-paths.js'
import {gatewayInput, type GatewayInput} from './istiod-gateway-case.js'

/** The dump that the answering process printed, and the one a cluster would show; they differ in what only Istio's build has. */
const DUMPS = ['.upstream-envoy.config_dump.json', '.config_dump.json']

export interface GatewayOptions {
  readonly scenarioDir: string
  /** Endings of the dumps to use, the first that exists. */
  readonly dumps?: readonly string[]
  /** For dumps that do not tell it. */
  readonly envoyVersion?: EnvoyForwarderInput['envoyVersion']
}

/** Predicts requests to gateways and sidecars; their pods are unreachable in this layer, so each ends where it is dialled. */
export function gatewayPredictor(options: GatewayOptions): (one: RecordedCase) => unknown {
  const proxies = new Map<string, Proxy | undefined>()
  return ({input: given}) => {
    const input = gatewayInput.safeParse(given)
    if (!input.success) return {undetermined: `the input is not understood: ${input.error.message}`}
    const {proxy: name} = input.data
    if (!proxies.has(name)) proxies.set(name, openProxy(name, options))
    const proxy = proxies.get(name)
    return proxy === undefined ? {undetermined: `there is no dump of ${name}`} : predictRequest(proxy, input.data)
  }
}

interface Proxy {
  readonly config: EnvoyConfig
  readonly forwarder: Forwarder
}

function openProxy(name: string, {scenarioDir, dumps = DUMPS, envoyVersion}: GatewayOptions): Proxy | undefined {
  const file = dumps.map((ending) => `${name}${ending}`).find((candidate) => existsSync(join(scenarioDir, candidate)))
  if (file === undefined) return undefined
  const document: unknown = JSON.parse(readFileSync(join(scenarioDir, file), 'utf8'))
  const config = readEnvoyConfig(memoryStore({name: file, document}))
  const place = {kind: config.node.role, name}
  return {config, forwarder: createEnvoyForwarder({config, place, ...(envoyVersion === undefined ? {} : {envoyVersion})})}
}

function predictRequest({config, forwarder}: Proxy, input: GatewayInput): unknown {
  const paths = enumeratePaths(forwarder, {arrival: arrivalOf(config, input), world: unreachable})
  const unsure = paths.find((path) => path.undetermined !== undefined)
  return unsure === undefined ? {outcomes: toOutcomes(paths.map(withFlags))} : {undetermined: unsure.undetermined}
}

/** No pod exists in the recordings of this layer. */
function unreachable(): Reached {
  return {client: {result: 'closed'}, refused: true}
}

/** Envoy's flag for a connection or request that nothing was configured for. */
function withFlags(path: Path): Path {
  const {exits} = path
  return {...path, hops: path.hops.map((hop, index) => (isUnrouted(exits[index]) ? {...hop, flags: 'NR'} : hop))}
}

function isUnrouted(exit: Path['exits'][number] | undefined): boolean {
  return exit?.kind === 'stop' && (exit.verdict.kind === 'no-route' || exit.verdict.kind === 'no-filter-chain')
}

/** Istio's redirect: the pod's own connections go to 15001, those for the pod to 15006; HBONE and loopback are left alone. */
function arrivalOf(config: EnvoyConfig, input: GatewayInput): Arrival {
  const {address: ip, port} = input
  const destination = {ip, port}
  const source = {ip: isIP(ip) === 6 ? '::1' : '127.0.0.1', port: 40_000}
  const payload = payloadOf(input)
  const direct: Arrival = {entry: {kind: 'socket', ...destination}, source, payload}
  if (config.node.role !== 'sidecar' || isLoopback(ip)) return direct
  const inbound = ip === config.node.ip
  if (inbound && port === HBONE) return direct
  return {entry: {kind: 'socket', ip, port: inbound ? 15_006 : 15_001}, source, originalDestination: destination, payload}
}

const HBONE = 15_008

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1'
}

function payloadOf(input: GatewayInput): Payload {
  switch (input.protocol) {
    case 'http':
      return requestOf(input)
    case 'tcp':
      return {kind: 'opaque'}
    case 'tls':
      return {
        kind: 'tls',
        alpn: [],
        trusted: true,
        payload: input.host === undefined ? {kind: 'opaque'} : requestOf(input),
        ...(input.sni === undefined ? {} : {sni: input.sni}),
      }
    default:
      return input.protocol satisfies never
  }
}

function requestOf({method, host, address, port, path, headers}: GatewayInput): Payload {
  const lines = Array.isArray(headers) ? headers : Object.entries(headers)
  return {
    kind: 'http',
    version: 'h1',
    request: {method, authority: host ?? `${address}:${port}`, path, headers: lines.map(([name, value]) => [name.toLowerCase(), value])},
  }
}
