import {InputError} from '../flow/errors.js'
import {openedKind} from './dump-kind.js'
import {openDump, type DumpFile, type OpenDump} from './open-dump.js'
import type {LoadedDump, ProxyDump, UnusableDump} from './snapshot.js'

export interface DumpSource {
  /** Name inside the snapshot. */
  readonly file: string
  readonly name: string
  readonly namespace?: string | undefined
  readonly node?: string | undefined
  /** What to open; a text when it could not be recorded. */
  readonly open: DumpFile | {readonly missing: string}
}

/** A dump that is read when it is first asked for. */
export class LazyDump implements ProxyDump {
  readonly file: string
  readonly name: string
  readonly namespace?: string
  readonly node?: string
  readonly #open: DumpSource['open']
  #loading: Promise<LoadedDump> | undefined
  #opened: OpenDump | undefined

  constructor(source: DumpSource) {
    this.file = source.file
    this.name = source.name
    if (source.namespace !== undefined) this.namespace = source.namespace
    if (source.node !== undefined) this.node = source.node
    this.#open = source.open
  }

  load(): Promise<LoadedDump> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  /** How its elements can be read one by one, once it was loaded and where it can be taken apart. */
  get opened(): OpenDump | undefined {
    return this.#opened
  }

  close(): void {
    this.#opened?.close()
  }

  async #load(): Promise<LoadedDump> {
    if ('missing' in this.#open) return this.#missing(this.#open.missing)
    try {
      this.#opened = await openDump(this.#open)
    } catch (error) {
      return this.#damaged(error)
    }
    const {store, extract} = this.#opened
    const kind = openedKind(this.#opened)
    if (typeof kind !== 'string') return this.#opaque(kind.opaque)
    return {kind, store, ...(extract === undefined ? {} : {extract})}
  }

  #missing(reason: string): UnusableDump {
    const error = new InputError({
      what: `The dump of "${this.name}" was not recorded.`,
      file: this.file,
      got: reason,
      help: 'Record the snapshot again, or add this dump with --file.',
    })
    return {kind: 'unusable', why: 'missing', reason, error}
  }

  #damaged(thrown: unknown): UnusableDump {
    if (!(thrown instanceof InputError)) throw thrown
    return {kind: 'unusable', why: 'damaged', reason: reasonOf(thrown), error: thrown}
  }

  #opaque(reason: string): UnusableDump {
    const error = new InputError({
      what: 'The file is no dump of a known proxy.',
      file: this.file,
      expected: 'the /config_dump of an Envoy or a ztunnel',
      got: reason,
    })
    return {kind: 'unusable', why: 'opaque', reason, error}
  }
}

/** The message and what was found, as one sentence. */
function reasonOf({message, got}: InputError): string {
  return got === undefined ? message : `${message.replace(/\.$/, '')}: ${got}.`
}
