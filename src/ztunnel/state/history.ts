import type {Condition} from '../../flow/forwarder.js'

/** A choice that ztunnel made by the order in which resources arrived, which a dump does not hold (ambient-ga I.2). */
export interface ArrivalChoice<T> {
  /** The same key in one history always gives the same candidate. */
  readonly key: string
  /** What was decided by the order: `the service with VIP 10.0.0.1`. */
  readonly what: string
  /** At least one, in an order that depends on their content alone; the most likely first. */
  readonly candidates: readonly Candidate<T>[]
}

export interface Candidate<T> {
  readonly name: string
  readonly value: T
}

/** One possible order of arrival. */
export interface History {
  pick<T>(choice: ArrivalChoice<T>): T | undefined
}

/** What holds in one history; `requires` is empty when the order did not matter. */
export interface Told<T> {
  readonly value: T
  readonly requires: readonly Condition[]
}

/** Named limit: histories that are told apart; reaching it is reported by `complete`. */
export const MAX_HISTORIES = 64

interface Met {
  readonly key: string
  readonly what: string
  readonly names: readonly string[]
}

/** Asks a question once per order of arrival that can change its answer; the first answer is the most likely one. */
export function overHistories<T>(decide: (history: History) => T): {readonly told: readonly Told<T>[]; readonly complete: boolean} {
  const told: Told<T>[] = []
  const pending: ReadonlyMap<string, number>[] = [new Map()]
  for (let fixed = pending.shift(); fixed !== undefined && told.length < MAX_HISTORIES; fixed = pending.shift()) {
    const met = new Map<string, Met>()
    const value = decide(historyOf(fixed, met))
    told.push({value, requires: conditionsOf(fixed, met)})
    pending.push(...siblings(fixed, met))
  }
  return {told, complete: pending.length === 0}
}

function historyOf(fixed: ReadonlyMap<string, number>, met: Map<string, Met>): History {
  return {
    pick: ({key, what, candidates}) => {
      if (candidates.length > 1) met.set(key, {key, what, names: candidates.map(({name}) => name)})
      return candidates[fixed.get(key) ?? 0]?.value
    },
  }
}

/** Histories that differ in a choice met now for the first time; earlier choices stay as they were. */
function siblings(fixed: ReadonlyMap<string, number>, met: ReadonlyMap<string, Met>): ReadonlyMap<string, number>[] {
  const fresh = [...met.values()].filter(({key}) => !fixed.has(key))
  return fresh.flatMap(({key, names}, index) => {
    const before = fresh.slice(0, index).map((one) => [one.key, 0] as const)
    return names.slice(1).map((_, other) => new Map([...fixed, ...before, [key, other + 1]]))
  })
}

function conditionsOf(fixed: ReadonlyMap<string, number>, met: ReadonlyMap<string, Met>): readonly Condition[] {
  return [...met.values()].map(({key, what, names}) => ({what: `${what} is ${names[fixed.get(key) ?? 0] ?? ''}`, group: key}))
}
