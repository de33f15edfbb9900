import {appendFileSync, existsSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {describe, expect, it} from 'vitest'
import {fetchDump} from '../../src/cluster/fetch-dump.js'
import {followFile} from '../../src/cluster/follow-file.js'
import {PartialFile} from '../../src/cluster/partial-file.js'
import {saving} from '../../src/cluster/save-file.js'
import {describeFailure} from '../../src/flow/errors.js'
import type {Rule} from '../tools/fake-kubectl.js'
import {directoryFor, kubectlOnPath} from './kubectl-on-path.js'

const kubectl = kubectlOnPath()
const dir = directoryFor('follow')

describe('a file that somebody else writes', () => {
  it('is read to what stood in it at the end, each byte once', async () => {
    const path = join(dir, 'grown')
    const file = await PartialFile.create(path)
    const parts = [0, 1, 5, 3_000_000, 2, 1024 * 1024].map((length, index) => String(index).repeat(length))
    const write = async (): Promise<void> => {
      for (const part of parts) {
        appendFileSync(`${path}.${process.pid}.part`, part)
        await delay(15)
      }
      appendFileSync(`${path}.${process.pid}.part`, 'last')
    }
    let text = ''
    for await (const chunk of followFile(file, write())) text += Buffer.from(chunk).toString()
    await file.keep()
    expect(text === `${parts.join('')}last`).toBe(true)
    expect(readFileSync(path, 'utf8') === text).toBe(true)
  })
})

const DUMP = '{"configs": [{"@type": "x/envoy.admin.v3.RoutesConfigDump"}]}\n'
const TARGET = {pod: 'w', namespace: 'apps', container: 'istio-proxy', proxy: 'envoy'} as const

interface Saved {
  readonly passed: string
  /** What stands in the place of the file. */
  readonly file: string | undefined
  readonly message: string | undefined
}

async function save(...rules: readonly Rule[]): Promise<Saved> {
  const path = join(dir, 'dump.json')
  rmSync(path, {force: true})
  kubectl.playAll(rules)
  let passed = ''
  let message: string | undefined
  try {
    const fetch = {target: TARGET, access: {}, timeoutMs: 20_000, memory: new Map(), warn: () => undefined}
    for await (const chunk of saving((into) => fetchDump({...fetch, into}), path)) passed += Buffer.from(chunk).toString()
  } catch (error) {
    message = describeFailure(error).message
  }
  expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([])
  return {passed, file: existsSync(path) ? readFileSync(path, 'utf8') : undefined, message}
}

describe('a dump that kubectl writes into its file', () => {
  it('stands there as it came', async () => {
    expect(await save({when: 'curl', stdout: DUMP})).toEqual({passed: DUMP, file: DUMP, message: undefined})
  })

  it('is checked to its end', async () => {
    const body = `{"@type": "x/envoy.admin.v3.RoutesConfigDump", "a": "${'x'.repeat(65_000)}"},`.repeat(16)
    const whole: Rule = {when: 'curl', flood: {head: '{"configs": [', body, tail: '{}]}', times: 8}}
    const text = `{"configs": [${body.repeat(8)}{}]}`
    const saved = await save(whole)
    expect(saved.file === text && saved.passed === text).toBe(true)
    const cut = await save({...whole, flood: {head: '{"configs": [', body, tail: '{}]', times: 8}})
    expect(cut).toMatchObject({file: undefined, message: `The dump breaks off after ${text.length - 1} bytes.`})
  })

  it.each(['pilot-agent', 'port-forward'])('forgets what a way printed that failed before %s', async (way) => {
    const noDump: Rule = {when: ' exec ', times: way === 'pilot-agent' ? 1 : 2, stdout: 'curl: (56) what is this?\n'}
    const dump: readonly Rule[] = [
      {when: 'pilot-agent', stdout: DUMP},
      {when: 'port-forward', serve: {body: DUMP}},
    ]
    expect(await save(noDump, ...dump)).toEqual({passed: DUMP, file: DUMP, message: undefined})
    expect(kubectl.calls()).toHaveLength(way === 'pilot-agent' ? 2 : 3)
  })

  it('is not there when kubectl loses the connection', async () => {
    const lost = await save({when: 'curl', stdout: DUMP.slice(0, 20), exit: 1, stderr: 'error: unexpected EOF\n'})
    expect(lost).toEqual({passed: DUMP.slice(0, 20), file: undefined, message: 'The connection to the pod was lost, after 20 bytes.'})
  })

  it('is not there when the disk is full, although kubectl ends well', async () => {
    const stderr = 'E1121 v2.go:150] "Unhandled Error" err="write /dev/stdout: no space left on device"\n'
    const full = await save({when: 'curl', stdout: DUMP.slice(0, 20), stderr})
    expect(full).toMatchObject({file: undefined, message: 'The file cannot be written, after 20 bytes.'})
    expect(kubectl.calls()).toHaveLength(1)
  })
})
