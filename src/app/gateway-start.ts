import type {EnvoyConfig} from '../envoy/config/model.js'
import {formatSocket} from '../flow/address.js'
import {UsageError} from '../flow/errors.js'
import type {Flow} from '../flow/trace.js'
import type {View} from '../json/view.js'
import {fullName, type Workload} from '../mesh/directory.js'
import {ANY_ADDRESS, type PreparedFlow} from '../mesh/flow.js'
import type {Visit} from '../mesh/station.js'
import type {Topology} from '../mesh/topology.js'

interface Gateway {
  readonly workload: Workload
  readonly config: EnvoyConfig
  readonly topology: Topology
}

/** How a question starts at a gateway. */
export interface GatewayStart {
  readonly flow: Flow
  readonly start: Visit
}

/**
 * A gateway sends nothing of its own: what it forwards came in through one of its listeners, so the request enters there.
 * @throws UsageError when the gateway listens on several ports.
 */
export function startAtGateway(prepared: PreparedFlow, gateway: Gateway): GatewayStart {
  const {workload, config, topology} = gateway
  const [ip = ANY_ADDRESS] = workload.ips
  const source = {ip: ANY_ADDRESS, port: 0}
  const destination = {ip, port: entryPort(workload, config)}
  const assumed = `enters gateway ${fullName(workload)} at port ${destination.port}`
  return {
    flow: {...prepared.flow, connection: {source, destination}, assumptions: [...(prepared.flow.assumptions ?? []), assumed]},
    start: {station: topology.proxy(workload), arrival: {entry: {kind: 'socket', ...destination}, source, payload: prepared.payload}},
  }
}

/** Ports of the status, metrics and HBONE listeners that every proxy has. */
const OWN_PORTS: ReadonlySet<number> = new Set([15_001, 15_006, 15_008, 15_020, 15_021, 15_090])

function entryPort(workload: Workload, config: EnvoyConfig): number {
  const ports = [...new Set(config.listeners().flatMap(({view}) => portsOf(view)))].filter((port) => !OWN_PORTS.has(port))
  const [only] = ports
  if (only !== undefined && ports.length === 1) return only
  const [ip = ANY_ADDRESS] = workload.ips
  const help =
    ports.length === 0
      ? 'It has no listener that takes requests from outside.'
      : `Ask from outside: \`trace external ${formatSocket({ip, port: ports[0] ?? 80})}\`.`
  throw new UsageError({
    what: `Gateway ${fullName(workload)} listens on ${ports.length === 0 ? 'no port' : `ports ${ports.join(', ')}`}.`,
    help,
  })
}

function portsOf(listener: View): readonly number[] {
  const port = listener.path('address', 'socket_address')?.port('port_value')
  return port === undefined ? [] : [port]
}
