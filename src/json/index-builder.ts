import {entrySection, typeSuffix} from './dump-layout.js'
import {entryNameFrom, NameFinder, type Found} from './name-finder.js'
import type {JsonProblem} from './problem.js'
import {ResourceIndex, type Group} from './resource-index.js'
import {snakeCase} from './snake-case.js'
import {DumpSplitter, type ElementPath, type SplitElement} from './splitter.js'

/** What one pass over a dump found. */
export interface DumpIndex {
  readonly resources: ResourceIndex
  /** `@type` suffixes of the objects in `configs`, in document order. */
  readonly configTypes: readonly string[]
  /** Keys of the document, also of empty members, which have no elements. */
  readonly documentKeys: ReadonlySet<string>
  readonly warnings: readonly string[]
  /** The first thing wrong with the document; the index holds what came before it. */
  readonly problem?: JsonProblem
}

/** What is known of the config object that is being read. */
interface OpenConfig {
  readonly firstGroup: number
  type?: string
  ownName?: string
  heldName?: string
}

/** Builds the index of a dump from its bytes, in chunks of any size that may be reused. */
export class IndexBuilder {
  readonly #resources = new ResourceIndex()
  readonly #configTypes: string[] = []
  readonly #splitter: DumpSplitter
  readonly #names: NameFinder
  #config: OpenConfig = {firstGroup: 0}
  readonly #repeated = new Set<string>()
  #stateless = 0

  constructor() {
    this.#names = new NameFinder((span) => this.#splitter.bytes(span))
    const sink = {
      element: (element: SplitElement) => {
        this.#addElement(element)
      },
      config: (config: SplitElement) => {
        this.#endConfig(config)
      },
      repeated: (key: string) => {
        this.#supersede(key)
      },
      inner: this.#names,
    }
    this.#splitter = new DumpSplitter(sink, {keepElements: false, skipLeadingText: true})
  }

  get problem(): JsonProblem | undefined {
    return this.#splitter.problem
  }

  /** Keys of the document so far. */
  get documentKeys(): ReadonlySet<string> {
    return this.#splitter.documentKeys
  }

  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk)
  }

  finish(): DumpIndex {
    this.#splitter.finish()
    const {problem, documentKeys} = this.#splitter
    return {
      resources: this.#resources,
      configTypes: this.#configTypes,
      documentKeys,
      warnings: this.#warnings(),
      ...(problem === undefined ? {} : {problem}),
    }
  }

  #addElement(element: SplitElement): void {
    const found = this.#names.take()
    const place = placeOf(element.path)
    const group = this.#resources.groups.at(-1)
    if (group === undefined || !isSameGroup(group, place)) this.#resources.addGroup({...place, section: snakeCase(place.key ?? 'configs')})
    this.#resources.addRow({start: element.start, end: element.end, last: place.token, name: found.name})
    if (place.config !== undefined && place.last === 'nothing') this.#noteMember(place.key ?? '', found)
  }

  #noteMember(key: string, found: Found): void {
    const {own, held} = entryNameFrom(snakeCase(key), found)
    const type = key === '@type' ? typeSuffix(found.text) : undefined
    if (type !== undefined) this.#config.type = type
    if (own !== undefined) this.#config.ownName = own
    if (held !== undefined) this.#config.heldName = held
  }

  #endConfig(config: SplitElement): void {
    const {type, firstGroup, ownName, heldName} = this.#config
    const entry = entrySection(type)
    const index = Number(config.path[1])
    if (type !== undefined) this.#configTypes.push(type)
    if (entry !== undefined && type !== undefined) {
      this.#resources.truncate(firstGroup)
      this.#resources.addGroup({config: index, key: undefined, section: entry, last: 'nothing', configType: type})
      this.#resources.addRow({start: config.start, end: config.end, last: undefined, name: ownName ?? heldName})
      if (STATELESS.has(entry)) this.#stateless++
    }
    if (type !== undefined) for (const group of this.#resources.groups.slice(firstGroup)) group.configType = type
    this.#config = {firstGroup: this.#resources.groups.length}
  }

  #supersede(key: string): void {
    this.#resources.supersede(key)
    this.#repeated.add(key)
  }

  #warnings(): readonly string[] {
    const stateless =
      this.#stateless === 0
        ? []
        : [`${this.#stateless} entries of a ?resource= answer do not tell active from warming resources and are taken as active`]
    const {leadingBytes} = this.#splitter
    const leading = leadingBytes === 0 ? [] : [`${leadingBytes} bytes of other text stand before the document and are skipped`]
    return [
      ...leading,
      ...stateless,
      ...[...this.#repeated].map((key) => `the document holds "${key}" more than once: the last one counts`),
    ]
  }
}

/** Sections whose entry message is the same for active and warming resources (envoy-2022 D8). */
const STATELESS: ReadonlySet<string> = new Set(['dynamic_active_clusters', 'dynamic_active_secrets'])

type Place = Pick<Group, 'config' | 'key' | 'last'> & {readonly token: string | number | undefined}

function placeOf(path: ElementPath): Place {
  const inConfigs = path[0] === 'configs' && typeof path[1] === 'number'
  const [key, token] = inConfigs ? path.slice(2) : path
  return {
    config: inConfigs ? Number(path[1]) : undefined,
    key: key === undefined ? undefined : String(key),
    last: token === undefined ? 'nothing' : typeof token === 'number' ? 'position' : 'key',
    token,
  }
}

function isSameGroup(group: Group, place: Place): boolean {
  return group.count > 0 && group.config === place.config && group.key === place.key && group.last === place.last
}
