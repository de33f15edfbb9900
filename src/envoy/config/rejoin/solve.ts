import {fits, suffices, takeOut, type ContentClass, type Family} from './families.js'

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

class Board<T> {
  readonly candidates: ReadonlyMap<Family, Set<ContentClass<T>>>
  readonly #hosts: ReadonlyMap<ContentClass<T>, Set<Family>>
  /** Assignments of a content minus those all its families would need: at 0 each of them must have it. */
  readonly #spare = new Map<ContentClass<T>, number>()
  readonly #settled = new Set<Family>()
  readonly #families: Set<Family>
  readonly #classes: Set<ContentClass<T>>

  constructor({families, classes, allowed}: Options<T>) {
    this.candidates = new Map(
      families.map((family) => [family, new Set(classes.filter((content) => allowed(family, content) && fits(family, content)))]),
    )
    this.#hosts = new Map(classes.map((content) => [content, new Set<Family>()]))
    for (const content of classes) this.#spare.set(content, content.assignments.length)
    for (const [family, contents] of this.candidates) for (const content of contents) this.#addHost(content, family)
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
    return [...this.candidates.values()].some((contents) => contents.size === 0) || [...this.#spare.values()].some((spare) => spare > 0)
  }

  #addHost(content: ContentClass<T>, family: Family): void {
    this.#hosts.get(content)?.add(family)
    this.#spare.set(content, (this.#spare.get(content) ?? 0) - family.sources.length)
  }

  #lookAtFamily(family: Family): void {
    this.#families.delete(family)
    const [only, ...others] = this.candidates.get(family) ?? []
    if (only !== undefined && others.length === 0) this.#settle(family, only)
  }

  #lookAtClass(content: ContentClass<T>): void {
    this.#classes.delete(content)
    if (this.#spare.get(content) !== 0) return
    for (const family of this.#hosts.get(content) ?? []) this.#settle(family, content)
  }

  #settle(family: Family, content: ContentClass<T>): void {
    if (this.#settled.has(family)) return
    this.#settled.add(family)
    for (const other of this.candidates.get(family) ?? []) if (other !== content) this.#strike(family, other)
    takeOut(family, content)
    const others = [...(this.#hosts.get(content) ?? [])].filter((other) => !this.#settled.has(other))
    for (const other of others) if (!suffices(other, content)) this.#strike(other, content)
  }

  #strike(family: Family, content: ContentClass<T>): void {
    this.candidates.get(family)?.delete(content)
    this.#hosts.get(content)?.delete(family)
    this.#spare.set(content, (this.#spare.get(content) ?? 0) + family.sources.length)
    this.#families.add(family)
    this.#classes.add(content)
  }
}
