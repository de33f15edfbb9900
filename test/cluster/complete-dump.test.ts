import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {completeDump} from '../../src/cluster/complete-dump.js'

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

interface Taken {
  readonly text: string
  readonly warnings: readonly string[]
  readonly error?: unknown
}

async function take(text: string | Uint8Array, size = 1000): Promise<Taken> {
  const warnings: string[] = []
  let taken = ''
  const source = chunksOf(Buffer.from(text), size)
  const dump = completeDump({source, command: ['kubectl', 'exec'], warn: (warning) => warnings.push(warning)})
  try {
    for await (const chunk of dump) taken += Buffer.from(chunk).toString('latin1')
  } catch (error) {
    return {text: taken, warnings, error}
  }
  return {text: taken, warnings}
}

const DUMP = '{"configs": [{"@type": "x/envoy.admin.v3.ClustersConfigDump", "static_clusters": [{"cluster": {"name": "a"}}]}]}\n'

describe('a dump on its way', () => {
  it('passes unchanged in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 1, max: DUMP.length}), async (size) => {
        expect(await take(DUMP, size)).toEqual({text: DUMP, warnings: []})
      }),
    )
  })

  it('is refused wherever it is cut, after what came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 1, max: DUMP.length - 3}), fc.integer({min: 1, max: 50}), async (length, size) => {
        const cut = DUMP.slice(0, length)
        expect(await take(cut, size)).toMatchObject({
          text: cut,
          error: {family: 'external', message: `The dump breaks off after ${length} bytes.`},
        })
      }),
    )
  })

  it('is refused when it is nothing, or something else', async () => {
    expect(await take('')).toMatchObject({error: {message: 'The proxy answered nothing.'}})
    expect(await take('[1]')).toMatchObject({text: '', error: {message: 'The answer of the proxy is no config dump.'}})
    expect(String((await take('curl: (7) refused')).error)).toContain('The answer of the proxy is no config dump.')
  })

  it('passes with a warning when only its content is odd', async () => {
    const bytes = Buffer.from('{"configs": [], "a": "\xff"}', 'latin1')
    const odd = await take(bytes)
    expect(odd.text).toBe(bytes.toString('latin1'))
    expect(odd.warnings.join()).toContain('invalid-utf8')
    const more = await take('{"configs": []} trailing')
    expect(more.text).toBe('{"configs": []} trailing')
    expect(more.warnings.join()).toContain('trailing')
  })
})
