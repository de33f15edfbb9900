import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {Evidence} from '../../src/flow/step.js'
import {resolvePointer} from './resolve-pointer.js'

/** Folders of snapshots, and what of their files was read already. */
export interface Where {
  readonly folders: readonly string[]
  readonly files: Map<string, unknown>
}

/** Whether there is something at the place, in the snapshot of whichever cluster has the file. */
export function resolves({dump, pointer}: Pick<Evidence, 'dump' | 'pointer'>, {folders, files}: Where): boolean {
  const paths = folders.map((folder) => join(folder, dump)).filter((path) => existsSync(path))
  // Packet rules are text: their places are lines.
  const line = /^line (\d+)$/.exec(pointer)?.[1]
  if (line !== undefined) return paths.some((path) => textOf(path).split('\n')[Number(line) - 1] !== undefined)
  return paths.some((path) => {
    const document = files.get(path) ?? read(path)
    files.set(path, document)
    return resolvePointer(document, pointer) !== undefined
  })
}

function read(path: string): unknown {
  return JSON.parse(textOf(path))
}

function textOf(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}
