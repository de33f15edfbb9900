import {spawn, type ChildProcess} from 'node:child_process'
import type {ChildProgram, ProgramCall, ProgramEnd} from './child-program.js'

export interface FileProgramCall extends ProgramCall {
  /** The open file that is its standard output. */
  readonly stdout: number
}

export interface FileProgram extends ChildProgram {
  readonly stdout: null
  /** Ends it as soon as somebody wishes that. */
  readonly cancelOn: (signal: AbortSignal | undefined) => void
}

/**
 * Starts a program that writes into an open file by itself. It has nothing to tidy up: whoever ends it does so by force.
 * execa offers no such file, and is not loaded yet where a program gets a head start.
 */
export function startIntoFile(file: string, {args, stdout, timeoutMs, cancelSignal}: FileProgramCall): FileProgram {
  const child = spawn(file, args, {stdio: ['ignore', stdout, 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL'})
  const wishes = {isStopped: false, isCanceled: false}
  const end = (wish: keyof typeof wishes): void => {
    wishes[wish] = true
    child.kill('SIGKILL')
  }
  // What it started in turn may keep the pipe open; nobody waits for that.
  child.once('exit', () => child.killed && child.stderr?.destroy())
  const ended = endOf(child).then((how) => ({...how, ...wishes, timedOut: child.killed && !wishes.isStopped && !wishes.isCanceled}))
  const program: FileProgram = {
    stdout: null,
    stderr: child.stderr,
    stop: () => {
      end('isStopped')
    },
    cancelOn: (signal) => {
      const cancel = (): void => {
        end('isCanceled')
      }
      if (signal?.aborted === true) cancel()
      signal?.addEventListener('abort', cancel, {once: true})
      void ended.then(() => signal?.removeEventListener('abort', cancel))
    },
    ended,
  }
  program.cancelOn(cancelSignal)
  return program
}

function endOf(child: ChildProcess): Promise<Pick<ProgramEnd, 'code' | 'exitCode' | 'signal'>> {
  return new Promise((resolve) => {
    let code: string | undefined
    child.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? error.message))
    child.on('close', (exitCode, signal) => {
      resolve({code, exitCode: exitCode ?? undefined, signal: signal ?? undefined})
    })
  })
}
