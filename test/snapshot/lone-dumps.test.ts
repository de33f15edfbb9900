import {execFileSync} from 'node:child_process'
import {readdirSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {describe, expect, it, vi} from 'vitest'
import {describeFailure} from '../../src/flow/errors.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import type {Snapshot, SnapshotSources} from '../../src/snapshot/snapshot.js'
import {ENVOY, manifest, streamOf, workspace, ZTUNNEL} from './workspace.js'

async function clustersOf(snapshot: Snapshot): Promise<readonly unknown[]> {
  const loaded = await Promise.all(snapshot.proxies.map((proxy) => proxy.load()))
  return loaded.map((dump) =>
    dump.kind === 'unusable' ? dump.why : [...dump.store.refs('static_clusters')].map((ref) => dump.store.read(ref).value),
  )
}

async function failure(sources: SnapshotSources): Promise<ReturnType<typeof describeFailure> | undefined> {
  try {
    await openSnapshot({environment: {}, ...sources})
    return undefined
  } catch (error) {
    return describeFailure(error)
  }
}

const CLUSTERS = [[{cluster: {name: 'blackhole'}}]]

describe('a lone dump', () => {
  it('is a snapshot of one proxy, named after its file or by the user', async () => {
    const root = workspace({'ztunnel-x.config_dump.json': ENVOY, 'a=b.json': ENVOY})
    const snapshot = await openSnapshot({files: [join(root, 'ztunnel-x.config_dump.json'), join(root, 'a=b.json')]})
    expect(snapshot.proxies.map((proxy) => proxy.name)).toEqual(['a=b', 'ztunnel-x'])
    expect(snapshot.inventory).toBeUndefined()
    const named = await openSnapshot({files: [`${join(root, 'ztunnel-x.config_dump.json')}=waypoint`]})
    expect(named.proxies.map((proxy) => [proxy.name, proxy.file])).toEqual([['waypoint', join(root, 'ztunnel-x.config_dump.json')]])
    expect(await clustersOf(named)).toEqual(CLUSTERS)
  })

  it('may be gzip under any name', async () => {
    const root = workspace({'x.json': gzipSync(ENVOY), 'y.json.gz': gzipSync(ENVOY)})
    const snapshot = await openSnapshot({files: [join(root, 'x.json'), join(root, 'y.json.gz')]})
    expect(snapshot.proxies.map((proxy) => proxy.name)).toEqual(['x', 'y'])
    expect(await clustersOf(snapshot)).toEqual([...CLUSTERS, ...CLUSTERS])
    snapshot.close()
  })

  it('may come from standard input, plain or gzip, in chunks of one byte', async () => {
    for (const bytes of [Buffer.from(ENVOY), gzipSync(ENVOY)]) {
      const stdin = streamOf(...Array.from(bytes, (byte) => Buffer.from([byte])))
      const snapshot = await openSnapshot({files: ['-=proxy'], stdin})
      expect(snapshot.proxies.map((proxy) => [proxy.name, proxy.file])).toEqual([['proxy', '<stdin>']])
      expect(await clustersOf(snapshot)).toEqual(CLUSTERS)
    }
  })

  it('may be a named pipe', async () => {
    const root = workspace()
    const pipe = join(root, 'pipe')
    execFileSync('mkfifo', [pipe])
    const [snapshot] = await Promise.all([openSnapshot({files: [pipe]}), writeFile(pipe, ENVOY)])
    expect(await clustersOf(snapshot)).toEqual(CLUSTERS)
  })

  it('may be given as --snapshot or by AMBIENTCTL_SNAPSHOT, which counts only when nothing else is given', async () => {
    const root = workspace({'x.json': ENVOY, 'y.json': ENVOY})
    const environment = {AMBIENTCTL_SNAPSHOT: join(root, 'x.json')}
    expect((await openSnapshot({paths: [join(root, 'x.json')]})).name).toBe(join(root, 'x.json'))
    expect((await openSnapshot({environment})).proxies.map((proxy) => proxy.name)).toEqual(['x'])
    expect((await openSnapshot({files: [join(root, 'y.json')], environment})).proxies.map((proxy) => proxy.name)).toEqual(['y'])
  })

  it('adds to a snapshot directory', async () => {
    const root = workspace({
      's/snapshot.json': manifest([{path: 'z.json', kind: 'config-dump', pod: 'z'}]),
      's/z.json': ZTUNNEL,
      'y.json': ENVOY,
    })
    const snapshot = await openSnapshot({paths: [join(root, 's')], files: [join(root, 'y.json')]})
    expect(snapshot.proxies.map((proxy) => proxy.name).sort()).toEqual(['y', 'z'])
  })

  it('that is spooled leaves no file behind', async () => {
    const root = workspace()
    vi.stubEnv('TMPDIR', root)
    const large = ENVOY.replace('"blackhole"', `"blackhole","x":"${'y'.repeat(9 * 1024 * 1024)}"`)
    const snapshot = await openSnapshot({files: ['-'], stdin: streamOf(large)})
    const [proxy] = snapshot.proxies
    const loaded = await proxy?.load()
    vi.unstubAllEnvs()
    if (loaded?.kind !== 'envoy') throw new Error('no Envoy dump')
    expect(loaded.store.find('static_clusters', 'blackhole').map((ref) => loaded.store.raw(ref).length)).toEqual([9 * 1024 * 1024 + 39])
    expect(readdirSync(root)).toEqual([])
    snapshot.close()
    expect(() => [...loaded.store.refs('@type')].map((ref) => loaded.store.read(ref))).toThrow()
  })
})

describe('a dump the user named is refused', () => {
  const cases: {readonly name: string; readonly content: string | Uint8Array; readonly expected: object}[] = [
    {name: 'truncated', content: ENVOY.slice(0, -8), expected: {message: 'The dump ends in the middle.', exitCode: 65}},
    {name: 'empty', content: '', expected: {message: 'The file is empty.', exitCode: 65}},
    {
      name: 'no JSON',
      content: '{\n"configs":[{"a":[NaN]}]}',
      expected: {message: 'The dump is no valid JSON.', got: '"N" at byte 19, line 2', exitCode: 65},
    },
    {name: 'Latin-1', content: Buffer.from('{"a":"\xe9"}', 'latin1'), expected: {message: 'The dump is no valid UTF-8.', exitCode: 65}},
    {name: 'a list', content: '[]', expected: {message: 'The file is no config dump.', got: 'an array at byte 0, line 1'}},
    {
      name: 'of something else',
      content: '{"binds":[],"workloads":[],"services":[]}',
      expected: {message: 'The file is no dump of a known proxy.', exitCode: 65},
    },
    {
      name: 'cut gzip',
      content: gzipSync(ENVOY).subarray(0, -12),
      expected: {message: 'The file cannot be read.', got: 'unexpected end of file', exitCode: 65},
    },
    {
      name: 'damaged gzip',
      content: Buffer.concat([gzipSync(ENVOY).subarray(0, 20), Buffer.alloc(9)]),
      expected: {kind: 'input', exitCode: 65},
    },
  ]
  it.each(cases)('$name', async ({content, expected}) => {
    const file = join(workspace({'x.json': content}), 'x.json')
    const found = await failure({files: [file]})
    expect(found).toMatchObject(expected)
    expect(found?.where).toContain(file)
  })

  it('with the pointer of the element that is damaged', async () => {
    const file = join(workspace({'x.json': '{"configs":[{"a":[1,{"b":NaN}]}]}'}), 'x.json')
    expect(await failure({files: [file]})).toMatchObject({where: `${file}#/configs/0/a/1`, got: '"N" at byte 25, line 1'})
  })

  it('absent', async () => {
    expect(await failure({files: ['no-such-file.json']})).toMatchObject({where: 'no-such-file.json', exitCode: 65})
  })

  it('a directory', async () => {
    expect(await failure({files: [workspace()]})).toMatchObject({message: 'The file cannot be read.', exitCode: 65})
  })

  it('an empty archive', async () => {
    const file = join(workspace({'x.tar.gz': ''}), 'x.tar.gz')
    expect(await failure({paths: [file]})).toMatchObject({where: file, exitCode: 65})
  })

  it('under a name that is taken', async () => {
    const root = workspace({'a/x.json': ENVOY, 'b/x.json': ENVOY})
    expect(await failure({files: [join(root, 'a/x.json'), join(root, 'b/x.json')]})).toMatchObject({
      kind: 'usage',
      message: 'Two dumps are called "x".',
    })
  })
})

describe('without a source', () => {
  it('says what could be given', async () => {
    expect(await failure({})).toMatchObject({kind: 'usage', exitCode: 64, expected: '--snapshot, --file or --demo'})
  })

  it('refuses two directories', async () => {
    expect(await failure({paths: [workspace({'a.json': ENVOY}), workspace({'a.json': ENVOY})]})).toMatchObject({
      kind: 'usage',
      where: '--snapshot',
    })
  })
})
