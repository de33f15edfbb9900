import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {gunzipSync, gzipSync} from 'node:zlib'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import {FIXTURES} from '../tools/fixtures.js'

/** New content of one file of a snapshot, from what it held; undefined takes the file away. */
export type Edit = (document: unknown) => unknown

export interface Edited {
  /** A shipped cluster. */
  readonly cluster: string
  /** By path inside the snapshot. */
  readonly edits: Readonly<Record<string, Edit>>
  readonly question: Question
}

/** Asks a copy of a shipped cluster with some files changed. */
export async function traceEdited({cluster, edits, question}: Edited): Promise<Trace> {
  const folder = mkdtempSync(join(tmpdir(), 'ambientctl-edited-'))
  try {
    cpSync(join(FIXTURES, 'clusters', cluster), folder, {recursive: true})
    for (const [path, edit] of Object.entries(edits)) change(join(folder, path), edit)
    const mesh = await openSources({paths: [folder]})
    try {
      return await traceQuestion(mesh, {question})
    } finally {
      mesh.snapshot.close()
    }
  } finally {
    rmSync(folder, {recursive: true})
  }
}

function change(file: string, edit: Edit): void {
  const edited = edit(read(file))
  if (edited === undefined) {
    rmSync(file)
    return
  }
  const text = JSON.stringify(edited)
  mkdirSync(dirname(file), {recursive: true})
  writeFileSync(file, file.endsWith('.gz') ? gzipSync(text) : text)
}

function read(file: string): unknown {
  if (!existsSync(file)) return undefined
  const bytes = readFileSync(file)
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
}
