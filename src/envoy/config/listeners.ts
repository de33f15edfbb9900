import type {ResourceRef} from '../../json/store.js'
import type {View} from '../../json/view.js'
import type {EntryReader} from './entry-reader.js'
import type {ListenerResource, RejectedListener, ResourceState} from './model.js'
import {LazyResource} from './resource.js'
import {bodyOf, rejectionText} from './resources.js'

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

  /** Those with an error and no state that was ever in force. */
  rejected(): RejectedListener[] {
    return this.#reader.refs(['dynamic_listeners']).flatMap((ref) => {
      const entry = this.#reader.read(ref)
      const error = entry.get('error_state')
      if (error === undefined || (ref.name !== undefined && this.find(ref.name) !== undefined)) return []
      const name = ref.name ?? failedName(entry)
      // A nameless error of a listener that serves is a rejected update of it.
      if (name !== '' && this.find(name) !== undefined) return []
      return [{name, details: rejectionText(error), view: error.get('failed_configuration') ?? error}]
    })
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
    const notes = notesOn({best, offers, rejected})
    return new LazyResource({...best, name, notes, ...(rejected === undefined ? {} : {rejectedUpdate: rejected})})
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

/** Of the states a listener is in, one is in force; the others are told. */
function notesOn({best, offers, rejected}: {best: Offer; offers: readonly Offer[]; rejected: string | undefined}): readonly string[] {
  const others = offers.filter((offer) => offer !== best)
  const versionOf = (state: ResourceState): string => others.find((offer) => offer.state === state)?.version ?? 'unknown'
  const notes = [
    ...(rejected === undefined ? [] : [`a newer version was rejected: ${rejected}`]),
    ...(others.some(({state}) => state === 'warming') ? [`version ${versionOf('warming')} is warming: it is not in force yet`] : []),
    ...(others.some(({state}) => state === 'draining')
      ? [`version ${versionOf('draining')} is draining: it keeps its old connections`]
      : []),
    ...(others.some(({state}) => state === best.state) ? ['the dump has another one of this name: the first is in force'] : []),
  ]
  return notes.length === 0 || best.version === undefined ? notes : [`version ${best.version} is in force`, ...notes]
}

function failedName(entry: View): string {
  return entry.path('error_state', 'failed_configuration')?.str('name') ?? ''
}

function rejection(entry: View): string | undefined {
  const error = entry.get('error_state')
  return error === undefined ? undefined : rejectionText(error)
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
