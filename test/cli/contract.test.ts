import {describe, expect, it} from 'vitest'
import {EXIT_CODE_MEANINGS, EXIT_CODES} from '../../src/flow/exit-code.js'
import {manifestCommands, wordsOf} from './manifest.js'
import {runInside} from './run-inside.js'
import {runProgram} from './run-program.js'

const ESCAPE = '\u001B'
const COMMANDS = manifestCommands()

/** What holds for every command, those written tomorrow included. */
describe.each(COMMANDS)('$id', (command) => {
  const words = wordsOf(command)

  it('says what it does and shows how', () => {
    expect(command.description ?? command.summary ?? '').toMatch(/^[A-Z].{10,}/s)
    expect(command.examples?.length ?? 0).toBeGreaterThan(0)
  })

  it('shows itself in every example', () => {
    const examples = (command.examples ?? []).map((example) => (typeof example === 'string' ? example : example.command))
    for (const example of examples) expect(example).toContain(`<%= config.bin %> ${words.join(' ')}`)
  })

  it('describes every flag and argument', () => {
    const parameters = [...Object.values(command.flags), ...Object.values(command.args)].filter((parameter) => parameter.hidden !== true)
    expect(parameters.filter((parameter) => (parameter.description ?? parameter.summary ?? '') === '').map(({name}) => name)).toEqual([])
  })

  it('offers the flags that all commands share', () => {
    expect(command.enableJsonFlag).toBe(true)
    expect(Object.keys(command.flags)).toEqual(expect.arrayContaining(['json', 'no-color', 'width']))
  })

  it('prints help with every exit code, plain and narrow, whether or not there is a home', async () => {
    const help = await runProgram([...words, '--help'])
    expect(help).toMatchObject({code: EXIT_CODES.ok, stderr: ''})
    for (const [code, meaning] of EXIT_CODE_MEANINGS) expect(help.stdout).toMatch(new RegExp(`^ +${code}  ${meaning}$`, 'm'))
    expect(help.stdout).not.toContain(ESCAPE)
    expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(await runProgram([...words, '--help'], {env: {HOME: undefined}})).toEqual(help)
  })

  it('refuses an unknown flag with 64 and names the one that was meant', async () => {
    const refused = await runProgram([...words, '--jsn'])
    expect(refused).toMatchObject({code: EXIT_CODES.usage, stdout: ''})
    expect(refused.stderr).toContain('--jsn')
    expect(refused.stderr).toContain('Did you mean --json?')
    expect(refused.stderr).not.toContain(ESCAPE)
    expect(await runProgram([...words, '--jsn'], {env: {HOME: undefined}})).toEqual(refused)
  })

  it('reports the same failure with the same code under --json, on stdout', async () => {
    const refused = await runProgram([...words, '--colour-of-magic', '--json'])
    expect(refused).toMatchObject({code: EXIT_CODES.usage, stderr: ''})
    expect(JSON.parse(refused.stdout)).toMatchObject({error: {kind: 'usage', exitCode: EXIT_CODES.usage}})
    expect(refused.stdout).not.toContain('Did you mean')
  })

  it('colours only when it may', async () => {
    const flag = [...words, '--jsn']
    const forced = await runInside(flag, {env: {FORCE_COLOR: '1'}})
    const refusing = await runInside(flag, {env: {FORCE_COLOR: '1', NO_COLOR: '1'}})
    const flagged = await runInside([...flag, '--no-color'], {env: {FORCE_COLOR: '1'}})
    expect(forced.stderr).toContain(ESCAPE)
    expect(refusing.stderr).not.toContain(ESCAPE)
    expect(flagged.stderr).not.toContain(ESCAPE)
  })
})
