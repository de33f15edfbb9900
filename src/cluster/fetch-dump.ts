import {setTimeout as delay} from 'node:timers/promises'
import {checkDumpFile, completeDump} from './complete-dump.js'
import {passOver} from '../snapshot/byte-stream.js'
import {ClusterError, type FailureReason} from './kubectl-failure.js'
import {openTransport, transportsFor, type DumpStream, type TransportCall} from './transport.js'
import type {Transport} from './transport-arguments.js'

/** Which way led into a pod, by `namespace/pod`: the next fetch takes it first. */
export type TransportMemory = Map<string, Transport>

export interface DumpFetch extends TransportCall {
  /** The only way to take; default: all that may work, one after the other. */
  readonly transport?: Transport | undefined
  readonly memory: TransportMemory
  /** A way that led nowhere just now. */
  readonly failed?: PassedOver | undefined
  /** Told about what is odd, and which ways were passed over for what reason. */
  readonly warn: (warning: string) => void
}

/**
 * The config dump of a running proxy, byte for byte. Before its first byte a way that fails is retried or passed over; later nothing can be,
 * unless nobody follows the bytes into their file.
 * @throws ClusterError when it cannot be had whole.
 */
export async function* fetchDump(fetch: DumpFetch): AsyncGenerator<Uint8Array, void, undefined> {
  const failed = fetch.failed === undefined ? [] : [fetch.failed]
  for (const transport of waysOf(fetch)) {
    const progress = {bytes: 0}
    try {
      yield* persist(transport, {fetch, progress})
      fetch.memory.set(keyOf(fetch), transport)
      if (failed.length > 0) fetch.warn(`${nameOf(fetch)} was asked by ${transport}: ${failed.map(reasonText).join('; ')}`)
      return
    } catch (error) {
      if (progress.bytes > 0 || !(error instanceof ClusterError) || !PASSING.has(error.reason)) throw error
      failed.push({transport, error})
    }
  }
  throw noWay(fetch, failed)
}

/** A way into a pod, and why it leads nowhere. */
export interface PassedOver {
  readonly transport: Transport
  readonly error: ClusterError
}

/** Failures of one way that another way may not have. */
const PASSING: ReadonlySet<FailureReason> = new Set(['no-program', 'no-admin', 'forbidden', 'no-dump', 'lost', 'other'])
/** Failures that may pass by themselves. */
const TRANSIENT: ReadonlySet<FailureReason> = new Set(['lost', 'unreachable'])
const RETRY_AFTER_MS = [250, 1000]

function waysOf(fetch: DumpFetch): readonly Transport[] {
  const isUntried = (way: Transport): boolean => way !== fetch.failed?.transport
  if (fetch.transport !== undefined) return [fetch.transport].filter(isUntried)
  const ways = transportsFor(fetch.target)
  const known = fetch.memory.get(keyOf(fetch))
  return [...(known === undefined ? [] : [known]), ...ways.filter((way) => way !== known)].filter(isUntried)
}

async function* persist(
  transport: Transport,
  {fetch, progress}: {readonly fetch: DumpFetch; readonly progress: {bytes: number}},
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const pause of [...RETRY_AFTER_MS, undefined]) {
    try {
      for await (const chunk of checked(openTransport(transport, fetch), fetch)) {
        progress.bytes += chunk.length
        yield chunk
      }
      return
    } catch (error) {
      if (pause === undefined || progress.bytes > 0 || !isTransient(error)) throw error
      if (fetch.into !== undefined && fetch.into.size() > 0) fetch.warn(`${error.message} It is fetched again.`)
      await pauseUnlessStopped(pause, {fetch, error})
    }
  }
}

/** Nobody looks at chunks that go into an unfollowed file, so that it is begun again whatever came of it. */
async function* checked({bytes, command}: DumpStream, {into, follow, warn}: DumpFetch): AsyncGenerator<Uint8Array, void, undefined> {
  if (into === undefined || follow !== false) {
    yield* completeDump({source: bytes, command, warn})
    return
  }
  await passOver(bytes)
  await checkDumpFile(into, {command, warn})
}

/** Whether it may help to try the same again a little later. */
export function isTransient(error: unknown): error is ClusterError {
  return error instanceof ClusterError && TRANSIENT.has(error.reason)
}

async function pauseUnlessStopped(ms: number, {fetch, error}: {readonly fetch: DumpFetch; readonly error: ClusterError}): Promise<void> {
  try {
    await delay(ms, undefined, fetch.cancelSignal === undefined ? {} : {signal: fetch.cancelSignal})
  } catch {
    throw error
  }
}

function noWay(fetch: DumpFetch, failed: readonly PassedOver[]): ClusterError {
  const [first] = failed
  const last = failed.at(-1)
  if (last !== undefined && first === last) return last.error
  return new ClusterError({
    reason: last?.error.reason ?? 'other',
    what: `No way leads to the configuration of ${nameOf(fetch)}.`,
    command: [failed.map(({error}) => error.where ?? '').join('; ')],
    exit: failed.map(reasonText).join('; '),
    help: [...new Set(failed.map(({error}) => error.help ?? ''))].join(' '),
  })
}

function reasonText({transport, error}: PassedOver): string {
  return `${transport}: ${error.message.replace(/\.$/, '')}`
}

function keyOf({target}: DumpFetch): string {
  return `${target.namespace ?? ''}/${target.pod}`
}

function nameOf({target}: DumpFetch): string {
  return target.namespace === undefined ? `pod ${target.pod}` : `pod ${target.namespace}/${target.pod}`
}
