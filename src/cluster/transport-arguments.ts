import {accessArguments, type ClusterAccess} from './kubectl-arguments.js'

/** Ways to the admin port of a proxy: curl or pilot-agent inside the pod, or HTTP through a forwarded port. */
export const TRANSPORTS = ['exec-curl', 'pilot-agent', 'port-forward'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** The container of Envoy and of ztunnel, in all generations. */
export const PROXY_CONTAINER = 'istio-proxy'

/** A pod whose proxy is asked. Names are valid (`parsePod`). */
export interface ProxyTarget {
  readonly pod: string
  readonly namespace: string | undefined
  readonly container: string
  /** `ztunnel` is the Rust one; the Envoy that was ztunnel in 2022 is an Envoy. */
  readonly proxy: 'envoy' | 'ztunnel' | 'unknown'
}

/** What kubectl is told to fetch a dump by one way. */
export function transportArguments(
  transport: Transport,
  {access, target}: {readonly access: ClusterAccess; readonly target: ProxyTarget},
): string[] {
  return [...accessArguments({...access, namespace: target.namespace}), ...COMMANDS[transport](target)]
}

const ADMIN_PORT = 15_000

/** Envoy leaves endpoints out unless asked (envoy-2022 D8); the Rust ztunnel ignores the query, so it may come where the kind is unknown. */
export function pathOf({proxy}: ProxyTarget): string {
  return proxy === 'ztunnel' ? 'config_dump' : 'config_dump?include_eds'
}

const COMMANDS: Readonly<Record<Transport, (target: ProxyTarget) => readonly string[]>> = {
  'exec-curl': (target) => [...execIn(target), 'curl', '-s', `127.0.0.1:${ADMIN_PORT}/${pathOf(target)}`],
  'pilot-agent': (target) => [...execIn(target), 'pilot-agent', 'request', 'GET', pathOf(target)],
  // Without a local port kubectl takes a free one and prints it.
  'port-forward': ({pod}) => ['port-forward', `pod/${pod}`, `:${ADMIN_PORT}`],
}

function execIn({pod, container}: ProxyTarget): readonly string[] {
  return ['exec', pod, '-c', container, '--']
}
