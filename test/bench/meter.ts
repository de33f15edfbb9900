import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'

export interface Measured {
  readonly seconds: number
  /** Largest resident set of the process in MB; undefined where the system does not tell (no /proc). */
  readonly peakMegabytes: number | undefined
  readonly exitCode: number | null
  /** Last line of its standard error, for a process that failed. */
  readonly complaint: string
}

const POLL_MILLISECONDS = 15

/** Runs a command in a process of its own and watches its memory. */
export async function meter(command: readonly string[]): Promise<Measured> {
  const [program = '', ...args] = command
  const start = performance.now()
  const child = spawn(program, args, {stdio: ['ignore', 'ignore', 'pipe']})
  const errors: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  let peak: number | undefined
  const poll = setInterval(() => { peak = peakOf(child.pid) ?? peak }, POLL_MILLISECONDS)
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => { clearInterval(poll) })
  const complaint = Buffer.concat(errors).toString().trim().split('\n').at(-1) ?? ''
  return {seconds: (performance.now() - start) / 1000, peakMegabytes: peak, exitCode, complaint}
}

/** The kernel keeps the high-water mark, so that a coarse poll is enough. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid ?? ''}/status`, 'utf8'))
    return match === null ? undefined : Number(match[1]) / 1024
  } catch {
    return undefined
  }
}
