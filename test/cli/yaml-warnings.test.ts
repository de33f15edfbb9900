import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {runProgram} from './run-program.js'

const scratch = mkdtempSync(join(tmpdir(), 'ambientctl-yaml-'))
afterAll(() => {
  rmSync(scratch, {recursive: true})
})
/** The library would warn of a key that is no text, on the stderr of the process. */
const HOSTILE = '{a: 1}: text\n[b, c]: {? {d: e} : f}\n'
const file = join(scratch, 'hostile.yaml')
writeFileSync(file, HOSTILE)
const tree = join(scratch, 'namespaces/zoo/core')
mkdirSync(tree, {recursive: true})
writeFileSync(join(tree, 'pods.yaml'), HOSTILE)

const CALLS: Readonly<Record<string, readonly string[]>> = {
  check: ['check', file, '--demo', 'ga-bookinfo'],
  'network policies': ['trace', 'sleep', 'reviews:9080', '--demo', 'ga-bookinfo', '--network-policies', file],
  inventory: ['trace', 'sleep', 'reviews:9080', '--snapshot', scratch],
  anonymize: ['anonymize', scratch, '--output-dir', join(scratch, 'out')],
}

describe('keys of YAML that are no text', () => {
  it.each(Object.entries(CALLS))('make no noise: %s', async (_, args) => {
    const {code, stderr} = await runProgram(args, {env: {NODE_ENV: 'production'}})
    expect(stderr).not.toMatch(/Keys with collection|Warning|node:/)
    expect(code).not.toBe(70)
  })
})
