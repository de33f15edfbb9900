import type {DumpStore, ResourceRef} from '../../json/store.js'
import {View} from '../../json/view.js'

/** Section of a dump → list of `bootstrap.static_resources` it shows, and how an entry wraps the resource. */
const LISTS = [
  {config: 'ClustersConfigDump', section: 'static_clusters', list: 'clusters', body: 'cluster'},
  {config: 'ListenersConfigDump', section: 'static_listeners', list: 'listeners', body: 'listener'},
  {config: 'SecretsConfigDump', section: 'static_secrets', list: 'secrets', body: 'secret'},
]

interface StaticEntry {
  readonly ref: ResourceRef
  readonly view: View
}

/** The store, with static resources of the bootstrap shown where the dump has no section of its own for them (`?mask=bootstrap`). */
export function withBootstrap(store: DumpStore): DumpStore {
  const present = new Set(store.configTypes().flatMap((type) => type.split('.')))
  const entries = LISTS.filter(({config}) => !present.has(config)).flatMap((list) => staticEntries(store, list))
  return entries.length === 0 ? store : overlay(store, entries)
}

function staticEntries(store: DumpStore, {section, list, body}: (typeof LISTS)[number]): StaticEntry[] {
  return [...store.refs('bootstrap')].flatMap((bootstrap) => {
    const resources = store.read(bootstrap).get('static_resources')?.list(list) ?? []
    return resources.map((resource) => staticEntry(resource, {section, body}))
  })
}

function staticEntry(resource: View, {section, body}: {section: string; body: string}): StaticEntry {
  const name = resource.str('name')
  return {
    ref: {id: Number.NaN, section, ...(name === undefined ? {} : {name}), pointer: resource.pointer},
    view: new Wrapped(resource, body),
  }
}

/** An entry that exists only as its body. */
class Wrapped extends View {
  readonly #body: View
  readonly #field: string

  constructor(body: View, field: string) {
    super({[field]: body.value}, body.pointer)
    this.#body = body
    this.#field = field
  }

  override get(field: string): View | undefined {
    return field === this.#field ? this.#body : super.get(field)
  }
}

function overlay(store: DumpStore, found: readonly StaticEntry[]): DumpStore {
  const entries = found.map(({ref, view}, index) => ({ref: {...ref, id: -1 - index}, view}))
  const of = (section: string): ResourceRef[] => entries.filter(({ref}) => ref.section === section).map(({ref}) => ref)
  return {
    name: store.name,
    warnings: store.warnings,
    configTypes: () => store.configTypes(),
    documentKeys: () => store.documentKeys(),
    sections: () => [...new Set([...store.sections(), ...entries.map(({ref}) => ref.section)])],
    raw: (ref) => {
      const own = entries.find((entry) => entry.ref.id === ref.id)
      return own === undefined ? store.raw(ref) : Buffer.from(JSON.stringify(own.view.value))
    },
    refs: (section) => [...store.refs(section), ...of(section)],
    find: (section, name) => [...store.find(section, name), ...of(section).filter((ref) => ref.name === name)],
    read: (ref) => entries.find((entry) => entry.ref.id === ref.id)?.view ?? store.read(ref),
  }
}
