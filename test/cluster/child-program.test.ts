import {describe, expect, it, vi} from 'vitest'
import {startProgram, type ProgramCall, type ProgramEnd} from '../../src/cluster/child-program.js'

vi.setConfig({testTimeout: 60_000})

async function run(script: string, options: Partial<ProgramCall> = {}): Promise<ProgramEnd> {
  const {ended} = await startProgram('/bin/sh', {args: ['-c', script], timeoutMs: 30_000, ...options})
  return ended
}

describe('a program', () => {
  it('ends as it wishes', async () => {
    expect(await run('exit 0')).toMatchObject({exitCode: 0, timedOut: false, isCanceled: false})
    expect(await run('exit 3')).toMatchObject({exitCode: 3})
    expect(await run('kill -9 $$')).toMatchObject({exitCode: undefined, signal: 'SIGKILL'})
  })

  it('that is not there cannot be started', async () => {
    const {ended} = await startProgram('/nowhere/kubectl', {args: [], timeoutMs: 30_000})
    expect(await ended).toMatchObject({code: 'ENOENT'})
  })

  it('ends at its time limit, by force where it does not listen', async () => {
    expect(await run('exec sleep 60', {timeoutMs: 100})).toMatchObject({signal: 'SIGTERM', timedOut: true})
    expect(await run('trap "" TERM; while :; do sleep 1; done', {timeoutMs: 300})).toMatchObject({signal: 'SIGKILL', timedOut: true})
  })

  it('ends when somebody cancels, or did before', async () => {
    expect(await run('exec sleep 60', {cancelSignal: AbortSignal.timeout(100)})).toMatchObject({isCanceled: true, timedOut: false})
    expect(await run('exec sleep 60', {cancelSignal: AbortSignal.abort()})).toMatchObject({isCanceled: true})
  })

  it('is not waited for by what it started and left behind with its pipes', async () => {
    const began = performance.now()
    expect(await run('sleep 20 & exec sleep 60', {timeoutMs: 200})).toMatchObject({timedOut: true})
    expect(performance.now() - began).toBeLessThan(15_000)
  })
})
