import type {Listener} from './model.js'
import type {NetworkNamespace, ZtunnelGeneration} from './namespace.js'

interface SocketOptions {
  readonly mark: number
  readonly transparent: boolean
}

/** Options of ztunnel's listening sockets, which `ss` does not print. Source: envoy-2022 C.2; ambient-ga E (mark 0x539), kernel recordings. */
const SOCKETS: Readonly<Record<ZtunnelGeneration, ReadonlyMap<number, SocketOptions>>> = {
  node: new Map([
    [15_001, {mark: 0x401, transparent: true}],
    [15_006, {mark: 0x402, transparent: true}],
    [15_008, {mark: 0x402, transparent: true}],
  ]),
  'in-pod': new Map([
    [15_001, {mark: 0x539, transparent: true}],
    [15_006, {mark: 0x539, transparent: true}],
    [15_008, {mark: 0x539, transparent: true}],
    [15_053, {mark: 0x539, transparent: false}],
  ]),
}

/**
 * A namespace in which ztunnel's ports are known to be ztunnel's: `node` for the 2022 ztunnel pod, `in-pod` for an enrolled pod.
 * Where no sockets were recorded, ztunnel is taken to listen as it always does.
 */
export function withZtunnelSockets(namespace: NetworkNamespace, generation: ZtunnelGeneration): NetworkNamespace {
  const known = namespace.listeners.length > 0 ? namespace.listeners : usualListeners(generation)
  return {...namespace, ztunnel: generation, listeners: known.map((listener) => ({...listener, ...SOCKETS[generation].get(listener.port)}))}
}

function usualListeners(generation: ZtunnelGeneration): readonly Listener[] {
  const families = generation === 'node' ? ([4] as const) : ([4, 6] as const)
  return [...SOCKETS[generation]].flatMap(([port, options]) =>
    families.flatMap((family) =>
      (port === DNS_PORT ? ([...BOTH] as const) : (['tcp'] as const)).map((protocol) => ({
        protocol,
        family,
        port,
        dual: false,
        ...options,
      })),
    ),
  )
}

const DNS_PORT = 15_053
const BOTH = ['tcp', 'udp'] as const
