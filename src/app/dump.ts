import {saving, written} from '../cluster/save-file.js'
import {podDump, type PodDumpRequest} from '../cluster/pod-dump.js'
import {InputError, UsageError} from '../flow/errors.js'
import {passOver} from '../snapshot/byte-stream.js'
import type {OpenDump} from '../snapshot/open-dump.js'
import {rawDump} from '../snapshot/raw-dump.js'
import type {DumpSummary} from './dump-summary.js'
import type {PathToken} from './jsonpath/parse-path.js'
import type {PathMatch} from './jsonpath/query-dump.js'

export interface DumpRequest extends Omit<PodDumpRequest, 'pod'> {
  readonly pod?: string | undefined
  /** A path, or `-` for standard input. */
  readonly file?: string | undefined
  /** Where the bytes are saved on the way. */
  readonly outputFile?: string | undefined
}

/** A dump on its way: its bytes can be taken once. */
export interface FetchedDump {
  /** The pod or the file. */
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Nothing is fetched before the bytes are asked for. @throws UsageError unless there is one pod or one file. */
export function fetchDump(request: DumpRequest): FetchedDump {
  const {outputFile} = request
  const {name, bytes} = openSource(request)
  return {name, bytes: outputFile === undefined ? bytes : saving((into) => written(bytes, into), outputFile)}
}

function openSource({pod, file, ...request}: DumpRequest & {readonly into?: PodDumpRequest['into']}): FetchedDump {
  if (pod !== undefined && file === undefined) return {name: pod, bytes: podDump({...request, pod})}
  if (file !== undefined && pod === undefined) return {name: file === '-' ? '<stdin>' : file, bytes: openFile(file, request.into)}
  throw new UsageError({what: 'One dump is needed.', expected: 'a POD or --file', got: pod === undefined ? 'neither' : 'both'})
}

function openFile(file: string, into: PodDumpRequest['into']): AsyncIterable<Uint8Array> {
  const bytes = rawDump({file})
  return into === undefined ? bytes : written(bytes, into)
}

/** Saves a dump in its file, and looks at no more of it than has to be. What was lost on the way is fetched again, a few times. */
export async function saveDump(request: DumpRequest & {readonly outputFile: string}): Promise<void> {
  const place = request.headStart?.fileFor(request.outputFile) ?? request.outputFile
  await passOver(saving((into) => openSource({...request, into, follow: false}).bytes, place))
}

/** Counts what a dump holds. @throws InputError when it is no dump of a known proxy. */
export async function readSummary({name, bytes}: FetchedDump): Promise<DumpSummary> {
  const opened = await open({name, bytes})
  try {
    const [{openedKind}, {summarizeDump}] = await Promise.all([import('../snapshot/dump-kind.js'), import('./dump-summary.js')])
    const kind = openedKind(opened)
    if (typeof kind === 'string') return summarizeDump(opened.store, kind)
    throw new InputError({
      what: 'The dump is none of a known proxy.',
      file: name,
      expected: 'the /config_dump of an Envoy or a ztunnel',
      got: kind.opaque,
    })
  } finally {
    opened.close()
  }
}

/** What a path selects, one match after the other, without private keys and tokens. */
export async function* readMatches({name, bytes}: FetchedDump, path: readonly PathToken[]): AsyncGenerator<PathMatch, void, undefined> {
  const opened = await open({name, bytes})
  try {
    const [{queryDump}, {redactMatch}] = await Promise.all([import('./jsonpath/query-dump.js'), import('./jsonpath/redact.js')])
    for (const match of queryDump(opened.store, path)) yield redactMatch(match)
  } finally {
    opened.close()
  }
}

/** Whoever only fetches a dump need not wait until what reads it is loaded. */
async function open({name, bytes}: FetchedDump): Promise<OpenDump> {
  const {openDump} = await import('../snapshot/open-dump.js')
  return openDump({name, from: bytes})
}
