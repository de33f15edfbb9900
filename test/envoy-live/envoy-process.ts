import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Message} from './message.js'

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 5_000
const POLL_MS = 20

/** A running Envoy of this suite; `directory` holds its files and goes with it. */
export interface EnvoyProcess {
  readonly directory: string
  /** `/config_dump?include_eds` as the admin interface prints it. */
  readonly dump: () => Promise<unknown>
  /** Undefined while it runs. */
  readonly ended: () => string | undefined
  readonly stop: () => Promise<void>
}

export interface EnvoyStart {
  readonly binary: string
  readonly bootstrap: (directory: string) => Message
}

/** Starts one Envoy with one worker on loopback and waits until it serves. Throws with the end of its log when it refuses the config. */
export async function startEnvoy({binary, bootstrap}: EnvoyStart): Promise<EnvoyProcess> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ambientctl-envoy-'))
  await writeFile(path.join(directory, 'bootstrap.json'), JSON.stringify(bootstrap(directory)))
  const child = spawn(binary, argumentsFor(directory), {cwd: directory, stdio: 'ignore'})
  let end: string | undefined
  child.on('error', (error) => (end = error.message))
  child.on('exit', (code, signal) => (end ??= signal === null ? `exit code ${String(code)}` : `signal ${signal}`))
  const ended = (): string | undefined => end
  const killAtExit = (): boolean => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const stop = async (): Promise<void> => {
    await stopEnvoy(child, {directory, ended})
    process.off('exit', killAtExit)
  }
  try {
    const admin = await untilReady(directory, ended)
    return {directory, ended, stop, dump: () => fetchJson(`${admin}/config_dump?include_eds`)}
  } catch (error) {
    await stop()
    throw error
  }
}

function argumentsFor(directory: string): string[] {
  const file = (name: string): string => path.join(directory, name)
  return [
    ...['--config-path', file('bootstrap.json'), '--log-path', file('envoy.log'), '--admin-address-path', file('admin.txt')],
    ...['--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning', '--file-flush-interval-msec', '20'],
  ]
}

async function untilReady(directory: string, ended: () => string | undefined): Promise<string> {
  for (let waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {
    if (ended() !== undefined) throw new Error(`Envoy ended with ${String(ended())}: ${await lastWords(directory)}`)
    const address = await readFile(path.join(directory, 'admin.txt'), 'utf8').catch(() => '')
    if (address !== '' && (await isLive(`http://${address}`))) return `http://${address}`
    await sleep(POLL_MS)
  }
  throw new Error(`Envoy did not become ready: ${await lastWords(directory)}`)
}

async function isLive(admin: string): Promise<boolean> {
  try {
    const response = await fetch(`${admin}/ready`)
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

async function lastWords(directory: string): Promise<string> {
  const log = await readFile(path.join(directory, 'envoy.log'), 'utf8').catch(() => '')
  // A refusal repeats the whole config before it says why.
  const lines = log.split('\n').filter((line) => !/^[\s{}[]|^[a-z_]+ \{|\[warning\]/.test(line) || line.includes('[critical]'))
  return lines.join('\n').slice(-2000)
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response.json()
}

async function stopEnvoy(child: ChildProcess, own: {directory: string; ended: () => string | undefined}): Promise<void> {
  if (own.ended() === undefined) {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    await exit
    clearTimeout(timer)
  }
  await rm(own.directory, {recursive: true, force: true})
}
