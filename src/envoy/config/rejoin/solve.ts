import {hasShape, leftOf, suffices, takeOut, total, type ContentClass, type Family, type Left, type Roster} from './families.js'

/** The contents each family may have. */
export type Solution<T> = ReadonlyMap<Family, ReadonlySet<ContentClass<T>>>

interface Options<T> {
  readonly families: readonly Family[]
  readonly classes: readonly ContentClass<T>[]
  /** Knowledge from outside: whether this content can be the family's. */
  readonly allowed: (family: Family, content: ContentClass<T>) => boolean
}

/**
 * Every nameless assignment belongs to exactly one cluster. Candidates are struck out until nothing more follows:
 * a family with one candidate takes it, a content that is used up leaves the others, and a content that all its
 * remaining families together just use up belongs to them (envoy-2022 D8 steps 1 to 3). Undefined when the data contradicts itself.
 */
export function solve<T>(options: Options<T>): Solution<T> | undefined {
  const board = new Board(options)
  board.settleAll()
  return board.contradicts() ? undefined : board.candidates
}

/** One content on the board. */
interface Field<T> {
  readonly content: ContentClass<T>['content']
  readonly left: Left
  readonly hosts: Set<Family>
  /** Assignments minus those all its families would need: at 0 each of them must have it. */
  spare: number
}

class Board<T> {
  readonly candidates: ReadonlyMap<Family, Set<ContentClass<T>>>
  readonly #fields: ReadonlyMap<ContentClass<T>, Field<T>>
  readonly #settled = new Set<Family>()
  readonly #families: Set<Family>
  readonly #classes: Set<ContentClass<T>>

  constructor({families, classes, allowed}: Options<T>) {
    this.#fields = new Map(classes.map((one) => [one, newField(one)]))
    const sufficient = new Map(classes.map((one) => [one, new Map<Roster, boolean>()]))
    const fits = (family: Family, one: ContentClass<T>): boolean => {
      const field = this.#fields.get(one)
      const known = sufficient.get(one)?.get(family.roster)
      const enough = known ?? (field !== undefined && suffices(family.roster, field))
      sufficient.get(one)?.set(family.roster, enough)
      return enough && hasShape(family, one.content)
    }
    this.candidates = new Map(
      families.map((family) => [family, new Set(classes.filter((one) => allowed(family, one) && fits(family, one)))]),
    )
    for (const [family, contents] of this.candidates) for (const one of contents) this.#addHost(one, family)
    this.#families = new Set(families)
    this.#classes = new Set(classes)
  }

  settleAll(): void {
    while (this.#families.size > 0 || this.#classes.size > 0) {
      for (const family of this.#families) this.#lookAtFamily(family)
      for (const content of this.#classes) this.#lookAtClass(content)
    }
  }

  contradicts(): boolean {
    return [...this.candidates.values()].some((contents) => contents.size === 0) || [...this.#fields.values()].some(({spare}) => spare > 0)
  }

  #addHost(content: ContentClass<T>, family: Family): void {
    const field = this.#fields.get(content)
    field?.hosts.add(family)
    if (field !== undefined) field.spare -= family.roster.size
  }

  #lookAtFamily(family: Family): void {
    this.#families.delete(family)
    const [only, ...others] = this.candidates.get(family) ?? []
    if (only !== undefined && others.length === 0) this.#settle(family, only)
  }

  #lookAtClass(content: ContentClass<T>): void {
    this.#classes.delete(content)
    const field = this.#fields.get(content)
    if (field?.spare === 0) for (const family of field.hosts) this.#settle(family, content)
  }

  #settle(family: Family, content: ContentClass<T>): void {
    const field = this.#fields.get(content)
    if (field === undefined || this.#settled.has(family)) return
    this.#settled.add(family)
    for (const other of this.candidates.get(family) ?? []) if (other !== content) this.#strike(family, other)
    takeOut(family.roster, field)
    const others = [...field.hosts].filter((other) => !this.#settled.has(other))
    for (const other of others) if (!suffices(other.roster, field)) this.#strike(other, content)
  }

  #strike(family: Family, content: ContentClass<T>): void {
    const field = this.#fields.get(content)
    this.candidates.get(family)?.delete(content)
    field?.hosts.delete(family)
    if (field !== undefined) field.spare += family.roster.size
    this.#families.add(family)
    this.#classes.add(content)
  }
}

function newField<T>(one: ContentClass<T>): Field<T> {
  const left = leftOf(one)
  return {content: one.content, left, hosts: new Set(), spare: total(left)}
}
