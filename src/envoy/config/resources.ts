import type {ResourceRef} from '../../json/store.js'
import {View} from '../../json/view.js'
import type {EntryReader} from './entry-reader.js'
import type {Resource, ResourceState} from './model.js'
import {LazyResource} from './resource.js'

/** Where one kind of resource stands in a dump (envoy-2022 D8). */
export interface Shelf {
  /** Lists in order of precedence: of two resources with one name the first is in force. */
  readonly sections: readonly string[]
  /** Field of the entry that holds the resource. */
  readonly body: string
}

export const CLUSTERS: Shelf = {sections: ['static_clusters', 'dynamic_active_clusters', 'dynamic_warming_clusters'], body: 'cluster'}
/** What RDS delivered; a route table inside a connection manager is used in place and cannot be named by another. */
export const DYNAMIC_ROUTES: Shelf = {sections: ['dynamic_route_configs'], body: 'route_config'}
export const ROUTES: Shelf = {sections: ['static_route_configs', 'dynamic_route_configs'], body: 'route_config'}
export const SECRETS: Shelf = {sections: ['static_secrets', 'dynamic_active_secrets', 'dynamic_warming_secrets'], body: 'secret'}
export const EXTENSIONS: Shelf = {sections: ['ecds_filters'], body: 'ecds_filter'}

/** One kind of resource in one dump. */
interface Library {
  readonly shelf: Shelf
  readonly reader: EntryReader
}

/** The resource a list entry holds; a partial entry (`?mask=`) reads as an empty message. */
export function resourceAt(ref: ResourceRef, {shelf, reader}: Library): Resource {
  const entry = reader.read(ref)
  const version = entry.str('version_info')
  return new LazyResource({
    name: ref.name ?? '',
    state: stateOf(ref.section),
    notes: rejectionNotes(entry),
    ...(version === undefined ? {} : {version}),
    read: () => bodyOf(reader.read(ref), shelf.body),
  })
}

/** The resource of this name that is in force. */
export function findResource(name: string, library: Library): Resource | undefined {
  const [ref, ...others] = library.reader.find(library.shelf.sections, name)
  if (ref === undefined) return undefined
  const found = resourceAt(ref, library)
  return others.length === 0 ? found : withNotes(found, others.map(noteOnOther))
}

function withNotes(found: Resource, notes: readonly string[]): Resource {
  const {name, state, version, notes: own = []} = found
  return new LazyResource({
    name,
    state,
    ...(version === undefined ? {} : {version}),
    notes: [...own, ...new Set(notes)],
    read: () => found.view,
  })
}

/** What comes later under the same name is not in force. */
function noteOnOther({section}: ResourceRef): string {
  return section.includes('warming')
    ? 'a newer version is warming: it is not in force yet'
    : 'the dump has another one of this name: the first is in force'
}

/** `a newer version was rejected: …`, with the version and time where the dump has them (UpdateFailureState, envoy-2022 D8). */
function rejectionNotes(entry: View): readonly string[] {
  const error = entry.get('error_state')
  return error === undefined ? [] : [`a newer version was rejected: ${rejectionText(error)}`]
}

export function rejectionText(error: View): string {
  const version = error.str('version_info') ?? ''
  const time = error.str('last_update_attempt') ?? ''
  const about = [...(version === '' ? [] : [`version ${version}`]), ...(time === '' ? [] : [time])]
  return `${error.str('details') ?? 'no details given'}${about.length === 0 ? '' : ` (${about.join(', ')})`}`
}

export function bodyOf(entry: View, field: string): View {
  return entry.get(field) ?? new View({}, entry.pointer)
}

function stateOf(section: string): ResourceState {
  if (section.includes('warming')) return 'warming'
  return section.startsWith('static') || section.startsWith('inline') ? 'static' : 'active'
}
