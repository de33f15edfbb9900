import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeEach, describe, expect, it, vi} from 'vitest'
import {HeadStart} from '../../src/cluster/head-start.js'
import {podDump, type PodDumpRequest} from '../../src/cluster/pod-dump.js'
import {saving} from '../../src/cluster/save-file.js'
import {passOver} from '../../src/snapshot/byte-stream.js'
import {FakeKubectl} from '../tools/fake-kubectl.js'
import {podList, waypointPod} from '../tools/pod-lists.js'

const kubectl = new FakeKubectl()
const dir = mkdtempSync(join(tmpdir(), 'early-'))
const path = join(dir, 'dump.json')
vi.stubEnv('PATH', kubectl.dir)
vi.setConfig({testTimeout: 60_000})
beforeEach(() => {
  rmSync(path, {force: true})
})
afterAll(() => {
  vi.unstubAllEnvs()
  kubectl.remove()
  rmSync(dir, {recursive: true})
})

const DUMP = '{\n "configs": []\n}\n'
const PLAIN = ['apps/w', '--output-file', path]

interface Saved {
  readonly file: string | undefined
  /** How often kubectl was run. */
  readonly calls: number
}

async function save(words: readonly string[], request: Partial<PodDumpRequest> = {}): Promise<Saved> {
  const headStart = await HeadStart.begin(words)
  const asked = {pod: 'apps/w', access: {}, timeoutMs: 20_000, warn: () => undefined, follow: false, headStart, ...request}
  await passOver(saving((into) => podDump({...asked, into}), headStart?.fileFor(path) ?? path)).catch(() => undefined)
  expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([])
  expect(kubectl.isRunning()).toBe(false)
  return {file: existsSync(path) ? readFileSync(path, 'utf8') : undefined, calls: kubectl.calls().length}
}

describe('a head start', () => {
  it('is the kubectl that is wanted later', async () => {
    kubectl.playAll([{when: 'exec w', stdout: DUMP}])
    expect(await save(PLAIN)).toEqual({file: DUMP, calls: 1})
    expect([kubectl.args()].flat().join(' ')).toBe(
      '--namespace=apps exec w -c istio-proxy -- curl -s 127.0.0.1:15000/config_dump?include_eds',
    )
    const flags = ['--transport=pilot-agent', '--context', 'c', '-c', 'mine', '--timeout', '9']
    kubectl.playAll([{when: '^--context=c --namespace=apps exec w -c mine -- pilot-agent', stdout: DUMP}])
    expect(await save([...PLAIN, ...flags], {access: {context: 'c'}, container: 'mine', transport: 'pilot-agent'})).toEqual({
      file: DUMP,
      calls: 1,
    })
  })

  it('that did something else is stopped, and begun anew', async () => {
    kubectl.playAll([
      {when: 'exec other', stdout: 'x'.repeat(100_000), sleepMs: 60_000},
      {when: 'exec w', stdout: DUMP},
    ])
    expect(await save(['apps/other', '--output-file', path])).toMatchObject({file: DUMP})
  })

  it('that failed is the first of the ways', async () => {
    kubectl.playAll([
      {when: 'curl', exit: 126, stderr: 'exec: "curl": executable file not found in $PATH: unknown\n'},
      {when: 'get pods', stdout: podList(waypointPod('w'))},
      {when: 'pilot-agent', stdout: DUMP},
    ])
    expect(await save(PLAIN)).toEqual({file: DUMP, calls: 3})
  })

  it('ends when somebody stops it', async () => {
    kubectl.playAll([{when: '', stdout: DUMP, sleepMs: 60_000}])
    expect(await save(PLAIN, {cancelSignal: AbortSignal.timeout(500)})).toEqual({file: undefined, calls: 1})
  })

  it.each([
    {case: 'nothing is saved', words: ['apps/w']},
    {case: 'a ztunnel is of two kinds', words: ['istio-system/ztunnel-x', '--output-file', path]},
    {case: 'a deployment must be looked up', words: ['deploy/w', '--output-file', path]},
    {case: 'a port is forwarded', words: [...PLAIN, '--transport', 'port-forward']},
    {case: 'a flag is none of its own', words: [...PLAIN, '--jsonpath', '$']},
    {case: 'a value is missing', words: ['apps/w', '--output-file']},
    {case: 'a value is wrong', words: [...PLAIN, '--timeout', '1e3']},
    {case: 'a way is unknown', words: [...PLAIN, '--transport', 'magic']},
    {case: 'a name is bad', words: ['Apps/w', '--output-file', path]},
    {case: 'two pods are named', words: [...PLAIN, 'b']},
    {case: 'there is no such directory', words: ['apps/w', '--output-file', join(dir, 'no', 'such')]},
  ])('is not made where $case', async ({words}) => {
    kubectl.playAll([])
    expect(await HeadStart.begin(words)).toBeUndefined()
    expect(kubectl.calls()).toEqual([])
  })
})
