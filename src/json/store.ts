import {entrySection, snakeCase, typeSuffix} from './dump-layout.js'
import {escapeToken, isObject, View} from './view.js'

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

/** A store over a document that is already parsed. Its `raw` is a new print of the value. */
export function memoryStore(options: {readonly name: string; readonly document: unknown}): DumpStore {
  const rows = rowsOf(options.document)
  const refs = (section: string): readonly ResourceRef[] => rows.filter((row) => row.ref.section === section).map((row) => row.ref)
  const valueOf = (ref: ResourceRef): unknown => rows[ref.id]?.value
  return {
    name: options.name,
    warnings: [],
    configTypes: () => configsOf(options.document).flatMap((config) => configType(config) ?? []),
    sections: () => [...new Set(rows.map((row) => row.ref.section))],
    refs,
    find: (section, name) => refs(section).filter((ref) => ref.name === name),
    read: (ref) => new View(valueOf(ref), ref.pointer),
    raw: (ref) => Buffer.from(JSON.stringify(valueOf(ref))),
  }
}

interface Row {
  readonly ref: ResourceRef
  readonly value: unknown
}

interface Found {
  readonly section: string
  readonly pointer: string
  readonly value: unknown
  readonly configType?: string
}

function rowsOf(document: unknown): readonly Row[] {
  const found = [...configsOf(document).flatMap(configElements), ...otherElements(document)]
  return found.map(({value, ...rest}, id) => {
    const name = nameOf(value)
    return {ref: {id, ...rest, ...(name === undefined ? {} : {name})}, value}
  })
}

function configsOf(document: unknown): readonly unknown[] {
  const configs = isObject(document) ? document['configs'] : undefined
  return Array.isArray(configs) ? configs : []
}

function configElements(config: unknown, index: number): readonly Found[] {
  const pointer = `/configs/${index}`
  const type = configType(config)
  const typed = type === undefined ? {} : {configType: type}
  const entry = entrySection(type)
  if (entry !== undefined) return [{section: entry, pointer, value: config, ...typed}]
  if (!isObject(config)) return []
  return Object.entries(config).flatMap(([key, value]) => {
    const member = {section: snakeCase(key), pointer: `${pointer}/${escapeToken(key)}`, ...typed}
    return Array.isArray(value)
      ? value.map((item: unknown, position) => ({...member, pointer: `${member.pointer}/${position}`, value: item}))
      : [{...member, value}]
  })
}

function otherElements(document: unknown): readonly Found[] {
  if (!isObject(document)) return []
  return Object.entries(document).filter(([key, value]) => key !== 'configs' || !Array.isArray(value)).flatMap(([key, value]) => {
    const pointer = `/${escapeToken(key)}`
    const section = snakeCase(key)
    if (typeof value !== 'object' || value === null) return [{section, pointer, value}]
    return Object.entries(value).map(([inner, item]: [string, unknown]) => ({section, pointer: `${pointer}/${escapeToken(inner)}`, value: item}))
  })
}

function configType(config: unknown): string | undefined {
  return isObject(config) ? typeSuffix(config['@type']) : undefined
}

const HOLDERS = ['cluster', 'listener', 'route_config', 'secret', 'endpoint_config', 'ecds_filter']
const STATES = ['active_state', 'warming_state', 'draining_state']

function nameOf(value: unknown): string | undefined {
  const view = new View(value, '')
  const holders = [view, ...STATES.flatMap((state) => view.get(state) ?? [])]
    .flatMap((outer) => HOLDERS.flatMap((holder) => outer.get(holder) ?? []))
  return [view, ...holders].map((holder) => holder.str('name') ?? holder.str('cluster_name')).find((name) => name !== undefined)
}
