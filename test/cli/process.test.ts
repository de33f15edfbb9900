import {type ChildProcess, spawn} from 'node:child_process'
import {describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {runNode} from './run-program.js'

const PROBE = ['--import', 'tsx', 'test/cli/probe.ts']

describe('exit codes', () => {
  it.each([
    {args: ['positive'], code: EXIT_CODES.ok},
    {args: ['negative'], code: EXIT_CODES.negative},
    {args: ['undetermined'], code: EXIT_CODES.undetermined},
    {args: ['positive', '--pairs', 'many'], code: EXIT_CODES.usage},
    {args: ['sideways'], code: EXIT_CODES.usage},
    {args: [], code: EXIT_CODES.usage},
    {args: ['input'], code: EXIT_CODES.input},
    {args: ['external'], code: EXIT_CODES.external},
    {args: ['bug'], code: EXIT_CODES.bug},
    {args: ['stray'], code: EXIT_CODES.bug},
  ])('$args ends with $code, with and without --json', async ({args, code}) => {
    const [plain, json] = await Promise.all([runNode([...PROBE, ...args]), runNode([...PROBE, ...args, '--json'])])
    expect(plain.code).toBe(code)
    expect(json.code).toBe(code)
    const failed = code >= EXIT_CODES.usage
    expect(plain.stdout === '').toBe(failed)
    expect(JSON.parse(json.stdout)).toMatchObject(failed ? {error: {exitCode: code}} : {ending: args[0]})
  })
})

describe('streams', () => {
  it('ends quietly when the reader has enough', async () => {
    const child = start(['stream'])
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await ended(child)).toEqual({code: EXIT_CODES.ok, stderr: ''})
  })

  it('says that the result cannot be written', async () => {
    const {code, stderr} = await ended(start(['stream'], '>/dev/full'))
    expect(code).toBe(EXIT_CODES.external)
    expect(stderr).toContain('error: The result cannot be written.\n  where     standard output\n  got       ENOSPC')
  })

  it('never takes an argument from stdin', async () => {
    const {code, stderr} = await runNode(PROBE, {input: 'positive\n'})
    expect(code).toBe(EXIT_CODES.usage)
    expect(stderr).toContain('A required argument is missing.')
  })
})

describe('^C', () => {
  it('ends with 130', async () => {
    expect(await interrupted('wait')).toEqual({code: EXIT_CODES.interrupted, stderr: 'waiting\n'})
  })

  it('lets a command clean up that asked for it', async () => {
    expect(await interrupted('cancel')).toEqual({code: EXIT_CODES.interrupted, stderr: 'waiting\ncleaned up\nerror: Interrupted.\n'})
  })
})

function interrupted(ending: string): Promise<{readonly code: number | null; readonly stderr: string}> {
  const child = start([ending])
  child.stderr?.once('data', () => child.kill('SIGINT'))
  return ended(child)
}

/** Through `exec` of a shell where a redirection is wanted, so that signals and the exit code are the program's own. */
function start(args: readonly string[], redirection?: string): ChildProcess {
  const env = {PATH: process.env['PATH'], HOME: process.env['HOME']}
  const words = [process.execPath, ...PROBE, ...args]
  return redirection === undefined
    ? spawn(process.execPath, words.slice(1), {env})
    : spawn('sh', ['-c', `exec ${words.map((word) => `'${word}'`).join(' ')} ${redirection}`], {env})
}

function ended(child: ChildProcess): Promise<{readonly code: number | null; readonly stderr: string}> {
  return new Promise((resolve, reject) => {
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({code, stderr})
    })
  })
}
