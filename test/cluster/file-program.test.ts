import {closeSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it, vi} from 'vitest'
import {startIntoFile, type FileProgram, type FileProgramCall} from '../../src/cluster/file-program.js'

vi.setConfig({testTimeout: 60_000})
const directory = mkdtempSync(join(tmpdir(), 'file-program-'))
const path = join(directory, 'output')
const stdout = openSync(path, 'a')
afterAll(() => {
  closeSync(stdout)
  rmSync(directory, {recursive: true})
})

function start(script: string, options: Partial<FileProgramCall> = {}): FileProgram {
  return startIntoFile('/bin/sh', {args: ['-c', script], stdout, timeoutMs: 30_000, ...options})
}

describe('a program that writes into a file', () => {
  it('writes into the file by itself, and ends as it wishes', async () => {
    expect(await start('echo said; exit 3').ended).toMatchObject({exitCode: 3, timedOut: false, isCanceled: false})
    expect(readFileSync(path, 'utf8')).toBe('said\n')
  })

  it('that is not there cannot be started', async () => {
    const {ended} = startIntoFile('/nowhere/kubectl', {args: [], stdout, timeoutMs: 30_000})
    expect(await ended).toMatchObject({code: 'ENOENT', timedOut: false})
  })

  it('ends at its time limit, whether it listens or not', async () => {
    expect(await start('trap "" TERM; while :; do sleep 1; done', {timeoutMs: 300}).ended).toMatchObject({
      timedOut: true,
      isCanceled: false,
    })
  })

  it('ends when somebody cancels, which is no time limit', async () => {
    for (const cancelSignal of [AbortSignal.timeout(100), AbortSignal.abort()]) {
      expect(await start('sleep 60 & exec sleep 60', {cancelSignal}).ended).toMatchObject({timedOut: false, isCanceled: true})
    }
    const program = start('exec sleep 60')
    program.cancelOn(AbortSignal.timeout(100))
    expect(await program.ended).toMatchObject({timedOut: false, isCanceled: true})
  })

  it('ends when it is stopped', async () => {
    const program = start('exec sleep 60')
    program.stop()
    expect(await program.ended).toMatchObject({signal: 'SIGKILL', timedOut: false, isCanceled: false})
  })
})
