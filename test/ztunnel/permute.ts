import fc from 'fast-check'

/**
 * Lists whose order ztunnel itself was told and keeps: the first fitting address, the scopes by weight, the policy that is named, the
 * identities as its errors print them (ambient-ga B.3, B.5, I.4, I.14).
 */
export const SENT_IN_ORDER: ReadonlySet<string> = new Set(['workloadIps', 'routingPreferences', 'authorizationPolicies', 'subjectAltNames'])

/** Random numbers of fast-check, by which lists and members are sorted: so a failure is replayed and shrunk like every other. */
export const disorder: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(), {minLength: 16, maxLength: 64})

interface Disorder {
  readonly keys: readonly number[]
  /** Whether the order of the list with this name means something; that of members never does. */
  readonly keeps?: (list: string, depth: number) => boolean
}

/** The same document with its lists, and the members of its objects, in another order. */
export function permute(document: unknown, {keys, keeps = (list) => SENT_IN_ORDER.has(list)}: Disorder): unknown {
  let drawn = 0
  const shuffled = <T>(items: readonly T[]): readonly T[] =>
    items
      .map((item, index) => ({item, index, key: keys[drawn++ % keys.length] ?? 0}))
      .toSorted((a, b) => a.key - b.key || a.index - b.index)
      .map(({item}) => item)
  const walk = (value: unknown, {name, depth}: {readonly name: string; readonly depth: number}): unknown => {
    const below = (item: unknown, key: string): unknown => walk(item, {name: key, depth: depth + 1})
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value
      return (keeps(name, depth) ? items : shuffled(items)).map((item) => below(item, ''))
    }
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(shuffled(Object.entries(value)).map(([key, member]) => [key, below(member, key)]))
  }
  return walk(document, {name: '', depth: 0})
}
