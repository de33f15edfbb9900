import {execFile, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {promisify} from 'node:util'
import {z} from 'zod'
import {readManifest, type Manifest} from '../../src/snapshot/manifest.js'
import {runNode, type Ended} from '../cli/run-program.js'

const FOLDER = process.env['AMBIENTCTL_E2E_FOLDER'] ?? ''

const clusterSchema = z.object({
  kubeconfig: z.string(),
  api: z.object({port: z.number(), certificate: z.string(), token: z.string()}),
  apiServer: z.object({file: z.string(), args: z.array(z.string()), log: z.string()}),
  folder: z.string(),
})

/** The cluster that runs, as it was written down. */
export function runningCluster(): z.infer<typeof clusterSchema> {
  return clusterSchema.parse(JSON.parse(readFileSync(path.join(FOLDER, 'cluster.json'), 'utf8')))
}

const PROGRAM = path.resolve('bin/run.js')

/** Runs the built program as the user of a context. */
export function ambientctl(context: string, ...args: readonly string[]): Promise<Ended> {
  return runNode([PROGRAM, ...args, '--context', context], {env: {KUBECONFIG: runningCluster().kubeconfig}})
}

/** The program while it runs. */
export interface Running {
  readonly pid: number
  readonly stderr: () => string
  readonly bytes: () => number
  readonly ended: Promise<{readonly code: number | null; readonly stderr: string}>
}

/** The same, without waiting for its end. */
export function startAmbientctl(context: string, ...args: readonly string[]): Running {
  const env = {PATH: process.env['PATH'], HOME: FOLDER, KUBECONFIG: runningCluster().kubeconfig}
  const child = spawn(process.execPath, [PROGRAM, ...args, '--context', context], {env, stdio: ['ignore', 'pipe', 'pipe']})
  let stderr = ''
  let bytes = 0
  child.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const ended = new Promise<{code: number | null; stderr: string}>((resolve) => {
    child.on('close', (code) => {
      resolve({code, stderr})
    })
  })
  return {pid: child.pid ?? 0, stderr: () => stderr, bytes: () => bytes, ended}
}

/** Runs kubectl as the administrator. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  const {kubeconfig} = runningCluster()
  const {stdout} = await promisify(execFile)('kubectl', [`--kubeconfig=${kubeconfig}`, ...args])
  return stdout
}

/** A new folder for what a test writes. */
export function scratch(): string {
  return mkdtempSync(path.join(FOLDER, 'test-'))
}

export function manifestIn(directory: string): Manifest {
  const file = path.join(directory, 'snapshot.json')
  return readManifest(readFileSync(file, 'utf8'), file)
}
