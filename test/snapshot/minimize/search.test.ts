import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {findSmall} from '../../../src/snapshot/minimize/search.js'

const holds =
  (needed: ReadonlySet<number>) =>
  (kept: readonly number[]): Promise<boolean> =>
    Promise.resolve([...needed].every((one) => kept.includes(one)))

function numbers(count: number): readonly number[] {
  return Array.from({length: count}, (_, at) => at)
}

describe('a small part that is enough', () => {
  it('is exactly what is needed, wherever it stands', async () => {
    const sets = fc.tuple(fc.integer({min: 0, max: 200}), fc.array(fc.nat(199), {maxLength: 12}))
    await fc.assert(
      fc.asyncProperty(sets, async ([count, wanted]) => {
        const needed = new Set(wanted.filter((one) => one < count))
        const {kept, isSmallest} = await findSmall({candidates: numbers(count), isEnough: holds(needed), maxTries: 10_000})
        expect([...kept].toSorted((a, b) => a - b)).toEqual([...needed].toSorted((a, b) => a - b))
        expect(isSmallest).toBe(true)
      }),
      {numRuns: 200},
    )
  })

  it('is enough also where more is not always better', async () => {
    const odd = (kept: readonly number[]): Promise<boolean> => Promise.resolve(kept.includes(7) && kept.length % 2 === 1)
    const {kept} = await findSmall({candidates: numbers(31), isEnough: odd, maxTries: 10_000})
    expect(await odd(kept)).toBe(true)
  })

  it('is not looked for among much more than is needed', async () => {
    const sizes: number[] = []
    const near = holds(new Set([0, 3, 5]))
    await findSmall({
      candidates: numbers(1_000_000),
      maxTries: 10_000,
      isEnough: (kept) => {
        sizes.push(kept.length)
        return near(kept)
      },
    })
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8)
    expect(sizes.length).toBeLessThan(40)
  })

  it('is everything when nothing may be tried, and says that it may be too much', async () => {
    const found = await findSmall({candidates: numbers(9), isEnough: holds(new Set([4])), maxTries: 0})
    expect(found).toEqual({kept: numbers(9), isSmallest: false})
  })
})
