import {createReadStream} from 'node:fs'
import {inflate} from '../byte-stream.js'
import type {Contents, RecordedFile} from '../directory.js'
import {readFailure} from '../input-problem.js'
import {isYamlInventory} from '../layout.js'
import {yamlAsJson} from '../yaml-inventory.js'

/** A file of a snapshot that is taken over. */
export interface SourceFile extends RecordedFile {
  readonly kind: 'config-dump' | 'inventory' | 'capture'
}

/** What a snapshot holds, in the order of kinds and names. */
export function sourceFiles({dumps, inventory, captures}: Contents): readonly SourceFile[] {
  const byName = (a: RecordedFile, b: RecordedFile): number => (a.name < b.name ? -1 : 1)
  return [
    ...dumps.toSorted(byName).map((file) => ({...file, kind: 'config-dump' as const})),
    ...inventory.toSorted(byName).map((file) => ({...file, kind: 'inventory' as const})),
    ...captures.toSorted(byName).map((file) => ({...file, kind: 'capture' as const})),
  ]
}

/** The bytes, unpacked; YAML as JSON. Undefined for what was not recorded. @throws InputError when it cannot be read. */
export async function readSource({name, path}: SourceFile): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined
  const chunks: Uint8Array[] = []
  try {
    const bytes = inflate(createReadStream(path))
    for await (const chunk of isYamlInventory(name) ? yamlAsJson(bytes, name) : bytes) chunks.push(chunk)
  } catch (thrown) {
    throw readFailure(name, thrown)
  }
  return Buffer.concat(chunks)
}

/** Whether the names in a document are all its owner's: those of a ztunnel and of an inventory; Envoy names much itself. */
export function isEveryNameOurs(kind: SourceFile['kind'], bytes: Uint8Array): boolean {
  return (
    kind === 'inventory' ||
    !/"configs"\s*:/.test(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD)).toString('latin1'))
  )
}

const HEAD = 4096
