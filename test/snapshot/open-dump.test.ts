import {readdirSync, truncateSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {describe, expect, it} from 'vitest'
import {openDump} from '../../src/snapshot/open-dump.js'
import {containing, ENVOY, streamOf, workspace} from './workspace.js'

describe('openDump', () => {
  it('stops at a size limit, also inside a small gzip file that unpacks to a large one', async () => {
    const bomb = gzipSync(`{"a":"${'x'.repeat(2_000_000)}"}`)
    expect(bomb.length).toBeLessThan(10_000)
    const limit = {message: 'The dump is too large.', expected: 'at most 1000000 bytes', exitCode: 65}
    await expect(openDump({name: 'bomb', from: streamOf(bomb), maxBytes: 1_000_000})).rejects.toMatchObject(limit)
    await expect(openDump({name: 'fits', from: streamOf(bomb), maxBytes: 3_000_000})).resolves.toMatchObject({store: {name: 'fits'}})
  })

  it('says when a file changed after it was indexed', async () => {
    const file = join(workspace({'x.json': ENVOY}), 'x.json')
    const opened = await openDump({name: 'x.json', from: file})
    const {store} = opened
    const [ref] = store.refs('static_clusters')
    if (ref === undefined) throw new Error('no cluster')
    writeFileSync(file, ENVOY.replace('{"cluster"', '{,cluster"'))
    expect(() => store.read(ref)).toThrow(expect.objectContaining({where: `x.json#${ref.pointer}`, exitCode: 65}))
    truncateSync(file, 10)
    expect(() => store.raw(ref)).toThrow(expect.objectContaining({message: 'The file changed while it was being read.', where: 'x.json'}))
    opened.close()
  })

  it('gives bytes as the dump prints them', async () => {
    const text = '{"configs": [ {"@type":"t", "a":[ {"n" : 18446744073709551615 } ]} ]}'
    const {store} = await openDump({name: 'x', from: streamOf(text)})
    const [ref] = store.refs('a')
    if (ref === undefined) throw new Error('no element')
    expect(Buffer.from(store.raw(ref)).toString()).toBe('{"n" : 18446744073709551615 }')
    expect([store.read(ref).value, store.read(ref).num('n')]).toEqual([{n: '18446744073709551615'}, 2 ** 64])
  })

  it('closes its file when the dump is refused', async () => {
    const root = workspace({'x.json': '{'})
    const open = (): number => readdirSync('/proc/self/fd').length
    const before = open()
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(openDump({name: 'x.json', from: join(root, 'x.json')})).rejects.toMatchObject({
        message: containing('ends in the middle'),
      })
    }
    expect(open()).toBeLessThan(before + 5)
  })
})
