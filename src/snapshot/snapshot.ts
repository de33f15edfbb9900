import type {ControlPlane} from '../flow/control-plane.js'
import type {InputError} from '../flow/errors.js'
import type {Inventory} from '../flow/inventory.js'
import type {DumpStore} from '../json/store.js'
import type {RecordedCapture} from './captures.js'

/** What was recorded of one cluster, or what a handful of lone dumps tell. Dumps are only read when they are loaded. */
export interface Snapshot {
  /** How the source was given: a directory, `demo bookinfo`, or the names of the files. */
  readonly name: string
  /** Where names without a namespace were looked up first when it was recorded. */
  readonly namespace?: string
  /** In the order of their file names. */
  readonly proxies: readonly ProxyDump[]
  /** Absent when no inventory was recorded. */
  readonly inventory?: Inventory
  /** What istiod says that it tells ztunnels; undefined where that was not recorded, or cannot be read. Read once, when asked for. */
  controlPlane(): Promise<ControlPlane | undefined>
  /** Packet rules of nodes and pods. Read anew with each call; none where none were recorded. */
  captures(): Promise<readonly RecordedCapture[]>
  readonly warnings: readonly string[]
  /** Closes open files. Stores cannot read afterwards. */
  close(): void
}

/** One proxy's admin answer. */
export interface ProxyDump {
  /** File inside the snapshot; the name of the store, and of evidence. */
  readonly file: string
  /** Pod name from the manifest or the path, the name given with `-f FILE=NAME`, else the file name without its extension. */
  readonly name: string
  readonly namespace?: string
  readonly node?: string
  /** Reads and indexes the dump once; asking again gives the same answer. Bad data is an answer, never an exception. */
  load(): Promise<LoadedDump>
}

export type LoadedDump = UsableDump | UnusableDump

export interface UsableDump {
  readonly kind: 'envoy' | 'ztunnel'
  readonly store: DumpStore
  /** Set when the dump is an extract that lacks what decides, and so cannot answer questions: what is lost. */
  readonly extract?: string
}

export interface UnusableDump {
  readonly kind: 'unusable'
  /** `opaque`: readable, but of no proxy this tool knows. `damaged`: no readable JSON. `missing`: it could not be recorded. */
  readonly why: 'opaque' | 'damaged' | 'missing'
  readonly reason: string
  /** The same as an error, for a dump the user named directly. */
  readonly error: InputError
}

/** Where to read from. Sources add up; with none of them `AMBIENTCTL_SNAPSHOT` counts. */
export interface SnapshotSources {
  /** `--snapshot`: directories, or single dumps. */
  readonly paths?: readonly string[]
  /** `--file`: `FILE`, `FILE=NAME`, or `-` for standard input. */
  readonly files?: readonly string[]
  /** `--demo`. */
  readonly demo?: string
  /** What `-` reads. */
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly environment?: Readonly<Record<string, string | undefined>>
}
