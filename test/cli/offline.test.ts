import {execFileSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, beforeEach, describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {manifestCommands} from './manifest.js'
import {runProgram, type Ended} from './run-program.js'

const NODE = path.dirname(process.execPath)
/** A network without any interface: whoever opens a connection, loopback included, fails. */
const NAMESPACE = ['unshare', '--user', '--map-root-user', '--net', '--', process.execPath] as const
/** Where namespaces are forbidden, a Node that cannot connect. */
const WITHOUT_SOCKETS = `data:text/javascript,${encodeURIComponent(
  "import net from 'node:net'; net.Socket.prototype.connect = () => { throw new Error('no network') }",
)}`

function isolation(): readonly [string, ...string[]] {
  try {
    const [program, ...args] = NAMESPACE
    execFileSync(program, [...args, '-e', '0'], {stdio: 'ignore'})
    return NAMESPACE
  } catch {
    return [process.execPath, '--import', WITHOUT_SOCKETS]
  }
}
const [PROGRAM, ...PREFIX] = isolation()

const RECORDED = path.resolve('fixtures/clusters/ga-bookinfo')

/** Runs the program in a network namespace of its own, without HOME and without a kubeconfig. */
function runIsolated(args: readonly string[]): Ended {
  const env = {PATH: `${NODE}:/usr/bin:/bin`, NODE_ENV: 'production', NO_COLOR: '1'}
  const command = [...PREFIX, path.resolve('bin/run.js'), ...args]
  try {
    return {code: 0, stdout: execFileSync(PROGRAM, command, {env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']}), stderr: ''}
  } catch (thrown) {
    if (!(thrown instanceof Error && 'status' in thrown && 'stdout' in thrown && 'stderr' in thrown)) throw thrown
    return {code: Number(thrown.status), stdout: String(thrown.stdout), stderr: String(thrown.stderr)}
  }
}

const ZTUNNEL = path.join(RECORDED, 'proxies/istio-system/ztunnel-node-a.json.gz')
const SCRATCH = mkdtempSync(path.join(tmpdir(), 'ambientctl-offline-'))
const ANONYMOUS = path.join(SCRATCH, 'anonymous')
const SMALL = path.join(SCRATCH, 'small')

/** One way to use each command without a cluster. */
const OFFLINE: Readonly<Record<string, readonly string[]>> = {
  trace: ['trace', 'sleep', 'reviews:9080', '--snapshot', RECORDED],
  walk: ['walk', 'waypoint-fa2e18eaf9-75ac7', '--listener', 'main_internal', '--dst', '10.96.0.30:9080', '--snapshot', RECORDED],
  dump: ['dump', '--file', ZTUNNEL, '-o', 'summary'],
  capture: ['capture', 'sleep', '--dst', '10.96.44.10:5000', '--snapshot', path.resolve('fixtures/capture-states/node-2022')],
  check: ['check', 'fixtures/check.yaml', '--snapshot', RECORDED],
  anonymize: ['anonymize', ZTUNNEL, '--seed', '1', '--output-dir', ANONYMOUS],
  minimize: ['minimize', ZTUNNEL, '--flow', 'sleep reviews:9080', '--output-dir', SMALL],
}
/** What only a live cluster can answer. */
const LIVE_ONLY: ReadonlySet<string> = new Set(['record', 'complete'])
const OF_PLUGINS: ReadonlySet<string> = new Set(['help', 'autocomplete'])

/** What a command wrote: the same question finds the same empty place. */
function clear(): void {
  for (const written of [ANONYMOUS, `${ANONYMOUS}.map.json`, SMALL]) rmSync(written, {recursive: true, force: true})
}

describe('without a network and without a home', () => {
  beforeEach(clear)
  afterAll(() => {
    rmSync(SCRATCH, {recursive: true, force: true})
  })

  it.each(Object.entries(OFFLINE))('%s answers as it does with them', async (_, args) => {
    const isolated = runIsolated(args)
    clear()
    const usual = await runProgram(args)
    expect(isolated.stdout).toBe(usual.stdout)
    expect(isolated.code).toBe(usual.code)
    expect(isolated.code).not.toBe(EXIT_CODES.bug)
    expect(isolated.stdout).not.toBe('')
  })

  it('a network is really not there', () => {
    const connect = "require('node:net').connect(1, '127.0.0.1').on('error', (error) => console.log(error.code))"
    const code = `try { ${connect} } catch (error) { console.log('ENETUNREACH') }`
    const env = {PATH: process.env['PATH']}
    expect(execFileSync(PROGRAM, [...PREFIX, '-e', code], {env, encoding: 'utf8'})).toBe('ENETUNREACH\n')
  })

  it('every command was tried that needs none', () => {
    const known = manifestCommands().map(({id}) => id)
    const untried = known.filter((id) => !(id in OFFLINE) && !LIVE_ONLY.has(id) && !OF_PLUGINS.has(id))
    expect(untried).toEqual([])
  })
})
