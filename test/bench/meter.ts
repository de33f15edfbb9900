import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'

export interface Measured {
  /** By the clock. */
  readonly seconds: number
  /** Of all its threads; steadier than the clock on a busy machine. Undefined where the system does not tell. */
  readonly cpuSeconds: number | undefined
  /** Largest resident set of the process in MB; undefined where the system does not tell (no /proc). */
  readonly peakMegabytes: number | undefined
  readonly exitCode: number | null
  /** What it said when it failed. */
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
  let cpu: number | undefined
  const poll = setInterval(() => {
    peak = peakOf(child.pid) ?? peak
    cpu = cpuOf(child.pid) ?? cpu
  }, POLL_MILLISECONDS)
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => {
    clearInterval(poll)
  })
  const lines = Buffer.concat(errors).toString().trim().split('\n')
  const complaint = lines.find((line) => /\bError\b/.test(line)) ?? `exit code ${exitCode ?? 'none'} ${lines.at(-1) ?? ''}`
  return {seconds: (performance.now() - start) / 1000, cpuSeconds: cpu, peakMegabytes: peak, exitCode, complaint}
}

/** The kernel keeps the high-water mark, so that a coarse poll is enough. */
function peakOf(pid: number | undefined): number | undefined {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))
  return match === null ? undefined : Number(match[1]) / 1024
}

/** Clock ticks are 10 ms on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Fields 14 and 15, user and system time, counted from behind the program name, which may hold spaces. */
function cpuOf(pid: number | undefined): number | undefined {
  const [user, system] = readProc(pid, 'stat').split(') ').at(-1)?.split(' ').slice(11, 13) ?? []
  return user === undefined || system === undefined ? undefined : (Number(user) + Number(system)) / TICKS_PER_SECOND
}

function readProc(pid: number | undefined, file: string): string {
  try {
    return readFileSync(`/proc/${pid ?? ''}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
