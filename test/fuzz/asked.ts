import {openMesh, type Mesh} from '../../src/app/mesh.js'
import {openSources} from '../../src/app/open.js'
import {summarizeDump} from '../../src/app/dump-summary.js'
import type {Trace} from '../../src/flow/trace.js'
import {renderDumpSummary} from '../../src/render/dump-summary.js'
import {renderWarning} from '../../src/render/failure.js'
import {createTheme} from '../../src/render/theme.js'
import {toJson} from '../../src/render/trace-json.js'
import {expecting, type Ending} from './ending.js'
import {demand} from './finding.js'
import type {Random} from './random.js'
import {demandPrintable, demandTrace, type Documents} from './promises.js'

const PLAIN = createTheme(0)
export const DUMP = '<stdin>'

/** A lone dump through the same door as `-f -`: the byte-level splitter, in pieces of uneven length. */
export function openBytes(bytes: Uint8Array): Promise<Mesh> {
  return openSources({files: ['-=proxy'], stdin: pieces(bytes), environment: {}}, {inferNames: false})
}

export async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  const sizes = [1, 7, 4096, 65_536]
  let at = 0
  for (let turn = 0; at < bytes.length; turn += 1) {
    const end = Math.min(bytes.length, at + (sizes[Math.min(turn, sizes.length - 1)] ?? 1))
    yield await Promise.resolve(bytes.subarray(at, end))
    at = end
  }
}

/** `dump -o summary` of every dump of the snapshot, and the warnings. */
export async function demandSummary({snapshot}: Mesh, random: Random): Promise<Ending> {
  for (const warning of snapshot.warnings) demandPrintable(renderWarning(warning, PLAIN), 'a warning')
  for (const dump of snapshot.proxies) {
    const loaded = await dump.load()
    if (loaded.kind === 'unusable') continue
    const summary = summarizeDump(loaded.store, loaded.kind)
    if (random.chance(THOROUGH)) demandPrintable(renderDumpSummary(summary, {theme: PLAIN, width: 80}), 'the summary')
    for (const warning of summary.warnings) demandPrintable(renderWarning(warning, PLAIN), 'a warning')
  }
  return {kinds: ['summary'], work: 0}
}

export interface Question {
  readonly mesh: Mesh
  readonly documents: Documents
  readonly ask: (mesh: Mesh) => Promise<Trace>
  readonly random: Random
}

/** How many answers are asked for a second time, and how many are printed in every form. */
const AGAIN = 0.15
const THOROUGH = 0.25

/** One question with all promises of its answer. Asked twice, by a mesh that knows nothing yet, it gives the same bytes. */
export function demandAnswer({mesh, documents, ask, random}: Question): Promise<Ending> {
  return expecting(async () => {
    const trace = await ask(mesh)
    const work = demandTrace(trace, {documents, thorough: random.chance(THOROUGH)})
    if (random.chance(AGAIN)) {
      const second = toJson(await ask(await openMesh(mesh.snapshot, {inferNames: false})))
      demand(second === toJson(trace), 'the same question gave two answers', () => `${second.length} bytes`)
    }
    return {kinds: [trace.verdict.kind], work}
  })
}

/** What the bytes say, for looking up evidence; nothing when they are no JSON. Parsed once, and only when asked for. */
export function documentOf(bytes: Uint8Array): () => unknown {
  let parsed: {readonly value: unknown} | undefined
  return () => {
    parsed ??= {value: parse(bytes)}
    return parsed.value
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    )
  } catch {
    return undefined
  }
}
