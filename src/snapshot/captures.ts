import {readTextFile} from './text-file.js'

/** A text file under `capture/`, before it is read. */
export interface CaptureFile {
  /** Path inside the snapshot. */
  readonly name: string
  /** Absolute. */
  readonly path: string
}

/** The packet rules of one node or pod, as its commands printed them (design §7). */
export interface RecordedCapture {
  readonly kind: 'node' | 'pod'
  readonly name: string
  /** Of a pod. */
  readonly namespace?: string
  /** `file` is the path inside the snapshot, for evidence. */
  readonly files: readonly {readonly file: string; readonly text: string}[]
}

/** Whether a path inside a snapshot is one of a capture: `capture/node/<node>/<file>` or `capture/<namespace>/<pod>/<file>`. */
export function isCapturePath(path: string): boolean {
  return CAPTURE_PATH.test(path)
}

const CAPTURE_PATH = /^capture\/([^/]+)\/([^/]+)\/[^/]+$/

/**
 * Reads all captures of a snapshot, nodes first, in the order of their names.
 * @throws InputError for a file that is too large or no UTF-8
 */
export async function readCaptures(files: readonly CaptureFile[]): Promise<readonly RecordedCapture[]> {
  const folders = new Map<string, CaptureFile[]>()
  for (const file of files) {
    const folder = file.name.slice(0, file.name.lastIndexOf('/'))
    folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  const captures = [...folders].map(([folder, own]) => readCapture(folder, own))
  return (await Promise.all(captures)).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

async function readCapture(folder: string, own: readonly CaptureFile[]): Promise<RecordedCapture> {
  const [, owner = '', name = ''] = folder.split('/')
  const sorted = own.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const files = await Promise.all(sorted.map(async ({name: file, path}) => ({file, text: await readTextFile(path)})))
  return owner === 'node' ? {kind: 'node', name, files} : {kind: 'pod', name, namespace: owner, files}
}

function keyOf({kind, namespace = '', name}: RecordedCapture): string {
  return `${kind} ${namespace}/${name}`
}
