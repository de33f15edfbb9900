import {spawn} from 'node:child_process'
import path from 'node:path'

export interface RunOptions {
  /** Added to an environment that holds PATH and HOME only; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
  /** The root of the repository unless told. */
  readonly cwd?: string
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const PROGRAM = path.resolve('bin/run.js')

/** Runs the built program as a user in a pipe would: nothing is a terminal. */
export function runProgram(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runNode([PROGRAM, ...args], options)
}

export function runNode(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const env = {PATH: process.env['PATH'], HOME: path.resolve('node_modules/.cache'), ...options.env}
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {env, ...(options.cwd === undefined ? {} : {cwd: options.cwd})})
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({code, stdout, stderr})
    })
    child.stdin.end(options.input ?? '')
  })
}
