import {streamKubectl, type KubectlCall} from './kubectl.js'
import {accessArguments, type ClusterAccess} from './kubectl-arguments.js'
import type {PartialFile} from './partial-file.js'
import {streamForwarded} from './port-forward.js'
import {written} from './save-file.js'

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

export interface TransportCall {
  readonly target: ProxyTarget
  readonly access: ClusterAccess
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** Where the bytes are also to stand. */
  readonly into?: PartialFile | undefined
  /** Whether they are also read as they come into that file; default: yes. */
  readonly follow?: boolean | undefined
}

export interface DumpStream {
  readonly bytes: AsyncIterable<Uint8Array>
  /** The command that fetches it, for messages. */
  readonly command: readonly string[]
}

/**
 * In the order in which they are tried. Images of Envoy have curl or at least pilot-agent; those of the Rust ztunnel have neither,
 * unless they are debug images (ambient-ga A).
 */
export function transportsFor({proxy}: Pick<ProxyTarget, 'proxy'>): readonly Transport[] {
  return proxy === 'ztunnel' ? ['port-forward', 'exec-curl'] : TRANSPORTS
}

/** The dump by one way. kubectl starts when the bytes are asked for. */
export function openTransport(transport: Transport, call: TransportCall): DumpStream {
  const {access, target, timeoutMs, cancelSignal, into, follow} = call
  const args = [...accessArguments({...access, namespace: target.namespace}), ...COMMANDS[transport](target)]
  const kubectl = {args, timeoutMs, cancelSignal, about: aboutOf(transport, target)}
  const command = ['kubectl', ...args]
  if (transport !== 'port-forward') return {bytes: streamKubectl({...kubectl, into, follow}), command}
  const forwarded = streamForwarded({...kubectl, path: `/${pathOf(target)}`})
  return {bytes: into === undefined ? forwarded : written(forwarded, into), command}
}

const ADMIN_PORT = 15_000

/** Envoy leaves endpoints out unless asked (envoy-2022 D8); the Rust ztunnel ignores the query, so it may come where the kind is unknown. */
function pathOf({proxy}: ProxyTarget): string {
  return proxy === 'ztunnel' ? 'config_dump' : 'config_dump?include_eds'
}

const COMMANDS: Readonly<Record<Transport, (target: ProxyTarget) => readonly string[]>> = {
  'exec-curl': (target) => [...execIn(target), 'curl', '-s', `127.0.0.1:${ADMIN_PORT}/${pathOf(target)}`],
  'pilot-agent': (target) => [...execIn(target), 'pilot-agent', 'request', 'GET', pathOf(target)],
  // Without a local port kubectl takes a free one and prints it.
  'port-forward': ({pod}) => ['port-forward', `pod/${pod}`, `:${ADMIN_PORT}`],
}

const PROGRAMS: Readonly<Record<Transport, string | undefined>> = {
  'exec-curl': 'curl',
  'pilot-agent': 'pilot-agent',
  'port-forward': undefined,
}

function execIn({pod, container}: ProxyTarget): readonly string[] {
  return ['exec', pod, '-c', container, '--']
}

function aboutOf(transport: Transport, {pod, container}: ProxyTarget): KubectlCall['about'] {
  const program = PROGRAMS[transport]
  if (program === undefined) return {target: `pod ${pod}`, pod, right: 'create pods/portforward'}
  return {target: `pod ${pod}`, pod, container, program, right: 'create pods/exec'}
}
