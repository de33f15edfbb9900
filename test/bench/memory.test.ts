import {execFileSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import {servicesFor, syntheticChunks} from './synthetic.js'

const SCRIPT = fileURLToPath(new URL('bounded-memory.ts', import.meta.url))
const COST = z.object({elements: z.number(), grownMegabytes: z.number()})

/** Keeping the bytes would take all of them; the index keeps names and numbers, the splitter one element at a time. */
const MEGABYTES = 100
const ALLOWED_GROWTH = 50

describe('memory stays bounded, whatever the size of the dump', () => {
  it.each(['index', 'split'])(
    '%s',
    (way) => {
      const output = execFileSync(process.execPath, ['--import', 'tsx', SCRIPT, way, String(MEGABYTES)], {encoding: 'utf8'})
      const {elements, grownMegabytes} = COST.parse(JSON.parse(output))
      expect(elements).toBeGreaterThan(2 * servicesFor(MEGABYTES * 1e6))
      expect(grownMegabytes).toBeLessThan(ALLOWED_GROWTH)
    },
    60_000,
  )
})

describe('a synthetic dump', () => {
  it('is JSON of about the wanted size, the same each time', () => {
    const text = [...syntheticChunks(servicesFor(500_000))].join('')
    expect(text).toBe([...syntheticChunks(servicesFor(500_000))].join(''))
    expect(JSON.parse(text)).toHaveProperty(
      'configs.1.dynamic_active_clusters.0.cluster.name',
      'outbound|8080||service-0.namespace-0.svc.cluster.local',
    )
    expect(Math.abs(text.length - 500_000)).toBeLessThan(100_000)
  })
})
