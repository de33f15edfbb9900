import {spawn} from 'node:child_process'
import {openSync} from 'node:fs'
import {connect, createServer} from 'node:net'
import {setTimeout as delay} from 'node:timers/promises'

export interface Program {
  readonly file: string
  readonly args: readonly string[]
  /** Where its output goes. */
  readonly log: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Starts a program that runs as long as this process; gives its process id. */
export function start(program: Program): number {
  const pid = launch(program)
  process.once('exit', () => {
    end(pid)
  })
  return pid
}

/** Starts a program that somebody else ends; gives its process id. */
export function launch({file, args, log, env = process.env}: Program): number {
  const out = openSync(log, 'a')
  const child = spawn(file, args, {stdio: ['ignore', out, out], env: {...env}, detached: true})
  child.on('error', () => undefined)
  child.unref()
  return child.pid ?? 0
}

/** Ends a process that `start` gave, whatever it does. */
export function end(pid: number): void {
  if (pid <= 0) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended before.
  }
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  })
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (isOpen: boolean): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => {
      answer(true)
    })
    socket.once('error', () => {
      answer(false)
    })
  })
}

/** @throws Error with `what` when it does not become true in time. */
export async function until(what: string, isSo: () => Promise<boolean>, limitMs = 120_000): Promise<void> {
  const began = performance.now()
  while (!(await isSo().catch(() => false))) {
    if (performance.now() - began > limitMs) throw new Error(`${what} within ${limitMs / 1000} s`)
    await delay(200)
  }
}
