/** Runs `work` over all items, at most `limit` at a time, in their order. Stops taking new ones after the first rejection, which it throws. */
export async function inParallel<T>(
  items: readonly T[],
  {limit, work}: {readonly limit: number; readonly work: (item: T) => Promise<void>},
): Promise<void> {
  const queue = items.values()
  let isBroken = false
  const take = async (): Promise<void> => {
    for (const item of queue) {
      if (isBroken) return
      try {
        await work(item)
      } catch (error) {
        isBroken = true
        throw error
      }
    }
  }
  const takers = Array.from({length: Math.min(limit, items.length)}, take)
  await Promise.allSettled(takers)
  await Promise.all(takers)
}
