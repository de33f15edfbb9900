import {spawn, type ChildProcess} from 'node:child_process'
import type {Readable} from 'node:stream'

export interface ProgramCall {
  readonly args: readonly string[]
  /** Its standard output: a pipe, or an open file. */
  readonly stdout: 'pipe' | number
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
}

/** How a program ended. */
export interface ProgramEnd {
  /** Why it could not be started: `ENOENT`. */
  readonly code?: string | undefined
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly timedOut: boolean
  readonly isCanceled: boolean
}

/** A program that runs. */
export interface ChildProgram {
  /** Absent where a file takes its place. */
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  /** Tells it to end, and makes it where it does not listen. */
  readonly stop: () => void
  /** The same, because somebody wished it. */
  readonly cancel: () => void
  /** Never rejects. */
  readonly ended: Promise<ProgramEnd>
}

/** How long a program may take to end after it was told to. */
const KILL_AFTER_MS = 3000

/** Starts a program with an argument array; no shell reads it. It ends at its time limit, and when somebody cancels. */
export function startProgram(file: string, {args, stdout, timeoutMs, cancelSignal}: ProgramCall): ChildProgram {
  const child = spawn(file, args, {stdio: ['ignore', stdout, 'pipe']})
  const why: Why = {code: undefined, timedOut: false, isCanceled: false}
  const giveUp = (reason: 'timedOut' | 'isCanceled'): void => {
    why[reason] = true
    stop(child)
  }
  const timer = setTimeout(giveUp, timeoutMs, 'timedOut')
  const cancel = (): void => {
    giveUp('isCanceled')
  }
  if (cancelSignal?.aborted === true) cancel()
  cancelSignal?.addEventListener('abort', cancel, {once: true})
  const ended = endOf(child, why).finally(() => {
    clearTimeout(timer)
    cancelSignal?.removeEventListener('abort', cancel)
  })
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    stop: () => {
      stop(child)
    },
    cancel,
    ended,
  }
}

type Why = {-readonly [K in 'code' | 'timedOut' | 'isCanceled']: ProgramEnd[K]}

function endOf(child: ChildProcess, why: Why): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => (why.code = error.code ?? error.message))
    child.on('close', (exitCode, signal) => {
      resolve({...why, exitCode: exitCode ?? undefined, signal: signal ?? undefined})
    })
  })
}

/** What it started in turn may keep its pipes open; nobody waits for that. */
function stop(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.once('exit', () => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  })
  child.kill()
  setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref()
}
