import {readFileSync} from 'node:fs'
import {describe, expect, it} from 'vitest'
import {EXIT_CODE_MEANINGS, EXIT_CODES} from '../../src/flow/exit-code.js'
import {commandIds} from '../tools/build.js'
import {manifestCommands} from './manifest.js'
import {runNode, runProgram} from './run-program.js'

describe('the program', () => {
  it('knows exactly the commands that src defines', async () => {
    expect(manifestCommands().map(({id}) => id)).toEqual(await commandIds())
  })

  it('tells its version', async () => {
    const version = await runProgram(['--version'])
    expect(version).toMatchObject({code: 0, stderr: ''})
    expect(version.stdout).toMatch(/^ambientctl\/\d+\.\d+\.\d+ \S+ node-v\d+\S*\n$/)
  })

  it('runs what was built, whatever NODE_ENV says', async () => {
    expect(await runProgram(['--help'], {env: {NODE_ENV: 'development'}})).toEqual(await runProgram(['--help']))
  })

  it.each([[['--help']], [['-h']], [['help']], [[]]])('prints the root help for %j', async (args) => {
    const help = await runProgram(args)
    expect(help).toMatchObject({code: 0, stderr: ''})
    for (const {id} of manifestCommands()) expect(help.stdout).toContain(`\n  ${id.replaceAll(':', ' ')} `)
    for (const [code, meaning] of EXIT_CODE_MEANINGS) expect(help.stdout).toContain(`${code}  ${meaning}`)
    expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it.each([[['hlep']], [['hlep', '--help']], [['help', 'hlep']], [['hlep', 'a', 'b']]])(
    'refuses the unknown command of %j',
    async (args) => {
      const refused = await runProgram(args)
      expect(refused).toMatchObject({code: EXIT_CODES.usage, stdout: ''})
      expect(refused.stderr).toContain('There is no command')
      expect(refused.stderr).toContain('Did you mean `ambientctl help`?')
    },
  )

  it('suggests nothing for a word that is near no command', async () => {
    const refused = await runProgram(['xylophone'])
    expect(refused.code).toBe(EXIT_CODES.usage)
    expect(refused.stderr).not.toContain('Did you mean')
  })

  it('refuses an unknown command as JSON where JSON is wished', async () => {
    const refused = await runProgram(['hlep', '--json'])
    expect(refused).toMatchObject({code: EXIT_CODES.usage, stderr: ''})
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: {kind: 'usage', message: 'There is no command "hlep".', exitCode: EXIT_CODES.usage},
    })
  })

  it('prints what was typed without the escape sequences in it', async () => {
    const refused = await runProgram(['x\u001B]0;owned\u0007y'])
    expect(refused.code).toBe(EXIT_CODES.usage)
    expect(refused.stderr).not.toContain('\u001B')
    expect(refused.stderr).not.toContain('\u0007')
  })

  it.each([['--version'], ['--help']])('loads nothing heavy for %s', async (flag) => {
    const {code, stderr} = await runNode(['--import', LIST_MODULES, 'bin/run.js', flag])
    expect(code).toBe(0)
    expect(stderr).toContain('node_modules/@oclif/core')
    expect(stderr).not.toMatch(/\/node_modules\/(chalk|zod|jsonpath-plus|yaml|cli-table3|re2js)\//)
  })

  it('is what package.json offers', () => {
    expect(JSON.parse(readFileSync('package.json', 'utf8'))).toMatchObject({bin: {ambientctl: './bin/run.js'}})
    expect(readFileSync('bin/run.js', 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})

/** Makes a program write the address of each module it loads to stderr. */
const LIST_MODULES = dataModule(`
  import {register} from 'node:module'
  import {createRequire} from 'node:module'
  register(${JSON.stringify(
    dataModule(`
    import {writeSync} from 'node:fs'
    export function load(url, context, next) {
      writeSync(2, url + '\\n')
      return next(url, context)
    }
  `),
  )})
  process.on('exit', () => process._rawDebug(Object.keys(createRequire('file:///').cache).join('\\n')))
`)

function dataModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`
}
