import {captureOutput} from '@oclif/test'
import {afterEach, describe, expect, it} from 'vitest'
import {ProbeCommand} from './probe-command.js'

const ROOT = {root: process.cwd()}

function probe(...args: readonly string[]) {
  return captureOutput(() => ProbeCommand.run([...args], ROOT))
}

describe('a command', () => {
  afterEach(() => {
    process.exitCode = undefined
  })

  it('prints its result, and returns it as an object', async () => {
    const {stdout, stderr, result} = await probe('positive', '--width', '72')
    expect({stdout, stderr, result}).toEqual({stdout: 'done in 72 columns\n', stderr: '', result: {ending: 'positive'}})
  })

  it('prints the object alone under --json, with an empty list of warnings', async () => {
    const {stdout, stderr} = await probe('positive', '--json')
    expect(JSON.parse(stdout)).toEqual({ending: 'positive', warnings: []})
    expect(stderr).toBe('')
  })

  it('warns on stderr, safely', async () => {
    const {stdout, stderr} = await probe('positive', '--warn')
    expect(stderr).toBe('warning: the capture of node \\x07a is missing\n')
    expect(stdout).toMatch(/^done/)
  })

  it('warns under --json on both sides', async () => {
    const {stdout, stderr} = await probe('positive', '--warn', '--json')
    expect(stderr).toContain('warning: ')
    expect(JSON.parse(stdout)).toEqual({ending: 'positive', warnings: ['the capture of node \u0007a is missing']})
  })

  it('prints a failure with place, expectation and help, and nothing on stdout', async () => {
    const {stdout, stderr} = await probe('input')
    expect(stdout).toBe('')
    expect(stderr).toBe(
      [
        'error: The dump cannot be read.',
        '  where     proxies/a.json#/configs/3',
        '  expected  a list',
        '  got       a \\x1b[2Jstring',
        '  help      Collect it again.',
        '',
      ].join('\n'),
    )
  })

  it('shows how another program failed, without its colours', async () => {
    const {stderr} = await probe('external')
    expect(stderr).toBe('error: kubectl failed.\n  where     kubectl get pods\n  got       exit code 1: no\n            route\n')
  })

  it('shows the stack of a bug and asks to report it', async () => {
    const {stderr} = await probe('bug')
    expect(stderr).toMatch(/^internal error: TypeError: hop is undefined\n {2}at .*probe-command/)
    expect(stderr).toContain('please report it')
  })

  it('prints a failure as JSON under --json', async () => {
    const {stdout, stderr} = await probe('external', '--json')
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      error: {kind: 'external', message: 'kubectl failed.', where: 'kubectl get pods', got: 'exit code 1: no\nroute', exitCode: 69},
    })
  })

  it('keeps the family of an error that the parser of a flag throws', async () => {
    const {stderr, error} = await probe('positive', '--source', 'pods.yaml')
    expect(stderr).toBe('error: The source file is empty.\n  where     pods.yaml\n')
    expect(error).toMatchObject({exitCode: 65, oclif: {exit: 65}})
  })

  it('takes what follows -- as no flag', async () => {
    const {stdout, error} = await probe('--', '--json')
    expect(stdout).toBe('')
    expect(error).toMatchObject({exitCode: 64})
  })
})
