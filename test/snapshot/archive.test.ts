import {execFileSync} from 'node:child_process'
import {mkdtempSync, readdirSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {describeFailure, type Failure} from '../../src/flow/errors.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import type {Snapshot} from '../../src/snapshot/snapshot.js'
import {packDirectory, tarStream} from '../../src/snapshot/tar-writer.js'
import {tarBytes, tarGz, zipBytes, type HandMade} from './archive-bytes.js'
import {containing, ENVOY, manifest, workspace, ZTUNNEL} from './workspace.js'

/** Where archives are unpacked: nothing may stay behind. */
let scratch = ''
beforeEach(() => {
  scratch = mkdtempSync(join(workspace(), 'tmp-'))
  vi.stubEnv('TMPDIR', scratch)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

function leftOver(): readonly string[] {
  return readdirSync(scratch).filter((name) => name.startsWith('ambientctl-archive-'))
}

const POD = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'sleep', namespace: 'apps'}, spec: {nodeName: 'n1'}}
const LONG = `a-${'very-'.repeat(40)}long-name`
const FILES = {
  'snapshot.json': manifest([
    {path: 'proxies/apps/w-1.json', kind: 'config-dump', pod: 'w-1', namespace: 'apps'},
    {path: `proxies/apps/${LONG}.json.gz`, kind: 'config-dump', pod: LONG, namespace: 'apps'},
    {path: 'inventory/pods.json', kind: 'inventory'},
  ]),
  'proxies/apps/w-1.json': ENVOY,
  [`proxies/apps/${LONG}.json.gz`]: gzipSync(ZTUNNEL),
  'inventory/pods.json': JSON.stringify({apiVersion: 'v1', kind: 'List', items: [POD]}),
  'capture/node/n1/iptables-save': '*nat\nCOMMIT\n',
  'logs/istiod.log': 'left out',
}

async function expectWhole(snapshot: Snapshot): Promise<void> {
  expect(snapshot.warnings).toEqual([])
  expect(snapshot.proxies.map(({name}) => name)).toEqual([LONG, 'w-1'])
  expect((await Promise.all(snapshot.proxies.map((proxy) => proxy.load()))).map(({kind}) => kind)).toEqual(['ztunnel', 'envoy'])
  expect(snapshot.inventory?.pods?.map(({name}) => name)).toEqual(['sleep'])
  snapshot.close()
  expect(leftOver()).toEqual([])
}

async function refusal(name: string, bytes: Uint8Array): Promise<Failure> {
  const path = join(workspace({[name]: bytes}), name)
  const failure = await openSnapshot({paths: [path]}).then(
    () => undefined,
    (thrown: unknown) => describeFailure(thrown),
  )
  expect(leftOver()).toEqual([])
  return failure ?? {kind: 'bug', message: 'it was read', exitCode: 70}
}

describe('an archive is a snapshot', () => {
  it.each(['ustar', 'pax', 'gnu', 'v7'])('as tar writes it in format %s', async (format) => {
    const kept = format === 'v7' || format === 'ustar' ? {} : FILES
    const root = workspace({'in/recorded/proxies/apps/w-1.json': ENVOY, ...prefixed('in/recorded', kept)})
    execFileSync('tar', [`--format=${format}`, '-czf', join(root, 'x.tgz'), '-C', join(root, 'in'), 'recorded'])
    const snapshot = await openSnapshot({paths: [join(root, 'x.tgz')]})
    if (kept === FILES) return expectWhole(snapshot)
    expect(snapshot.proxies.map(({name, namespace}) => ({name, namespace}))).toEqual([{name: 'w-1', namespace: 'apps'}])
    snapshot.close()
    return undefined
  })

  it('that this program wrote, the same bytes each time, which tar can read', async () => {
    const root = workspace(prefixed('recorded', FILES))
    await packDirectory(join(root, 'recorded'), join(root, 'x.tar.gz'))
    await expectWhole(await openSnapshot({paths: [join(root, 'x.tar.gz')]}))
    const listed = execFileSync('tar', ['-tzf', join(root, 'x.tar.gz')], {encoding: 'utf8'})
    expect(listed.trimEnd().split('\n')).toEqual(Object.keys(FILES).toSorted())
    expect(await bytesOf(join(root, 'recorded'))).toEqual(await bytesOf(join(root, 'recorded')))
  })

  it('as zip, stored or deflated', async () => {
    const entries = Object.entries(FILES).map(
      ([name, content], index): HandMade => ({name: `top/${name}`, content, method: index % 2 === 0 ? 0 : 8}),
    )
    const root = workspace({'x.zip': zipBytes([{name: 'top/', method: 0}, ...entries])})
    await expectWhole(await openSnapshot({paths: [join(root, 'x.zip')]}))
  })

  it('as istioctl bug-report lays it out', async () => {
    const root = workspace({
      'bug-report.tar.gz': tarGz([
        {name: 'bug-report/proxies/istio-system/ztunnel-1/config_dump', content: ZTUNNEL},
        {name: 'bug-report/proxies/apps/w-1/config_dump?include_eds', content: ENVOY},
        {name: 'bug-report/proxies/apps/w-1/stats', content: 'x: 1'},
        {name: 'bug-report/proxies/apps/w-1/proxy.log', content: 'log'},
        {name: 'bug-report/istio/istio-system/istiod-1/debug/configz', content: '[]'},
        {
          name: 'bug-report/cluster/k8s-resources',
          content: 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: sleep, namespace: apps}}\n',
        },
      ]),
    })
    const snapshot = await openSnapshot({paths: [join(root, 'bug-report.tar.gz')]})
    expect(snapshot.proxies.map(({namespace, name}) => `${namespace ?? ''}/${name}`)).toEqual(['apps/w-1', 'istio-system/ztunnel-1'])
    expect((await Promise.all(snapshot.proxies.map((proxy) => proxy.load()))).map(({kind}) => kind)).toEqual(['envoy', 'ztunnel'])
    expect(snapshot.inventory?.pods).toMatchObject([{name: 'sleep', namespace: 'apps'}])
    snapshot.close()
  })

  it('as a must-gather tree, packed or not', async () => {
    const tree = {
      'must-gather/quay-io/namespaces/apps/pods/w-1/config_dump_proxy.json': ENVOY,
      'must-gather/quay-io/namespaces/apps/core/pods.yaml':
        'apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: sleep, namespace: apps}\n',
      'must-gather/quay-io/cluster-scoped-resources/core/nodes/n1.yaml': '---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\n',
    }
    const root = workspace({...tree, 'x.tar.gz': tarGz(Object.entries(tree).map(([name, content]) => ({name, content})))})
    for (const path of [join(root, 'x.tar.gz'), join(root, 'must-gather')]) {
      const snapshot = await openSnapshot({paths: [path]})
      expect(snapshot.proxies).toMatchObject([{name: 'w-1', namespace: 'apps'}])
      expect(snapshot.inventory).toMatchObject({pods: [{name: 'sleep'}], nodes: [{name: 'n1'}]})
      snapshot.close()
    }
  })
})

const GOOD: HandMade = {name: 'proxies/apps/w-1.json', content: ENVOY}

describe('an archive is refused', () => {
  const HOSTILE: Readonly<Record<string, {readonly entry: HandMade; readonly says: string}>> = {
    'that climbs out': {entry: {name: '../../etc/x.json', content: ENVOY}, says: 'leads outside'},
    'that climbs out in the middle': {entry: {name: 'a/../../x.json', content: ENVOY}, says: 'leads outside'},
    'with an absolute path': {entry: {name: '/tmp/x.json', content: ENVOY}, says: 'leads outside'},
    'with a path of Windows': {entry: {name: 'C:\\x.json', content: ENVOY}, says: 'leads outside'},
    'with a symbolic link': {entry: {name: 'proxies/link', type: '2', mode: 0o120_777}, says: 'is a link'},
  }

  it.each(Object.entries(HOSTILE))('%s, with the name of the entry', async (_, {entry, says}) => {
    for (const [name, bytes] of [['x.tar.gz', tarGz([GOOD, entry])] as const, ['x.zip', zipBytes([GOOD, entry])] as const]) {
      expect(await refusal(name, bytes)).toMatchObject({
        kind: 'input',
        message: containing(says),
        got: containing(JSON.stringify(entry.name)),
      })
    }
  })

  it.each([
    {what: 'a hard link', entry: {name: 'proxies/x.json', type: '1'}, says: 'is a link'},
    {what: 'a device', entry: {name: 'proxies/x.json', type: '3'}, says: 'is no file'},
    {what: 'an escape in the prefix', entry: {name: 'x.json', prefix: '../up'}, says: 'leads outside'},
    {what: 'an escape in a pax name', entry: {name: 'pax', type: 'x', content: '18 path=../x.json\n'}, says: 'leads outside'},
    {what: 'an escape in a long name', entry: {name: 'long', type: 'L', content: '../x.json\0'}, says: 'leads outside'},
  ])('with $what', async ({entry, says}) => {
    expect(await refusal('x.tar', tarBytes([entry, GOOD]))).toMatchObject({kind: 'input', message: containing(says)})
  })

  it.each(['x.tar.gz', 'x.zip'])('that is a bomb: %s', async (name) => {
    const bomb = {name: 'proxies/apps/bomb.json', content: Buffer.alloc(100 * 1024 * 1024)}
    expect(await refusal(name, name === 'x.zip' ? zipBytes([bomb]) : tarGz([bomb]))).toMatchObject({
      kind: 'input',
      message: 'The archive unpacks to far more than it is.',
      got: containing('"proxies/apps/bomb.json"'),
    })
  })

  it('with an entry that comes twice', async () => {
    expect(await refusal('x.tar', tarBytes([GOOD, GOOD]))).toMatchObject({kind: 'input'})
  })

  it('at every place where it may be cut', async () => {
    const whole = tarBytes([GOOD])
    for (const length of [100, 512, 600, 512 + ENVOY.length - 1]) {
      expect(await refusal('x.tar', whole.subarray(0, length))).toMatchObject({kind: 'input', message: 'The archive ends in the middle.'})
    }
    expect(await refusal('x.tar.gz', gzipSync(whole).subarray(0, 60))).toMatchObject({kind: 'input'})
    const zip = zipBytes([GOOD])
    for (const length of [0, 10, zip.length - 30]) {
      expect(await refusal('x.zip', zip.subarray(0, length))).toMatchObject({kind: 'input', message: 'The archive is damaged.'})
    }
  })

  it('with a header whose sum is wrong', async () => {
    const bytes = tarBytes([GOOD])
    bytes[0] = 0x71
    expect(await refusal('x.tar', bytes)).toMatchObject({message: 'The archive is damaged.'})
  })

  it('that is encrypted, or packed in another way', async () => {
    for (const odd of [
      {...GOOD, flags: 1},
      {...GOOD, method: 12},
    ]) {
      expect(await refusal('x.zip', zipBytes([odd]))).toMatchObject({message: containing('not understood'), got: containing(GOOD.name)})
    }
  })

  it('with nothing of use in it', async () => {
    expect(await refusal('x.tar', tarBytes([{name: 'readme.txt', content: 'x'}]))).toMatchObject({
      kind: 'input',
      where: containing('x.tar'),
    })
  })
})

function prefixed(prefix: string, files: Readonly<Record<string, string | Uint8Array>>): Readonly<Record<string, string | Uint8Array>> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${prefix}/${name}`, content]))
}

async function bytesOf(directory: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of tarStream(directory)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
