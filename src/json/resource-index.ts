import {countColumn, offsetColumn} from './column.js'
import {escapeToken} from './view.js'
import {NameTable} from './name-table.js'
import {hashText, TextTable} from './text-table.js'
import type {ResourceRef} from './store.js'
import type {Span} from './splitter.js'

/** Neighbouring elements that share everything but their position. */
export interface Group {
  /** Position in `configs`; undefined for other members of the document. */
  readonly config: number | undefined
  /** Key as the document spells it; undefined when the config object itself is the element. */
  readonly key: string | undefined
  readonly section: string
  /** What follows the key in a pointer: nothing, a position in a list, or a key of a map. */
  readonly last: 'nothing' | 'position' | 'key'
  readonly first: number
  count: number
  configType?: string
}

export interface Row extends Span {
  readonly last: string | number | undefined
  readonly name: string | undefined
}

/** Where each element of a dump stands: about 60 bytes per element beside the text of its name. */
export class ResourceIndex {
  readonly #groups: Group[] = []
  readonly #starts = offsetColumn()
  readonly #lengths = offsetColumn()
  readonly #groupOf = countColumn()
  /** Position in the list, or number of the key among the texts. */
  readonly #lasts = countColumn()
  /** Number of the name among the texts plus 1; 0 without a name. */
  readonly #names = countColumn()
  readonly #texts = new TextTable()
  #byName: NameTable | undefined

  get length(): number {
    return this.#starts.length
  }

  /** Section names, in order of first occurrence. */
  get sections(): readonly string[] {
    return [...new Set(this.#groups.filter((group) => group.count > 0).map((group) => group.section))]
  }

  get groups(): readonly Group[] {
    return this.#groups
  }

  addGroup(group: Omit<Group, 'first' | 'count'>): void {
    this.#groups.push({...group, first: this.length, count: 0})
  }

  /** Adds an element to the last group. */
  addRow(row: Row): void {
    const group = this.#groups.at(-1)
    if (group === undefined) return
    group.count++
    this.#starts.push(row.start)
    this.#lengths.push(row.end - row.start)
    this.#groupOf.push(this.#groups.length - 1)
    this.#lasts.push(typeof row.last === 'string' ? this.#texts.add(row.last) : (row.last ?? 0))
    this.#names.push(row.name === undefined ? 0 : this.#texts.add(row.name) + 1)
  }

  /** Forgets all groups from this one on, with their elements. */
  truncate(groupCount: number): void {
    const rows = this.#groups[groupCount]?.first ?? this.length
    this.#groups.length = Math.min(groupCount, this.#groups.length)
    for (const column of [this.#starts, this.#lengths, this.#groupOf, this.#lasts, this.#names]) column.truncate(rows)
  }

  /** Takes all elements of a member of the document out of their section. */
  supersede(key: string): void {
    for (const group of this.#groups) if (group.config === undefined && group.key === key) group.count = 0
  }

  span(id: number): Span {
    const start = this.#starts.at(id)
    return {start, end: start + this.#lengths.at(id)}
  }

  ref(id: number): ResourceRef {
    const group = this.#groups[this.#groupOf.at(id)]
    const name = this.#names.at(id)
    return {
      id,
      section: group?.section ?? '',
      pointer: group === undefined ? '' : this.#pointer(group, id),
      ...(name === 0 ? {} : {name: this.#texts.get(name - 1)}),
      ...(group?.configType === undefined ? {} : {configType: group.configType}),
    }
  }

  *ids(section: string): Generator<number, void, undefined> {
    for (const group of this.#groups) {
      if (group.section !== section) continue
      for (let id = group.first; id < group.first + group.count; id++) yield id
    }
  }

  find(section: string, name: string): readonly ResourceRef[] {
    const hash = hashText(name)
    this.#byName ??= this.#tableOfNames()
    return this.#byName
      .candidates(hash)
      .filter((id) => this.#isCalled(id, {section, name, hash}))
      .map((id) => this.ref(id))
  }

  #isCalled(id: number, wanted: {readonly section: string; readonly name: string; readonly hash: number}): boolean {
    const group = this.#groups[this.#groupOf.at(id)]
    const number = this.#names.at(id) - 1
    return (
      group !== undefined &&
      group.count > 0 &&
      group.section === wanted.section &&
      this.#texts.hashOf(number) === wanted.hash &&
      this.#texts.get(number) === wanted.name
    )
  }

  /** Built when a name is first looked up; the index does not grow after that. */
  #tableOfNames(): NameTable {
    const table = new NameTable(this.length)
    for (let id = 0; id < this.length; id++) {
      const number = this.#names.at(id)
      if (number !== 0) table.add(id, this.#texts.hashOf(number - 1))
    }
    return table
  }

  #pointer(group: Group, id: number): string {
    const config = group.config === undefined ? '' : `/configs/${group.config}`
    const key = group.key === undefined ? '' : `/${escapeToken(group.key)}`
    return config + key + this.#lastToken(group, id)
  }

  #lastToken(group: Group, id: number): string {
    switch (group.last) {
      case 'nothing':
        return ''
      case 'position':
        return `/${this.#lasts.at(id)}`
      case 'key':
        return `/${escapeToken(this.#texts.get(this.#lasts.at(id)))}`
      default:
        return group.last satisfies never
    }
  }
}
