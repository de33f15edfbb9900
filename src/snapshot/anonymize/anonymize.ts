import {openRecorded} from '../open-contents.js'
import type {Contents} from '../directory.js'
import type {Manifest} from '../manifest.js'
import {isYamlInventory} from '../layout.js'
import {SnapshotWriter} from '../snapshot-writer.js'
import {Staging} from '../staging.js'
import {jsonName} from '../yaml-inventory.js'
import {renameStrings} from './json-strings.js'
import {refuseMapInside, writeMap} from './name-map.js'
import {Names} from './names.js'
import {pseudonymsFor} from './pseudonyms.js'
import {isEveryNameOurs, readSource, sourceFiles, type SourceFile} from './recorded-files.js'
import {Rewriter} from './rewrite.js'
import {doubtsOf} from './doubts.js'

export interface AnonymizeRequest {
  /** A directory, an archive, or a single dump. */
  readonly snapshot: string
  /** Is made; must be empty where it exists. */
  readonly directory: string
  /** Where new names are told by old ones: never inside the directory. */
  readonly map: string
  /** The same seed gives the same new names for the same snapshot. */
  readonly seed: string
  readonly version: string
}

export interface Anonymized {
  readonly files: number
  /** Names and addresses that were renamed. */
  readonly renamed: number
  /** What was left out, and what may still tell something. */
  readonly warnings: readonly string[]
}

/**
 * Writes a snapshot anew with other names and addresses, each the same wherever it stood, and without secrets and prose.
 * The files are read twice: no name is new before all are known. Where something fails, nothing is left.
 * @throws UsageError for a directory that is not empty, and a map inside it. @throws InputError for a snapshot that cannot be read.
 */
export async function anonymizeSnapshot(request: AnonymizeRequest): Promise<Anonymized> {
  const staging = await Staging.open({directory: request.directory})
  try {
    await refuseMapInside(request)
    const written = await writeAnonymized(request, staging.nextDirectory())
    await staging.keep()
    return written
  } finally {
    await staging.discard()
  }
}

async function writeAnonymized({snapshot, seed, map, version}: AnonymizeRequest, directory: string): Promise<Anonymized> {
  const {contents, close} = await openRecorded(snapshot)
  try {
    const writer = await SnapshotWriter.open(directory)
    const files = sourceFiles(contents)
    const names = await collectNames(files, contents.namespace)
    const pseudonyms = pseudonymsFor(names, seed)
    const rewriter = new Rewriter(names, pseudonyms)
    const skipped: string[] = []
    for (const file of files) if (!(await copyFile(file, {rewriter, writer}))) skipped.push(file.name)
    await writer.finish({...headOf(contents, rewriter), tool: {name: 'ambientctl', version}})
    await writeMap(map, {seed, originals: pseudonyms.originals})
    return {files: writer.count, renamed: pseudonyms.originals.size, warnings: doubtsOf({names, rewriter, skipped})}
  } finally {
    close()
  }
}

/** Without the name of the cluster. */
function headOf({namespace, minimizedFor}: Contents, rewriter: Rewriter): Pick<Manifest, 'namespace' | 'minimizedFor'> {
  return {
    ...(namespace === undefined ? {} : {namespace: rewriter.name(namespace)}),
    ...(minimizedFor === undefined ? {} : {minimizedFor: minimizedFor.map((flow) => rewriter.name(flow))}),
  }
}

async function collectNames(files: readonly SourceFile[], namespace: string | undefined): Promise<Names> {
  const names = new Names()
  for (const name of placesOf(files, namespace)) names.addName(name)
  for (const file of files) {
    const bytes = await readSource(file)
    if (bytes !== undefined) collectFrom({file, bytes}, names)
  }
  return names
}

function placesOf(files: readonly SourceFile[], namespace: string | undefined): readonly string[] {
  const places = files.flatMap(({kind, name, pod, namespace: own, node}) => [
    pod,
    own,
    node,
    ...(kind === 'capture' ? name.split('/').slice(1, 3) : []),
  ])
  return [namespace, ...places].filter((place) => place !== undefined)
}

function collectFrom({file, bytes}: {readonly file: SourceFile; readonly bytes: Uint8Array}, names: Names): void {
  if (file.kind === 'capture') {
    collectFromRules(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'), names)
    return
  }
  const isOurs = isEveryNameOurs(file.kind, bytes)
  renameStrings(bytes, (string) => {
    names.addString(string, isOurs)
    return string.text
  })
}

/** kube-proxy says in comments which service a rule is for. */
function collectFromRules(text: string, names: Names): void {
  names.addText(text)
  for (const [, namespace = '', name = ''] of text.matchAll(/"([a-z0-9.-]+)\/([a-z0-9.-]+)[^"\n]*"/g)) {
    names.addName(namespace)
    names.addName(name)
  }
  for (const [, host = ''] of text.matchAll(/^kernel\.hostname *= *(\S+)$/gm)) names.addName(host)
}

interface Copying {
  readonly rewriter: Rewriter
  readonly writer: SnapshotWriter
}

/** False for a file that is no JSON: it is not taken over, because nobody knows what it tells. */
async function copyFile(file: SourceFile, {rewriter, writer}: Copying): Promise<boolean> {
  const place = {
    kind: file.kind,
    path: rewriter.name(isYamlInventory(file.name) ? jsonName(file.name) : file.name),
    pod: rewritten(file.pod, rewriter),
    namespace: rewritten(file.namespace, rewriter),
    node: rewritten(file.node, rewriter),
  }
  const bytes = await readSource(file)
  if (bytes === undefined) {
    // Without the text that said why: it may hold names.
    writer.addMissing(place, 'it could not be recorded')
    return true
  }
  const written = file.kind === 'capture' ? captureBytes(bytes, rewriter) : renameStrings(bytes, (string) => rewriter.string(string))
  if (written !== undefined) await writer.add(place, [written])
  return written !== undefined
}

function captureBytes(bytes: Uint8Array, rewriter: Rewriter): Uint8Array {
  return Buffer.from(rewriter.capture(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')))
}

function rewritten(name: string | undefined, rewriter: Rewriter): string | undefined {
  return name === undefined ? undefined : rewriter.name(name)
}
