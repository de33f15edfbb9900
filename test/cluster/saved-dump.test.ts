import {existsSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {checkDumpFile} from '../../src/cluster/complete-dump.js'
import {fetchDump} from '../../src/cluster/fetch-dump.js'
import {PartialFile} from '../../src/cluster/partial-file.js'
import {saving} from '../../src/cluster/save-file.js'
import {describeFailure} from '../../src/flow/errors.js'
import {passOver} from '../../src/snapshot/byte-stream.js'
import type {Rule} from '../tools/fake-kubectl.js'
import {directoryFor, kubectlOnPath} from './kubectl-on-path.js'

const kubectl = kubectlOnPath()
const dir = directoryFor('saved')

interface Checked {
  readonly warnings: readonly string[]
  readonly message?: string | undefined
}

async function check(text: string): Promise<Checked> {
  const file = await PartialFile.create(join(dir, 'checked'))
  file.append(Buffer.from(text, 'latin1'))
  const warnings: string[] = []
  try {
    await checkDumpFile(file, {command: ['kubectl'], warn: (warning) => warnings.push(warning)})
    return {warnings}
  } catch (error) {
    return {warnings, message: describeFailure(error).message}
  } finally {
    await file.discard()
  }
}

const DUMP = {configs: [{'@type': 'x/envoy.admin.v3.ClustersConfigDump', static_clusters: [{cluster: {name: 'a } b'}}]}, {}]}

describe('a dump that stands in a file', () => {
  const layouts = [1, 2, '\t', 0].map((indent) => ({indent, text: `${JSON.stringify(DUMP, null, indent)}\n`}))

  it.each(layouts)('is whole as it was printed, indented by $indent', async ({text}) => {
    expect(await check(text)).toEqual({warnings: []})
    expect(await check(text.trimEnd())).toEqual({warnings: []})
  })

  it.each(layouts)('is refused wherever it is cut, indented by $indent', async ({text}) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 1, max: text.trimEnd().length - 1}), async (length) => {
        expect(await check(text.slice(0, length))).toEqual({warnings: [], message: `The dump breaks off after ${length} bytes.`})
      }),
    )
  })

  it('is looked at byte for byte where its print is another', async () => {
    expect(await check('')).toMatchObject({message: 'The proxy answered nothing.'})
    expect(await check('{\n}\n{\n "a": 1\n}\n')).toMatchObject({warnings: [expect.stringContaining('trailing')]})
    expect(await check('{"configs": [], "a": "\xff"\n}')).toMatchObject({warnings: [expect.stringContaining('invalid-utf8')]})
    expect(await check('[\n 1\n]\n')).toMatchObject({message: 'The answer of the proxy is no config dump.'})
  })
})

const TARGET = {pod: 'w', namespace: 'apps', container: 'istio-proxy', proxy: 'envoy'} as const
const TEXT = `${JSON.stringify(DUMP, null, 1)}\n`

interface Saved extends Checked {
  /** What stands in the place of the file. */
  readonly file?: string | undefined
}

async function save(...rules: readonly Rule[]): Promise<Saved> {
  const path = join(dir, 'dump.json')
  rmSync(path, {force: true})
  kubectl.playAll(rules)
  const warnings: string[] = []
  const fetch = {target: TARGET, access: {}, timeoutMs: 20_000, memory: new Map(), warn: (warning: string) => warnings.push(warning)}
  try {
    await passOver(saving((into) => fetchDump({...fetch, into, follow: false}), path))
  } catch (error) {
    return {warnings, message: describeFailure(error).message, file: existsSync(path) ? 'there' : undefined}
  }
  return {warnings, file: readFileSync(path, 'utf8')}
}

describe('a dump that is only saved', () => {
  const forwarded: Rule = {when: 'port-forward', serve: {body: TEXT}}
  const noExec: Rule = {when: 'exec', exit: 126, stderr: 'exec: "curl": executable file not found in $PATH: unknown\n'}

  it.each([
    {way: 'exec', rules: [{when: 'curl', stdout: TEXT}]},
    {way: 'port-forward', rules: [noExec, forwarded]},
  ])('stands there as it came by $way', async ({rules}) => {
    expect(await save(...rules)).toMatchObject({file: TEXT})
  })

  it.each([
    {
      case: 'lost',
      lost: {stdout: TEXT.slice(0, 50), exit: 1, stderr: 'error: unexpected EOF\n'},
      says: 'The connection to the pod was lost, after 50 bytes.',
    },
    {case: 'cut without a word', lost: {stdout: TEXT.slice(0, 50)}, says: 'The dump breaks off after 50 bytes.'},
  ])('is begun again when it was $case', async ({lost, says}) => {
    expect(await save({when: 'curl', times: 1, ...lost}, {when: 'curl', stdout: TEXT})).toEqual({
      warnings: [`${says} It is fetched again.`],
      file: TEXT,
    })
  })

  it('is not there when it never comes whole', async () => {
    const saved = await save({when: '', stdout: TEXT.slice(0, 50)})
    expect(saved).toMatchObject({file: undefined, message: 'No way leads to the configuration of pod apps/w.'})
  })
})
