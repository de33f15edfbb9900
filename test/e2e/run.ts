import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import type {Server} from 'node:http'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {findBinaries, type Binaries} from './binaries.js'
import {startCluster, startKwok, type Cluster} from './cluster.js'
import {kwokObjects, NO_STAGES, serveDump, writePrograms, type PodBehaviour} from './node.js'
import {end} from './processes.js'
import {formatTally, tallyVitest} from '../tools/tally.js'
import {behaviours, populate} from './world.js'

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** The built program against a real kubectl, API server and etcd. Ends with `N passed, N failed`. */
async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ambientctl-e2e-'))
  try {
    const own = process.env['AMBIENTCTL_E2E_CONTEXT'] ?? ''
    if (own === '') await inOwnCluster(folder)
    else await runTests(folder, ['test/e2e/given-cluster.e2e.ts'])
  } finally {
    end(serverPid(folder))
    await rm(folder, {recursive: true, force: true})
  }
}

async function inOwnCluster(folder: string): Promise<void> {
  const found = await findBinaries(print)
  if (found.kind === 'unavailable') {
    print(`skipped: there is no cluster to ask: ${found.reason}`)
    print('Name the context of one in AMBIENTCTL_E2E_CONTEXT, or install kubectl, and Go or KUBEBUILDER_ASSETS.')
    print('0 passed, 0 failed, 1 skipped')
    return
  }
  const servers = await startWorld(found.binaries, folder)
  await runTests(folder, process.argv.length > 2 ? process.argv.slice(2) : ['test/e2e'])
  for (const server of servers) server.close()
}

async function startWorld(binaries: Binaries, folder: string): Promise<readonly Server[]> {
  const cluster = await startCluster(binaries, folder)
  const pods = await behaviours(folder)
  const servers = await configureNodes(cluster, pods)
  await populate(cluster.api, {kwokPort: cluster.kwokPort, pods})
  await startKwok(cluster, {binary: binaries.kwok, config: path.join(folder, 'kwok.yaml'), programs: path.join(folder, 'bin')})
  await writeFile(path.join(folder, 'cluster.json'), JSON.stringify(cluster))
  return servers
}

function serverPid(folder: string): number {
  try {
    return Number(readFileSync(path.join(folder, 'apiserver.pid'), 'utf8'))
  } catch {
    return 0
  }
}

async function configureNodes({folder}: Cluster, pods: readonly PodBehaviour[]): Promise<readonly Server[]> {
  await writePrograms(path.join(folder, 'bin'))
  const servers: Server[] = []
  const objects: object[] = [...NO_STAGES]
  for (const pod of pods) {
    const forwarded = pod.forwards ? await serveDump(pod) : undefined
    if (forwarded !== undefined) servers.push(forwarded.server)
    objects.push(...kwokObjects(pod, forwarded?.port))
  }
  await writeFile(path.join(folder, 'kwok.yaml'), objects.map((object) => JSON.stringify(object)).join('\n---\n'))
  return servers
}

async function runTests(folder: string, files: readonly string[]): Promise<void> {
  const report = path.join(folder, 'report.json')
  const args = ['vitest', 'run', '--config', 'vitest.e2e.config.ts', '--reporter=verbose', '--reporter=json', `--outputFile=${report}`]
  const env = {...process.env, AMBIENTCTL_E2E_FOLDER: folder, NODE_ENV: 'production', NO_COLOR: '1'}
  const code = await new Promise<number | null>((resolve, reject) => {
    spawn('npx', [...args, ...files], {stdio: 'inherit', env})
      .on('close', resolve)
      .on('error', reject)
  })
  const tally = code === null ? undefined : tallyVitest(await readFile(report, 'utf8'))
  print(formatTally(tally ?? {passed: 0, failed: 1}))
  process.exitCode = code === 0 ? 0 : 1
}

// What was started must not outlive the run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

await main()
