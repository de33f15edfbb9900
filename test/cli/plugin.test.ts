import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, beforeEach, describe, expect, it} from 'vitest'
import {parse} from 'yaml'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {FakeKubectl} from '../tools/fake-kubectl.js'
import {runNode} from './run-program.js'

const kubectl = new FakeKubectl()
const folder = mkdtempSync(path.join(tmpdir(), 'plugin-'))
let cache = ''
beforeEach(() => {
  cache = mkdtempSync(path.join(folder, 'tmp-'))
})
afterAll(() => {
  kubectl.remove()
  rmSync(folder, {recursive: true})
})

async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const ended = await runNode(['bin/complete.js', ...words], {env: {PATH: kubectl.dir, TMPDIR: cache}})
  expect(ended).toMatchObject({code: EXIT_CODES.ok, stderr: ''})
  const lines = ended.stdout.trimEnd().split('\n')
  expect(lines.at(-1)).toBe(':4')
  return lines.slice(0, -1)
}

const PODS = {when: 'get pods', stdout: 'apps/sleep-1\napps/web-1\nistio-system/ztunnel-1\n'}
const SERVICES = {when: 'get services', stdout: 'web.apps 80 443\nnone.apps\n'}

describe('the completion that kubectl asks for', () => {
  it('knows commands and flags without a cluster', async () => {
    kubectl.playAll([])
    expect(await complete('tr')).toEqual(['trace'])
    expect(await complete('trace', '--ver')).toEqual(['--verbose'])
    expect(await complete('trace', '--transport', 'p')).toEqual(['pilot-agent', 'port-forward'])
    expect(await complete('lint-nothing', '')).toEqual([])
    expect(kubectl.calls()).toEqual([])
  })

  it('offers pods, then services with their ports, of the cluster that is named', async () => {
    kubectl.playAll([PODS, SERVICES])
    expect(await complete('dump', 'apps/')).toEqual(['apps/sleep-1', 'apps/web-1'])
    expect(await complete('trace', '--context=eu', '-v', 'apps/s')).toEqual(['apps/sleep-1'])
    expect(String(kubectl.args())).toContain('--context=eu')
    expect(await complete('trace', '--context', 'eu', 'apps/sleep-1', 'w')).toEqual(['web.apps:443', 'web.apps:80'])
    expect(await complete('trace', 'apps/sleep-1', 'web.apps:80', '')).toEqual([])
  })

  it('asks once for keys that follow each other', async () => {
    kubectl.playAll([PODS])
    await complete('dump', 'a')
    await complete('dump', 'ap')
    expect(kubectl.calls()).toHaveLength(1)
  })

  it('is silent when the cluster does not answer, and offers nothing a terminal would obey', async () => {
    kubectl.playAll([{when: 'get pods', exit: 1, stderr: 'Unable to connect to the server'}])
    expect(await complete('dump', '')).toEqual([])
    kubectl.playAll([{...PODS, stdout: 'apps/\u001B[31mred\napps/plain\n'}])
    expect(await complete('dump', '')).toEqual(['apps/plain'])
  })
})

describe('the plugin of kubectl', () => {
  it('is found by the real kubectl, and asked for completion', () => {
    for (const [name, target] of Object.entries(bins())) {
      symlinkSync(path.resolve(target), path.join(folder, name))
    }
    const env = {PATH: `${folder}:${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, HOME: folder, TMPDIR: cache}
    const run = (...args: readonly string[]): string =>
      execFileSync('kubectl', args, {env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
    expect(run('ambient', '--version')).toMatch(/^ambientctl\//)
    expect(run('ambient', 'trace', 'sleep', 'productpage:9080', '--demo', 'bookinfo-waypoint', '-o', 'minimal')).toContain('productpage')
    expect(run('__complete', 'ambient', 'tr')).toMatch(/^trace\n:4\n/)
  })

  it('has a manifest for krew', () => {
    const manifest: unknown = parse(readFileSync('docs/krew.yaml', 'utf8'))
    const version: unknown = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(manifest).toMatchObject({
      apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
      kind: 'Plugin',
      metadata: {name: 'ambient'},
      spec: {version: 'v0.1.0', platforms: [{bin: 'bin/run.js'}]},
    })
    expect(version).toMatchObject({bin: {'kubectl-ambient': './bin/run.js', 'kubectl_complete-ambient': './bin/complete.js'}})
  })
})

function bins(): Readonly<Record<string, string>> {
  return {'kubectl-ambient': 'bin/run.js', 'kubectl_complete-ambient': 'bin/complete.js'}
}
