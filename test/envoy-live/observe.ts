import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {readLog, type LogRecord} from './access-log.js'
import {LOG_FILE, type PlacedScenario} from './bootstrap.js'
import {exchange, type Exchange} from './client.js'
import type {EnvoyProcess} from './envoy-process.js'
import type {Probe} from './probe.js'

/** Connections under way at one time. */
const WORKERS = 8
const LOG_LIMIT_MS = 20_000
const POLL_MS = 40

/** One connection that was made, with what Envoy wrote about it. */
export interface Observation extends Exchange {
  readonly placed: PlacedScenario
  readonly probe: Probe
  /** One record per passage that Envoy logged: of its request, or of the connection itself. Undefined when none came. */
  readonly records: readonly LogRecord[] | undefined
}

type Made = Omit<Observation, 'records'>

/** Makes every connection of every scenario, and reads what Envoy logged of each. */
export async function observeAll(envoy: EnvoyProcess, placed: readonly PlacedScenario[]): Promise<Observation[]> {
  const jobs = placed.flatMap((one) =>
    one.scenario.probes.flatMap((probe) => Array.from({length: probe.repeat}, () => ({placed: one, probe}))),
  )
  const made: Made[] = []
  const queue = jobs.values()
  await Promise.all(Array.from({length: WORKERS}, () => work(queue, made)))
  return attachRecords(envoy, made)
}

async function work(queue: Iterator<Pick<Observation, 'placed' | 'probe'>>, made: Made[]): Promise<void> {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const {placed, probe} = next.value
    made.push({placed, probe, ...(await exchange(probe, placed.port))})
  }
}

/** A connection is logged when it is over, some time after its client has gone. */
async function attachRecords({directory, ended}: EnvoyProcess, made: readonly Made[]): Promise<Observation[]> {
  const file = path.join(directory, LOG_FILE)
  for (let waited = 0; ; waited += POLL_MS) {
    const observations = pair(made, recordsByClient(await readLog(file)))
    const complete = observations.every(({records}) => records !== undefined)
    if (complete || waited >= LOG_LIMIT_MS || ended() !== undefined) return observations
    await sleep(POLL_MS)
  }
}

/** A port that was used twice on one listener has its connections in the order they were made. */
function pair(made: readonly Made[], logged: ReadonlyMap<string, readonly (readonly LogRecord[])[]>): Observation[] {
  const used = new Map<string, number>()
  return made.map((one) => {
    const key = `${one.placed.name} ${one.probe.from}:${one.port}`
    const turn = used.get(key) ?? 0
    used.set(key, turn + 1)
    return {...one, records: logged.get(key)?.[turn]}
  })
}

/** The records of each connection; the one of the connection itself comes last. */
function recordsByClient(records: readonly LogRecord[]): Map<string, LogRecord[][]> {
  const closed = new Map<string, LogRecord[][]>()
  const open = new Map<string, LogRecord[]>()
  for (const record of records) {
    const key = `${record.listener} ${record.client ?? ''}`
    const own = [...(open.get(key) ?? []), record]
    open.set(key, record.level === 'listener' ? [] : own)
    if (record.level === 'listener') closed.set(key, [...(closed.get(key) ?? []), own])
  }
  return closed
}
