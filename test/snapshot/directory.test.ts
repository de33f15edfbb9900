import {createHash} from 'node:crypto'
import {symlinkSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {describe, expect, it} from 'vitest'
import {describeFailure} from '../../src/flow/errors.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import type {LoadedDump} from '../../src/snapshot/snapshot.js'
import {listFiles, openTree} from '../../src/snapshot/tree.js'
import {containing, endingIn, ENVOY, manifest, workspace, ZTUNNEL} from './workspace.js'

const PODS = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'sleep', namespace: 'default'}}],
})

async function failure(path: string): Promise<ReturnType<typeof describeFailure> | undefined> {
  try {
    await openSnapshot({paths: [path]})
    return undefined
  } catch (error) {
    return describeFailure(error)
  }
}

async function loadOnly(path: string): Promise<LoadedDump> {
  const {
    proxies: [proxy, ...others],
  } = await openSnapshot({paths: [path]})
  if (proxy === undefined || others.length > 0) throw new Error('not one proxy')
  return proxy.load()
}

describe('a directory with a manifest', () => {
  it('gives its dumps with their places, and its inventory', async () => {
    const path = workspace({
      'snapshot.json': manifest([
        {path: 'proxies/default/w.json.gz', kind: 'config-dump', pod: 'w', namespace: 'default', node: 'n1', extra: 1},
        {path: 'proxies/istio-system/z.json', kind: 'config-dump', pod: 'z', namespace: 'istio-system'},
        {path: 'inventory/pods.json', kind: 'inventory'},
        {path: 'capture/n/a/ip-rule', kind: 'capture'},
        {path: 'later', kind: 'unheard-of'},
      ]),
      'proxies/default/w.json.gz': gzipSync(ENVOY),
      'proxies/istio-system/z.json': ZTUNNEL,
      'inventory/pods.json': PODS,
      'proxies/not-listed.json': ENVOY,
    })
    const snapshot = await openSnapshot({paths: [path]})
    const loaded = await Promise.all(snapshot.proxies.map((proxy) => proxy.load()))
    expect(snapshot.proxies.map(({file, name, namespace, node}) => [file, name, namespace, node])).toEqual([
      ['proxies/default/w.json.gz', 'w', 'default', 'n1'],
      ['proxies/istio-system/z.json', 'z', 'istio-system', undefined],
    ])
    expect(loaded.map((dump) => [dump.kind, dump.kind === 'unusable' ? '' : dump.store.name])).toEqual([
      ['envoy', 'proxies/default/w.json.gz'],
      ['ztunnel', 'proxies/istio-system/z.json'],
    ])
    expect(snapshot.inventory?.pods?.map((pod) => [pod.name, pod.recorded])).toEqual([
      ['sleep', {file: 'inventory/pods.json', pointer: '/items/0'}],
    ])
    expect(snapshot.inventory?.services).toBeUndefined()
    // Packet rules are a part of the snapshot like any other: what the manifest promises and is not there is told.
    expect(snapshot.warnings).toEqual(['capture/n/a/ip-rule: the manifest lists it, but the file is not there'])
  })

  it('loads a dump once', async () => {
    const {
      proxies: [proxy],
    } = await openSnapshot({paths: [workspace({'a.json': ENVOY})]})
    expect(await proxy?.load()).toBe(await proxy?.load())
  })

  it('says which files could not be recorded, and which are not there', async () => {
    const path = workspace({
      'snapshot.json': manifest([
        {path: 'a.json', kind: 'config-dump', pod: 'a', error: 'no curl in the image'},
        {path: 'b.json', kind: 'config-dump', pod: 'b'},
      ]),
    })
    const snapshot = await openSnapshot({paths: [path]})
    const loaded = await Promise.all(snapshot.proxies.map((proxy) => proxy.load()))
    expect(loaded).toMatchObject([
      {kind: 'unusable', why: 'missing', reason: 'no curl in the image', error: {where: 'a.json', exitCode: 65}},
      {kind: 'unusable', why: 'missing', reason: 'the manifest lists it, but the file is not there'},
    ])
    expect(snapshot.warnings).toEqual(['a.json: no curl in the image', 'b.json: the manifest lists it, but the file is not there'])
  })

  it('keeps a damaged dump to itself', async () => {
    expect(
      await loadOnly(workspace({'snapshot.json': manifest([{path: 'a.json', kind: 'config-dump'}]), 'a.json': '{"configs":[{"a":[1,'})),
    ).toMatchObject({
      kind: 'unusable',
      why: 'damaged',
      reason: 'The dump ends in the middle: the end of the data at byte 20, line 1.',
      error: {where: 'a.json#/configs/0/a/1'},
    })
    expect(
      await loadOnly(workspace({'snapshot.json': manifest([{path: 'a.json', kind: 'config-dump'}]), 'a.json': '{"x":1}'})),
    ).toMatchObject({kind: 'unusable', why: 'opaque', reason: containing('it has "x"')})
  })

  it('warns of a dump that is not the one recorded', async () => {
    const sha256 = createHash('sha256').update(ENVOY).digest('hex')
    const files = manifest([{path: 'a.json', kind: 'config-dump', sha256}])
    const same = await loadOnly(workspace({'snapshot.json': files, 'a.json': ENVOY}))
    const edited = await loadOnly(workspace({'snapshot.json': files, 'a.json': ENVOY.replace('blackhole', 'whitehole')}))
    expect([same, edited].map((dump) => (dump.kind === 'unusable' ? dump.why : dump.store.warnings))).toEqual([
      [],
      ['a.json is not the file that was recorded: its digest differs from the manifest'],
    ])
  })
})

describe('a manifest is refused', () => {
  const cases: {readonly name: string; readonly text: string; readonly expected: object}[] = [
    {name: 'no JSON', text: '{', expected: {message: 'The snapshot manifest is no JSON.'}},
    {
      name: 'of another version',
      text: '{"schemaVersion":"ambientctl.snapshot/2","files":[]}',
      expected: {message: 'The snapshot manifest is not valid.', where: endingIn('#/schemaVersion')},
    },
    {name: 'a file without a path', text: manifest([{kind: 'inventory'}]), expected: {where: endingIn('#/files/0/path')}},
    {
      name: 'a digest that is none',
      text: manifest([{path: 'a', kind: 'inventory', sha256: 'x'}]),
      expected: {where: endingIn('#/files/0/sha256')},
    },
    {name: 'without files', text: manifest([]), expected: {message: 'The directory holds neither dumps nor inventory.'}},
  ]
  it.each(cases)('$name', async ({text, expected}) => {
    expect(await failure(workspace({'snapshot.json': text}))).toMatchObject({kind: 'input', exitCode: 65, ...expected})
  })

  const escapes = [
    '../secret.json',
    'a/../../secret.json',
    '/etc/hostname',
    'C:\\secret.json',
    '..\\secret.json',
    'link.json',
    'linked/secret.json',
    'a\0b',
  ]
  it.each(escapes)('with the path %j', async (path) => {
    const root = workspace({'secret.json': ENVOY, 'inside/snapshot.json': manifest([{path, kind: 'config-dump'}])})
    symlinkSync(join(root, 'secret.json'), join(root, 'inside/link.json'))
    symlinkSync(root, join(root, 'inside/linked'))
    expect(await failure(join(root, 'inside'))).toMatchObject({
      message: 'The snapshot manifest names a file outside the snapshot.',
      got: path,
      exitCode: 65,
    })
  })

  it('but may name a link that stays inside', async () => {
    const root = workspace({'snapshot.json': manifest([{path: 'link.json', kind: 'config-dump'}]), 'real/a.json': ENVOY})
    symlinkSync(join(root, 'real/a.json'), join(root, 'link.json'))
    expect(await loadOnly(root)).toMatchObject({kind: 'envoy'})
  })
})

describe('a directory without a manifest', () => {
  it('is searched for dumps and Lists', async () => {
    const path = workspace({
      'proxies/default/w.json': ENVOY,
      'deep/er/z.config_dump.json.gz': gzipSync(ZTUNNEL),
      'pods.json': PODS,
      'cases.json': '{"cases":[]}',
      'broken.json': 'x',
      'notes.txt': ENVOY,
      '.hidden/x.json': ENVOY,
    })
    const snapshot = await openSnapshot({paths: [path]})
    expect(snapshot.proxies.map(({file, name, namespace}) => [file, name, namespace])).toEqual([
      ['deep/er/z.config_dump.json.gz', 'z', undefined],
      ['proxies/default/w.json', 'w', 'default'],
    ])
    expect(snapshot.inventory?.pods).toHaveLength(1)
  })

  it('does not follow links', async () => {
    const root = workspace({'outside/x.json': ENVOY, 'inside/a.json': ENVOY})
    symlinkSync(join(root, 'outside'), join(root, 'inside/more'))
    symlinkSync(join(root, 'outside/x.json'), join(root, 'inside/x.json'))
    expect((await openSnapshot({paths: [join(root, 'inside')]})).proxies.map((proxy) => proxy.file)).toEqual(['a.json'])
  })

  it('is refused when it holds nothing of use', async () => {
    expect(await failure(workspace({'a.json': '{}'}))).toMatchObject({
      message: 'The directory holds neither dumps nor inventory.',
      exitCode: 65,
    })
  })

  it('is refused when it holds too many files', () => {
    const tree = openTree(workspace({'a/1': '', 'a/2': '', 'b/3': ''}))
    expect(listFiles(tree, 3)).toEqual(['a/1', 'a/2', 'b/3'])
    expect(() => listFiles(tree, 2)).toThrow('The directory holds too many files.')
  })
})
