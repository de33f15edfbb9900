import type {ControlPlane} from '../../flow/control-plane.js'
import {lastToken} from '../../json/view.js'
import {readCaptures} from '../captures.js'
import {readControlPlane} from '../control-plane.js'
import type {RecordedFile} from '../directory.js'
import {openInventory} from '../inventory-files.js'
import {openRecorded, type OpenedContents} from '../open-contents.js'
import type {OpenDump} from '../open-dump.js'
import {readInventory} from '../read-inventory.js'
import type {Snapshot} from '../snapshot.js'
import {capturesOf, dumpPart, filePart, splitDump, type CapturePart, type DumpPart, type FilePart} from './part.js'
import {droppableIds} from './frame.js'
import {ReadElements} from './read-elements.js'
import {WHOLE, type Element} from './element.js'
import {dumpView, storeOf, type ViewOptions} from './view.js'

/** A recorded snapshot as parts that can be left out. Dumps are read when a view of them is first asked. */
export class SnapshotParts {
  readonly #opened: OpenedContents
  readonly #dumps: readonly DumpPart[]
  readonly #inventory: readonly FilePart[]
  readonly #controlPlane: DumpPart | undefined
  readonly #files: ReadonlyMap<string, FilePart>
  readonly captures: readonly CapturePart[]

  private constructor(opened: OpenedContents, inventory: readonly OpenDump[]) {
    const {contents} = opened
    const read = new ReadElements()
    this.#opened = opened
    this.#dumps = contents.dumps.toSorted(byName).map((recorded) => dumpPart('config-dump', {recorded, read}))
    this.#inventory = contents.inventory.toSorted(byName).map((recorded) => filePart(inventory, {recorded, read}))
    this.#controlPlane = contents.controlPlane === undefined ? undefined : dumpPart('istiod-debug', {recorded: contents.controlPlane, read})
    const files = [...this.#dumps, ...this.#inventory, ...(this.#controlPlane === undefined ? [] : [this.#controlPlane])]
    this.#files = new Map(files.map((part) => [part.recorded.name, part]))
    this.captures = capturesOf(contents.captures)
  }

  /** @param path a directory, an archive, or a single dump. @throws InputError for what cannot be read. */
  static async open(path: string): Promise<SnapshotParts> {
    const opened = await openRecorded(path)
    try {
      return new SnapshotParts(opened, await openInventory(opened.contents.inventory))
    } catch (error) {
      opened.close()
      throw error
    }
  }

  get contents(): OpenedContents['contents'] {
    return this.#opened.contents
  }

  get files(): Iterable<FilePart> {
    return this.#files.values()
  }

  /** What can be left out, file by file; of dumps that nobody read only the file. */
  *elements(): Generator<Element, void, undefined> {
    for (const {recorded, split} of this.files) {
      const file = recorded.name
      yield {file, id: WHOLE}
      const opened = split()
      if (opened !== undefined) for (const id of droppableIds(opened.index.resources)) yield {file, id}
    }
    for (const {folder} of this.captures) yield {file: folder, id: WHOLE}
  }

  /** The elements that pointers into a file lead to; of packet rules the folder. */
  *pointedAt(file: string, pointers: ReadonlySet<string>): Generator<Element, void, undefined> {
    const folder = this.captures.find(({files}) => files.some(({name}) => name === file))?.folder
    const part = this.#files.get(file)
    if (folder !== undefined || part !== undefined) yield {file: folder ?? file, id: WHOLE}
    const resources = part?.split()?.index.resources
    if (resources === undefined) return
    const places = new Set([...pointers].flatMap(placesAbove))
    for (const id of droppableIds(resources)) if (places.has(resources.ref(id).pointer)) yield {file, id}
  }

  /** What an element says; of a file the names of its pod and node. */
  textOf({file, id}: Element): string {
    const part = this.#files.get(file)
    const opened = part?.split()
    if (id === WHOLE || opened === undefined) return [file, part?.recorded.pod, part?.recorded.node].join(' ')
    const ref = opened.index.resources.ref(id)
    return `${lastToken(ref.pointer)} ${Buffer.from(opened.store.raw(ref)).toString('utf8')}`
  }

  /** The snapshot as it would be with nothing but what is kept. It reads from the same files: close the parts, not the view. */
  async view(options: ViewOptions): Promise<Snapshot> {
    const {keeps, noteRead} = options
    const stores = this.#inventory
      .filter((part) => keeps(wholeOf(part)))
      .flatMap((part) => splitDump(part, (dump) => storeOf(dump, options)))
    const {inventory, warnings} = await readInventory(stores)
    const captures = this.captures.filter(({folder}) => keeps({file: folder, id: WHOLE}))
    const {namespace} = this.contents
    return {
      name: 'parts of a snapshot',
      ...(namespace === undefined ? {} : {namespace}),
      proxies: this.#dumps.filter((part) => keeps(wholeOf(part))).map((part) => dumpView(part, options)),
      ...(inventory === undefined ? {} : {inventory}),
      controlPlane: () => this.#controlPlaneView(options),
      captures: () => {
        for (const {folder} of captures) noteRead({file: folder, id: WHOLE})
        return readCaptures(captures.flatMap(({files}) => files))
      },
      warnings: [...this.contents.warnings, ...warnings],
      close: () => undefined,
    }
  }

  close(): void {
    for (const {close} of this.files) close()
    this.#opened.close()
  }

  async #controlPlaneView(options: ViewOptions): Promise<ControlPlane | undefined> {
    const part = this.#controlPlane
    if (part === undefined || !options.keeps(wholeOf(part))) return undefined
    await part.load()
    return splitDump(part, (dump) => readControlPlane(storeOf(dump, options)))[0]
  }
}

function wholeOf({recorded}: FilePart): Element {
  return {file: recorded.name, id: WHOLE}
}

/** How deep elements of a dump may stand: `/workloads/3`, `/configs/1`, `/configs/1/dynamic_listeners/0`. */
function placesAbove(pointer: string): readonly string[] {
  const tokens = pointer.split('/')
  return [3, 5].map((length) => tokens.slice(0, length).join('/'))
}

function byName(a: RecordedFile, b: RecordedFile): number {
  return a.name < b.name ? -1 : 1
}
