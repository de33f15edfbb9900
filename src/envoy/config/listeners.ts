import type {ResourceRef} from '../../json/store.js'
import type {View} from '../../json/view.js'
import type {EntryReader} from './entry-reader.js'
import type {ListenerResource, ResourceState} from './model.js'
import {LazyResource} from './resource.js'
import {bodyOf} from './resources.js'

const SECTIONS = ['static_listeners', 'dynamic_listeners']

/** What serves goes first. A static listener cannot be replaced by LDS; a draining one serves existing connections only. */
const PRECEDENCE: readonly ResourceState[] = ['static', 'active', 'draining', 'warming']
const DYNAMIC_STATES = [
  ['active', 'active_state'],
  ['draining', 'draining_state'],
  ['warming', 'warming_state'],
] as const

/** One listener in one state. */
interface Offer {
  readonly state: ResourceState
  readonly version?: string
  readonly read: () => View
}

/** The listeners of a dump: per name the one in force, with the reason when its last update was rejected (envoy-2022 D8). */
export class Listeners {
  readonly #reader: EntryReader
  #rejections: ReadonlyMap<string, string> | undefined

  constructor(reader: EntryReader) {
    this.#reader = reader
  }

  all(): ListenerResource[] {
    return [...groupByName(this.#reader.refs(SECTIONS)).values()].flatMap((refs) => this.#inForce(refs) ?? [])
  }

  find(name: string): ListenerResource | undefined {
    return name === '' ? undefined : this.#inForce(this.#reader.find(SECTIONS, name))
  }

  /** Cheap findings only: two listeners with one name, and updates that never came into force. */
  warnings(): string[] {
    const groups = [...groupByName(this.#reader.refs(SECTIONS))]
    const twice = groups
      .filter(([, refs]) => refs.length > 1)
      .map(([name]) => `several listeners are named ${name}: the first one is in force`)
    return [...twice, ...[...this.#nameless()].map(([name, details]) => `listener ${name}: an update was rejected: ${details}`)]
  }

  /** The first of two with one name wins, as in Envoy (envoy-2022 H.1.13, I.15). */
  #inForce(refs: readonly ResourceRef[]): ListenerResource | undefined {
    const [first] = refs
    const offers = refs.flatMap((ref) => this.#offers(ref))
    const best = PRECEDENCE.map((state) => offers.find((offer) => offer.state === state)).find((offer) => offer !== undefined)
    if (first === undefined || best === undefined) return undefined
    const name = first.name ?? ''
    const rejected =
      refs.map((ref) => rejection(this.#reader.read(ref))).find((details) => details !== undefined) ?? this.#nameless().get(name)
    return new LazyResource({...best, name, ...(rejected === undefined ? {} : {rejectedUpdate: rejected})})
  }

  #offers(ref: ResourceRef): Offer[] {
    const entry = this.#reader.read(ref)
    if (ref.section === 'static_listeners') return [{state: 'static', read: () => bodyOf(this.#reader.read(ref), 'listener')}]
    return DYNAMIC_STATES.flatMap(([state, field]) => {
      const version = entry.get(field)?.str('version_info')
      const read = (): View => bodyOf(bodyOf(this.#reader.read(ref), field), 'listener')
      return entry.get(field) === undefined ? [] : [{state, ...(version === undefined ? {} : {version}), read}]
    })
  }

  /** A rejected listener that never was in force has no name but the one inside `failed_configuration`. */
  #nameless(): ReadonlyMap<string, string> {
    this.#rejections ??= new Map(
      this.#reader
        .refs(['dynamic_listeners'])
        .filter(({name}) => name === undefined)
        .flatMap((ref) => {
          const entry = this.#reader.read(ref)
          const details = rejection(entry)
          return details === undefined ? [] : [[failedName(entry), details] as const]
        }),
    )
    return this.#rejections
  }
}

function failedName(entry: View): string {
  return entry.path('error_state', 'failed_configuration')?.str('name') ?? ''
}

function rejection(entry: View): string | undefined {
  const error = entry.get('error_state')
  return error === undefined ? undefined : (error.str('details') ?? 'no details given')
}

/** Listeners without a name are different listeners: Envoy gives each a name of its own. */
function groupByName(refs: readonly ResourceRef[]): ReadonlyMap<string, readonly ResourceRef[]> {
  const groups = new Map<string, ResourceRef[]>()
  for (const ref of refs) {
    const key = ref.name ?? `\0${ref.id}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [ref])
    else group.push(ref)
  }
  return groups
}
