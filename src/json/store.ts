import type {View} from './view.js'

/**
 * One element of a dump that can be read on its own: an entry of a section (`/configs/1/dynamic_active_clusters/0`),
 * or a member that is no list (`/configs/0/bootstrap`, `/configs/1/version_info`).
 */
export interface ResourceRef {
  /** Number of this element in its store, in document order. */
  readonly id: number
  /** Key of the section in snake_case, however the dump spells it: `dynamic_active_clusters`, `bootstrap`, `version_info`. */
  readonly section: string
  /** Name of the resource inside the element; absent when the dump prints none (nameless ClusterLoadAssignment). */
  readonly name?: string
  /** `@type` of the config object around it without the `type.googleapis.com/` part; absent outside `configs`. */
  readonly configType?: string
  /** RFC 6901 pointer of the element in the dump. */
  readonly pointer: string
}

/**
 * Random access to the elements of one dump. Everything is synchronous; `read` may go to the file each time, so keep what you need.
 *
 * A `?resource=` answer, whose `configs` hold entry messages (`…ClustersConfigDump.DynamicCluster`), shows each entry in the
 * section it came from (envoy-2022 D8); an entry `DynamicCluster` or `DynamicSecret` does not tell active from warming and is listed as active.
 */
export interface DumpStore {
  /** Name of the dump inside the snapshot; goes into evidence. */
  readonly name: string
  readonly warnings: readonly string[]
  /** `@type` suffixes of the config objects, in document order, one per object: `envoy.admin.v3.ClustersConfigDump`. */
  configTypes(): readonly string[]
  /** Keys of the document as it spells them, also of empty members, which have no elements. */
  documentKeys(): ReadonlySet<string>
  /** Section names that occur, in order of first occurrence. An empty list or object gives no section. */
  sections(): readonly string[]
  /** All elements of a section, across all config objects that have it, in document order. */
  refs(section: string): Iterable<ResourceRef>
  /** The elements of a section with this name, in document order. Cheap: no element is read. */
  find(section: string, name: string): readonly ResourceRef[]
  /** The element as a View whose pointer is that of the ref. */
  read(ref: ResourceRef): View
  /** The element's bytes as the dump prints them. */
  raw(ref: ResourceRef): Uint8Array
}
