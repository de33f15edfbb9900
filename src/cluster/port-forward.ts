import type {IncomingMessage} from 'node:http'
import {setTimeout as delay} from 'node:timers/promises'
import {startKubectl, type KubectlCall, type RunningKubectl} from './kubectl.js'
import {ClusterError} from './kubectl-failure.js'

export interface ForwardedGet extends KubectlCall {
  /** What is asked for on the forwarded port: `/config_dump`. */
  readonly path: string
}

/**
 * The answer to a GET through `kubectl port-forward`, byte for byte. kubectl is always stopped at the end, however it ends.
 * @throws ClusterError when kubectl fails, nothing answers, or the answer is not 200.
 */
export async function* streamForwarded(get: ForwardedGet): AsyncGenerator<Uint8Array, void, undefined> {
  const kubectl = await startKubectl(get)
  let bytes = 0
  try {
    const local = await listeningAddress(kubectl.stdout)
    if (local === undefined) throw (await kubectl.failure(0)) ?? lostError(get, {bytes, said: 'kubectl ended without a port'})
    for await (const chunk of answer(local, get)) {
      bytes += chunk.length
      yield chunk
    }
  } catch (error) {
    throw error instanceof ClusterError ? error : await whyLost(kubectl, {get, bytes, error})
  } finally {
    await kubectl.stop()
  }
}

interface LocalAddress {
  readonly host: string
  readonly port: number
}

const MAX_LINE = 4096

/** Reads `Forwarding from 127.0.0.1:40123 -> 15000`, then lets kubectl print on. Undefined when it ended before. */
function listeningAddress(stdout: AsyncIterable<Uint8Array>): Promise<LocalAddress | undefined> {
  return new Promise((resolve, reject) => {
    const read = async (): Promise<void> => {
      let text = ''
      let isFound = false
      for await (const chunk of stdout) {
        if (isFound) continue
        text = (text + Buffer.from(chunk).toString('latin1')).slice(-MAX_LINE)
        const local = parseForwarding(text)
        isFound = local !== undefined
        if (isFound) resolve(local)
      }
      resolve(undefined)
    }
    read().catch(reject)
  })
}

/** The first line of a kubectl that forwards, with an IPv4 or `[IPv6]` address. */
export function parseForwarding(text: string): LocalAddress | undefined {
  const [, four, six, port] = /^Forwarding from (?:(127\.[\d.]+)|\[([\da-fA-F:]+)\]):(\d{1,5}) -> \d+\r?$/m.exec(text) ?? []
  const host = four ?? six
  return host === undefined || port === undefined || Number(port) > 65_535 ? undefined : {host, port: Number(port)}
}

async function* answer({host, port}: LocalAddress, get: ForwardedGet): AsyncGenerator<Uint8Array, void, undefined> {
  const {request} = await import('node:http')
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {host: 'localhost:15000', connection: 'close'}
    request({host, port, path: get.path, agent: false, headers}, resolve).on('error', reject).end()
  })
  if (response.statusCode !== 200) {
    response.destroy()
    throw new ClusterError({
      reason: 'no-dump',
      what: `The proxy answered ${get.path} with status ${response.statusCode ?? 0}.`,
      command: ['kubectl', ...get.args],
      help: 'Check that the pod is a proxy: an Envoy or a ztunnel serves its configuration on port 15000.',
    })
  }
  const chunks: AsyncIterable<Uint8Array> = response
  yield* chunks
}

/** kubectl says why on stderr, a moment after the connection broke. */
const GRACE_MS = 200

async function whyLost(
  kubectl: RunningKubectl,
  {get, bytes, error}: {readonly get: ForwardedGet; readonly bytes: number; readonly error: unknown},
): Promise<ClusterError> {
  await Promise.race([kubectl.failure(bytes), delay(GRACE_MS)])
  await kubectl.stop()
  const failure = await kubectl.failure(bytes)
  if (failure !== undefined && failure.reason !== 'other') return failure
  return lostError(get, {bytes, said: error instanceof Error ? error.message : String(error)})
}

function lostError({args}: ForwardedGet, {bytes, said}: {readonly bytes: number; readonly said: string}): ClusterError {
  return new ClusterError({
    reason: 'lost',
    what: bytes === 0 ? 'The forwarded connection was lost.' : `The forwarded connection was lost, after ${bytes} bytes.`,
    command: ['kubectl', ...args],
    exit: said,
    help: 'Run the command again.',
  })
}
