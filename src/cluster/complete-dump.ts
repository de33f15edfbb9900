import type {JsonProblemCode} from '../json/problem.js'
import {JsonScanner, type ScanProblem} from '../json/scanner.js'
import {ClusterError, type FailureReason} from './kubectl-failure.js'
import type {PartialFile} from './partial-file.js'

export interface FetchedDump {
  readonly source: AsyncIterable<Uint8Array>
  /** The command that fetches it, for messages. */
  readonly command: readonly string[]
  /** Told about what is odd but does not spoil the bytes. */
  readonly warn: (warning: string) => void
}

/**
 * The same bytes as they come, checked on the way: kubectl may end well although the connection broke.
 * @throws ClusterError when the bytes end too early or are no dump at all.
 */
export async function* completeDump({source, command, warn}: FetchedDump): AsyncGenerator<Uint8Array, void, undefined> {
  const scanner = dumpScanner()
  let bytes = 0
  for await (const chunk of source) {
    if (scanner.problem === undefined) {
      scanner.push(chunk)
      refuseSpoiled(scanner.problem, {command, bytes, chunk})
    }
    bytes += chunk.length
    yield chunk
  }
  scanner.finish()
  const {problem} = scanner
  refuseSpoiled(problem, {command, bytes})
  if (problem !== undefined) warn(`the dump is damaged (${problem.code}): ${problem.got} at byte ${problem.offset}, line ${problem.line}`)
}

/**
 * The same for a dump that stands in a file by now. What an indenting printer closed is whole without a look at every byte.
 * @throws ClusterError when the bytes end too early or are no dump at all.
 */
export async function checkDumpFile(file: PartialFile, {command, warn}: Omit<FetchedDump, 'source'>): Promise<void> {
  if (isPrintedWhole(file)) return
  const dump = completeDump({source: bytesOf(file), command, warn})
  while ((await dump.next()).done !== true);
}

const ENDS_BYTES = 64

/**
 * In indented JSON one closing brace stands at the beginning of a line, that of the document: all else is indented, and a string has no
 * line breaks. Envoy and the Rust ztunnel print so; what is cut off anywhere ends otherwise.
 */
function isPrintedWhole(file: PartialFile): boolean {
  const buffer = Buffer.alloc(ENDS_BYTES)
  const textAt = (position: number): string => buffer.toString('latin1', 0, file.read(buffer, position))
  return /^\{\r?\n[ \t]+"/.test(textAt(0)) && /\n\}\s*$/.test(textAt(Math.max(0, file.size() - ENDS_BYTES)))
}

const READ_BYTES = 1024 * 1024

async function* bytesOf(file: PartialFile): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  let position = 0
  for (let length = file.read(buffer, 0); length > 0; length = file.read(buffer, position)) {
    yield await Promise.resolve(buffer.subarray(0, length))
    position += length
  }
}

/** Only whether a whole object comes is of interest: telling more would take longer than fetching. */
function dumpScanner(): JsonScanner {
  const ignore = (): void => undefined
  const refuse = (offset: number, got: string): void => {
    scanner.fail({code: 'not-an-object', offset, expected: 'a JSON object', got})
  }
  const scanner: JsonScanner = new JsonScanner({
    open: (container, offset) => {
      if (scanner.depth === 1 && container === 'array') refuse(offset, 'an array')
    },
    scalar: (start) => {
      if (scanner.depth === 0) refuse(start, 'a single value')
    },
    key: ignore,
    close: ignore,
  })
  return scanner
}

const EXCERPT = 200

function refuseSpoiled(
  problem: ScanProblem | undefined,
  {command, bytes, chunk}: {command: readonly string[]; bytes: number; chunk?: Uint8Array},
): void {
  const text = problem && SPOILED.get(problem.code)
  if (problem === undefined || text === undefined) return
  const start = bytes === 0 && chunk !== undefined ? ` in ${JSON.stringify(Buffer.from(chunk).toString('utf8').slice(0, EXCERPT))}` : ''
  throw new ClusterError({...text(bytes), command, exit: `${problem.got} at byte ${problem.offset}${start}`})
}

type Text = (bytes: number) => {readonly reason: FailureReason; readonly what: string; readonly help: string}

const noDump: Text = () => ({
  reason: 'no-dump',
  what: 'The answer of the proxy is no config dump.',
  help: 'Name the container of the proxy with --container.',
})

/** Problems that mean: this is not, or not all of, what the proxy has. With others the bytes are still worth having. */
const SPOILED: ReadonlyMap<JsonProblemCode, Text> = new Map([
  ['unexpected', noDump],
  ['not-an-object', noDump],
  [
    'truncated',
    (bytes) => ({
      reason: 'lost',
      what: `The dump breaks off after ${bytes} bytes.`,
      help: 'The connection was cut: run the command again.',
    }),
  ],
  [
    'empty',
    () => ({
      reason: 'no-dump',
      what: 'The proxy answered nothing.',
      help: 'Name the container of the proxy with --container, and check that the proxy is ready.',
    }),
  ],
])
