export interface Search<T> {
  /** What may be kept, the likeliest first. All of it together is enough. */
  readonly candidates: readonly T[]
  readonly isEnough: (kept: readonly T[]) => Promise<boolean>
  /** How often may be tried; what is left then is kept. */
  readonly maxTries: number
}

export interface Found<T> {
  readonly kept: readonly T[]
  /** False when the tries were used up: more may be kept than is needed. */
  readonly isSmallest: boolean
}

/**
 * A small part of the candidates that is enough. It grows from the front, doubling, so that no try is much larger than what is needed;
 * then halves of what was found are left out as long as the rest is enough (Zeller, Hildebrandt 2002: delta debugging).
 */
export async function findSmall<T>(search: Search<T>): Promise<Found<T>> {
  const tries = new Tries(search)
  const front = await shortestFront(search.candidates, tries)
  const kept = await leaveOut({chunk: front, others: []}, tries)
  return {kept, isSmallest: tries.areLeft}
}

class Tries<T> {
  #left: number

  constructor(private readonly search: Search<T>) {
    this.#left = search.maxTries
  }

  get areLeft(): boolean {
    return this.#left > 0
  }

  /** No, when there are no more tries. */
  async isEnough(kept: readonly T[]): Promise<boolean> {
    if (!this.areLeft) return false
    this.#left--
    return this.search.isEnough(kept)
  }
}

async function shortestFront<T>(candidates: readonly T[], tries: Tries<T>): Promise<readonly T[]> {
  let [tooShort, enough] = [-1, 0]
  while (enough < candidates.length && !(await tries.isEnough(candidates.slice(0, enough)))) {
    tooShort = enough
    enough = Math.max(1, Math.min(2 * enough, candidates.length))
  }
  while (enough - tooShort > 1) {
    const middle = Math.floor((tooShort + enough) / 2)
    if (await tries.isEnough(candidates.slice(0, middle))) enough = middle
    else tooShort = middle
  }
  return candidates.slice(0, enough)
}

/** What of a chunk must stay beside the others. */
async function leaveOut<T>(
  {chunk, others}: {readonly chunk: readonly T[]; readonly others: readonly T[]},
  tries: Tries<T>,
): Promise<readonly T[]> {
  if (chunk.length === 0 || (await tries.isEnough(others))) return []
  if (chunk.length === 1) return chunk
  const middle = Math.ceil(chunk.length / 2)
  const [front, back] = [chunk.slice(0, middle), chunk.slice(middle)]
  const keptBack = await leaveOut({chunk: back, others: [...others, ...front]}, tries)
  const keptFront = await leaveOut({chunk: front, others: [...others, ...keptBack]}, tries)
  return [...keptFront, ...keptBack]
}
