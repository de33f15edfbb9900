import type {Listener} from './model.js'
import type {NetworkNamespace} from './namespace.js'

interface SocketOptions {
  readonly mark: number
  readonly transparent: boolean
}

/** Options of ztunnel's listening sockets, which `ss` does not print. Source: envoy-2022 C.2; ambient-ga E (mark 0x539), kernel recordings. */
const SOCKETS: Readonly<Record<'node' | 'in-pod', ReadonlyMap<number, SocketOptions>>> = {
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

/** A namespace in which ztunnel's ports are known to be ztunnel's: `node` for the 2022 ztunnel pod, `in-pod` for an enrolled pod. */
export function withZtunnelSockets(namespace: NetworkNamespace, generation: 'node' | 'in-pod'): NetworkNamespace {
  const listeners = namespace.listeners.map((listener): Listener => ({...listener, ...SOCKETS[generation].get(listener.port)}))
  return {...namespace, listeners}
}
