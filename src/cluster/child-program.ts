import type {Readable} from 'node:stream'

export interface ProgramCall {
  readonly args: readonly string[]
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
  /** Never rejects. */
  readonly ended: Promise<ProgramEnd>
}

/** How long a program may take to end after it was told to. */
const KILL_AFTER_MS = 3000

/** Starts a program with an argument array; no shell reads it. It ends at its time limit, and when somebody cancels. */
export async function startProgram(file: string, {args, timeoutMs, cancelSignal}: ProgramCall): Promise<ChildProgram> {
  // Loading execa takes longer than everything else a run without a cluster does (libraries.md 2).
  const {execa} = await import('execa')
  const subprocess = execa(file, args, {
    buffer: false,
    encoding: 'buffer',
    stdin: 'ignore',
    reject: false,
    // Its own handlers would end this process by the signal, before the command can say that it was interrupted.
    cleanup: false,
    timeout: timeoutMs,
    forceKillAfterDelay: KILL_AFTER_MS,
    ...(cancelSignal === undefined ? {} : {cancelSignal}),
  })
  // What it started in turn may keep its pipes open; nobody waits for that.
  subprocess.once('exit', () => {
    if (!subprocess.killed) return
    subprocess.stdout.destroy()
    subprocess.stderr.destroy()
  })
  return {
    stdout: subprocess.stdout,
    stderr: subprocess.stderr,
    stop: () => {
      subprocess.kill()
    },
    ended: subprocess.then(({code, exitCode, signal, timedOut, isCanceled}) => ({code, exitCode, signal, timedOut, isCanceled})),
  }
}
