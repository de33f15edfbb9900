import {streamKubectl, type KubectlCall} from './kubectl.js'
import type {HeadStart} from './head-start.js'
import type {ClusterAccess} from './kubectl-arguments.js'
import type {PartialFile} from './partial-file.js'
import {streamForwarded} from './port-forward.js'
import {written} from './save-file.js'
import {pathOf, transportArguments, TRANSPORTS, type ProxyTarget, type Transport} from './transport-arguments.js'

export interface TransportCall {
  readonly target: ProxyTarget
  readonly access: ClusterAccess
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** Where the bytes are also to stand. */
  readonly into?: PartialFile | undefined
  /** Whether they are also read as they come into that file; default: yes. */
  readonly follow?: boolean | undefined
  /** What was begun for the same file before. */
  readonly headStart?: HeadStart | undefined
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
  const {access, target, timeoutMs, cancelSignal, into, follow, headStart} = call
  const args = transportArguments(transport, {access, target})
  const kubectl = {args, timeoutMs, cancelSignal, about: aboutOf(transport, target)}
  const command = ['kubectl', ...args]
  if (transport !== 'port-forward') return {bytes: streamKubectl({...kubectl, into, follow, headStart}), command}
  const forwarded = streamForwarded({...kubectl, path: `/${pathOf(target)}`})
  return {bytes: into === undefined ? forwarded : written(forwarded, into), command}
}

const PROGRAMS: Readonly<Record<Transport, string | undefined>> = {
  'exec-curl': 'curl',
  'pilot-agent': 'pilot-agent',
  'port-forward': undefined,
}

function aboutOf(transport: Transport, {pod, container}: ProxyTarget): KubectlCall['about'] {
  const program = PROGRAMS[transport]
  if (program === undefined) return {target: `pod ${pod}`, pod, right: 'create pods/portforward'}
  return {target: `pod ${pod}`, pod, container, program, right: 'create pods/exec'}
}
