import fc from 'fast-check'
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {afterAll, describe, expect, test} from 'vitest'
import {packedLayers, packOf, recordedFiles, unpackedCopy} from './oracle-path.js'
import {packFiles, unpackFiles} from './recording-pack.js'
import {readCases} from './recorded-cases.js'

const SHARED = fileURLToPath(new URL('../../../shared/oracle', import.meta.url))
const LAYERS = ['ambient2022', 'envoy', 'istiod', 'kernel', 'wholepath', 'ztunnel', 'ztunnel-old']

/** What the copy may cost in the repository. */
const MAX_BYTES = 2_000_000

const scratch = mkdtempSync(join(tmpdir(), 'recordings-'))
afterAll(() => {
  rmSync(scratch, {recursive: true})
})

describe('the copy of the recordings', () => {
  test('holds every layer, and stays small', () => {
    expect(packedLayers()).toEqual(LAYERS)
    expect(packedLayers().reduce((sum, layer) => sum + statSync(packOf(layer)).size, 0)).toBeLessThan(MAX_BYTES)
  })

  test.each(LAYERS)('is byte for byte what was recorded: %s', (layer) => {
    const files = recordedFiles(layer)
    const shared = files.filter(({path}) => existsSync(join(SHARED, layer, path)))
    const changed = shared.filter(({path, bytes}) => !bytes.equals(readFileSync(join(SHARED, layer, path))))
    expect(files.length).toBeGreaterThan(0)
    expect(changed.map(({path}) => path)).toEqual([])
  })

  test('unpacks once, with the cases of every layer', () => {
    const root = unpackedCopy(scratch)
    expect(unpackedCopy(scratch)).toBe(root)
    expect(readdirSync(scratch)).toHaveLength(1)
    const counts = LAYERS.map((layer) => ({layer, hasCases: casesOf(join(root, layer)) > 0}))
    expect(counts).toEqual(LAYERS.map((layer) => ({layer, hasCases: true})))
  })
})

function casesOf(layerDir: string): number {
  const files = readdirSync(layerDir, {recursive: true, encoding: 'utf8'}).filter((name) => /(^|\/)cases[^/]*\.json$/.test(name))
  return files.reduce((sum, file) => sum + readCases(join(layerDir, file)).length, 0)
}

describe('packing', () => {
  test('gives back every file', () => {
    const bytes = fc.uint8Array({maxLength: 40}).map((content) => Buffer.from(content))
    fc.assert(
      fc.property(fc.array(fc.record({path: fc.string(), bytes})), (files) => {
        const unpacked = unpackFiles(packFiles(files)).map((file) => ({...file, bytes: Buffer.from(file.bytes)}))
        expect(unpacked).toEqual(files)
      }),
      {numRuns: 50},
    )
  })

  test('stores equal contents once', () => {
    const bytes = Buffer.from(Array.from({length: 4000}, (_, index) => (index * index * 7919) % 251))
    const one = packFiles([{path: 'a', bytes}]).length
    const twice = packFiles(['a', 'b', 'c'].map((path) => ({path, bytes}))).length
    expect(twice - one).toBeLessThan(60)
  })
})
