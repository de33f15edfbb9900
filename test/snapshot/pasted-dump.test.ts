import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {describeFailure} from '../../src/flow/errors.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import type {LoadedDump, UsableDump} from '../../src/snapshot/snapshot.js'
import {oracleRoot} from '../conformance/oracle-path.js'
import {streamOf} from './workspace.js'

/** One dump of every shape that ztunnel ever printed, and one without a node. */
const RECORDINGS = [
  'ztunnel-old/v1.18.0-alpha.0-bookinfo/ztunnel-kind-worker.config_dump.json',
  'ztunnel-old/v1.18-bookinfo/ztunnel-kind-worker.config_dump.json',
  'ztunnel-old/v1.20-bookinfo/ztunnel-kind-worker.config_dump.json',
  'ztunnel-old/v1.22-bookinfo/ztunnel-kind-worker.config_dump.json',
  'ztunnel-old/v1.23-bookinfo/ztunnel-kind-worker.config_dump.json',
  'ztunnel-old/v1.30-bookinfo/ztunnel-kind-worker.config_dump.json',
  'ztunnel/bookinfo/ztunnel-kind-worker.config_dump.json',
]

async function load(content: string | Uint8Array): Promise<LoadedDump> {
  const snapshot = await openSnapshot({files: ['-=z'], stdin: streamOf(content), environment: {}})
  const [proxy] = snapshot.proxies
  if (proxy === undefined) throw new Error('no dump')
  return proxy.load()
}

async function loadZtunnel(content: string | Uint8Array): Promise<UsableDump> {
  const loaded = await load(content)
  if (loaded.kind !== 'ztunnel') throw new Error(`no ztunnel: ${loaded.kind}`)
  return loaded
}

async function failure(content: string): Promise<ReturnType<typeof describeFailure>> {
  try {
    await load(content)
  } catch (error) {
    return describeFailure(error)
  }
  throw new Error('it was read')
}

/** Every element with its place and value: what engines see. */
function contents({store}: UsableDump): unknown {
  return store.sections().flatMap((section) => [...store.refs(section)].map((ref) => [ref.pointer, store.read(ref).value]))
}

const LOG = '2026-01-02T03:04:05.678Z\tinfo\tproxy{uid="a[0]" id=7}\tconnection complete\n'
const DISGUISES: readonly {name: string; dress: (text: string) => string | Uint8Array; skipped: boolean}[] = [
  {name: 'as printed', dress: (text) => text, skipped: false},
  {name: 'on one line', dress: (text) => JSON.stringify(JSON.parse(text)), skipped: false},
  {name: 'spread over lines', dress: (text) => JSON.stringify(JSON.parse(text), null, 4), skipped: false},
  {name: 'gzip', dress: (text) => gzipSync(text), skipped: false},
  {name: 'behind log lines', dress: (text) => LOG + LOG + text, skipped: true},
  {name: 'behind a prompt on the same line', dress: (text) => `$ curl -s localhost:15000/config_dump ${text}`, skipped: true},
  {name: 'before a prompt', dress: (text) => `${text}\n$ exit`, skipped: true},
  {name: 'with text on both sides, gzip', dress: (text) => gzipSync(`${LOG}${text}\n${LOG}`), skipped: true},
]

describe.each(RECORDINGS)('%s', (file) => {
  const text = readFileSync(join(oracleRoot(), file), 'utf8')

  test.each(DISGUISES)('$name', async ({dress, skipped}) => {
    const plain = JSON.stringify(JSON.parse(text))
    const loaded = await loadZtunnel(dress(text))
    expect(contents(loaded)).toEqual(contents(await loadZtunnel(plain)))
    expect(loaded.store.warnings.some((warning) => warning.includes('skipped'))).toBe(skipped)
    expect(loaded.extract).toBeUndefined()
  })
})

describe('what istioctl prints of one kind', () => {
  test.each([
    {section: 'workloads', list: [{uid: 'u', workloadIps: ['10.0.0.1'], waypoint: {destination: 'ns/wp'}}]},
    {section: 'services', list: [{name: 's', vips: ['/10.96.0.1'], endpoints: {}}]},
    {section: 'policies', list: [{name: 'p', scope: 'Namespace', rules: []}]},
    {section: 'certificates', list: [{identity: 'spiffe://td/ns/a/sa/b', state: 'Available', certChain: []}]},
  ])('$section: is read, with a warning of what is lost', async ({section, list}) => {
    const loaded = await loadZtunnel(JSON.stringify(list, null, 4))
    expect(loaded.store.sections()).toEqual([section])
    expect([...loaded.store.refs(section)].map((ref) => loaded.store.read(ref).value)).toEqual(list)
    expect(loaded.extract).toContain(`bare lists of ${section}`)
    expect(loaded.store.warnings.filter((warning) => warning.includes('dry run of policies'))).toHaveLength(1)
  })

  test('several kinds in one file are one dump', async () => {
    const loaded = await loadZtunnel('[{"uid":"u","workloadIps":[]}]\n[{"name":"s","vips":[]}]')
    expect(loaded.store.sections()).toEqual(['workloads', 'services'])
  })
})

describe('what is no dump says so once, with a way out', () => {
  const dump = JSON.stringify({workloads: [{name: 'a'}], services: [], policies: []})
  test.each([
    {name: 'cut', content: dump.slice(0, 30), message: 'The dump ends in the middle.', help: /collect the dump again/},
    {name: 'two dumps', content: `${dump}\n${dump}`, message: 'Something follows the dump in the same file.', help: /file of its own/},
    {name: 'a list of other things', content: '[{"a":1}]', message: 'The file is no config dump.', help: /config_dump/},
    {name: 'words', content: 'Error from server (NotFound)', message: 'The dump is no valid JSON.', help: /Collect the dump again/},
    {
      name: 'another object',
      content: '{"binds":{},"workloads":[],"services":[]}',
      message: 'The file is no dump of a known proxy.',
      help: /./,
    },
    {
      name: 'a dump of Envoy with text behind',
      content: '{"configs":[]}\n$',
      message: 'Something follows the dump in the same file.',
      help: /./,
    },
  ])('$name', async ({content, message, help}) => {
    const told = await failure(content)
    expect(told).toMatchObject({kind: 'input', message, exitCode: 65})
    expect(told.help ?? 'none').toMatch(help)
    expect(told.got ?? '').not.toBe('')
  })
})
