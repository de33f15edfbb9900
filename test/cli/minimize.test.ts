import {existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {runInside} from './run-inside.js'
import {runProgram} from './run-program.js'

const scratch = mkdtempSync(join(tmpdir(), 'ambientctl-minimize-'))
afterAll(() => {
  rmSync(scratch, {recursive: true})
})
const RECORDED = 'fixtures/clusters/ga-orchard'
const FLOW = ['--flow', 'market/buyer vault.orchard:80']

describe('minimize', () => {
  it('writes a snapshot that traces as the recording does, and says so', async () => {
    const small = join(scratch, 'small')
    const {code, stdout} = await runProgram(['minimize', RECORDED, ...FLOW, '--output-dir', small])
    expect(code).toBe(EXIT_CODES.ok)
    expect(stdout).toMatch(/^.*small: \d+ files.*\n.*denied, as before\n$/)
    const ask = (snapshot: string) => runInside(['trace', 'market/buyer', 'vault.orchard:80', '-o', 'minimal', '--snapshot', snapshot])
    const [before, after] = [await ask(RECORDED), await ask(small)]
    expect(after.stdout).toBe(before.stdout)
    expect(after.code).toBe(before.code)
    expect(after.stderr).toContain('reduced to what these flows need')
  })

  it('packs an archive, and tells as JSON what it holds', async () => {
    const archive = join(scratch, 'small.tar.gz')
    const {code, stdout} = await runProgram(['minimize', RECORDED, ...FLOW, '-o', archive, '--json'])
    expect(code).toBe(EXIT_CODES.ok)
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 'ambientctl.minimize/1',
      output: archive,
      flows: [{verdict: 'denied'}],
      warnings: [],
    })
    expect(existsSync(archive)).toBe(true)
  })

  it('says of a snapshot that is not there that it cannot be read', async () => {
    const {code, stderr, stdout} = await runProgram(['minimize', join(scratch, 'nowhere'), ...FLOW, '--output-dir', join(scratch, 'x')])
    expect({code, stdout, isMade: existsSync(join(scratch, 'x'))}).toEqual({code: EXIT_CODES.input, stdout: '', isMade: false})
    expect(stderr).toContain('The file cannot be read.')
  })

  it.each([
    {why: 'a flow with one end', args: ['--flow', 'market/buyer', '--output-dir', 'x'], message: 'A flow has two ends'},
    {why: 'no place', args: FLOW, message: 'One place'},
    {why: 'two places', args: [...FLOW, '--output-dir', 'x', '-o', 'x.tgz'], message: 'One place'},
    {why: 'no archive', args: [...FLOW, '-o', 'x.zip'], message: 'One place'},
    {why: 'an unknown name', args: ['--flow', 'market/buyer nobody:80', '--output-dir', 'x'], message: 'nobody'},
  ])('refuses $why with 64, and leaves nothing', async ({args, message}) => {
    const before = readdirSync(scratch)
    const places = args.map((arg) => (arg.startsWith('x') ? join(scratch, arg) : arg))
    const {code, stderr, stdout} = await runProgram(['minimize', RECORDED, ...places])
    expect({code, stdout}).toEqual({code: EXIT_CODES.usage, stdout: ''})
    expect(stderr).toContain(message)
    expect(readdirSync(scratch)).toEqual(before)
  })
})
