import {describe, expect, it} from 'vitest'
import {drawCase, runCase} from './case.js'
import {TARGET_NAMES, targetNamed} from './targets/all.js'

const SEED = 2022
const SAMPLES: ReadonlyMap<string, number> = new Map([
  ['envoy', 80],
  ['ztunnel', 40],
  ['ztunnel-walk', 30],
  ['mesh', 24],
  ['mesh-ga', 12],
  ['inventory', 20],
  ['kernel', 60],
  ['check', 40],
  ['manifest', 12],
])

/** A sample of `npm run test:fuzz`: the same cases on every machine. */
describe.each(TARGET_NAMES)('fuzzed input of the kind %s', (name) => {
  it('ends in an answer or a clear error, and keeps every promise', async () => {
    const target = targetNamed(name)
    const count = SAMPLES.get(name) ?? 0
    const broken: string[] = []
    const kinds = new Set<string>()
    for (let index = 0; index < count; index += 1) {
      const id = {seed: SEED, index}
      const result = await runCase(target, {id, draft: drawCase(target, id)})
      if (result.kind === 'failed') broken.push(`npm run test:fuzz -- --seed ${SEED} --target ${name} --case ${index}: ${result.message}`)
      else for (const kind of result.ending.kinds) kinds.add(kind)
    }
    expect(broken).toEqual([])
    expect(count).toBeGreaterThan(0)
    expect(kinds.size).toBeGreaterThan(1)
  }, 60_000)
})
