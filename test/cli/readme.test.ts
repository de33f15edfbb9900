import {execFileSync} from 'node:child_process'
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {gunzipSync} from 'node:zlib'
import {afterAll, describe, expect, test} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {kubectlOfSnapshot} from './kubectl-of-snapshot.js'

const README = readFileSync('README.md', 'utf8')
const RECORDED = path.resolve('fixtures/clusters/sep2022-bookinfo-waypoint')

/** A folder where `ambientctl` and `kubectl` are on the PATH, as the README assumes. */
const folder = mkdtempSync(path.join(tmpdir(), 'readme-'))
afterAll(() => {
  rmSync(folder, {recursive: true})
})
program('ambientctl', `#!/bin/sh\nexec '${process.execPath}' '${path.resolve('bin/run.js')}' "$@"\n`)
program('kubectl', kubectlOfSnapshot(RECORDED))
writeFileSync(path.join(folder, 'checks.yaml'), blocks('yaml').find((block) => block.includes('checks:')) ?? '')
writeFileSync(path.join(folder, 'ztunnel.json'), gunzipSync(readFileSync(`${RECORDED}/proxies/istio-system/ztunnel-637c3.json.gz`)))

describe('the README', () => {
  const shown = blocks('').map((block) => {
    const [first = '', ...output] = block.split('\n')
    return {command: first.replace(/^\$ /, ''), output: output.join('\n')}
  })

  test.each(shown)('shows what `$command` prints', ({command, output}) => {
    expect(run(command)).toEqual({code: EXIT_CODES.ok, stdout: output})
  })

  test('installs and traces what it shows with one command, and tests with another', () => {
    const [install, prove] = blocks('sh').map((block) => block.trimEnd())
    expect(install).toBe(`npm ci && ${(shown[0]?.command ?? '').replace('ambientctl', 'node bin/run.js')}`)
    expect(prove).toBe('npm ci && npm test')
  })

  test('records a cluster that can then be asked', () => {
    const recipe = blocks('sh').find((block) => block.includes('ambientctl record')) ?? ''
    expect(run(`set -e\n${recipe}`)).toEqual({code: EXIT_CODES.ok, stdout: 'recorded: 19 files, 0 of them kept, 0 failed\n'})
    const minimal = '-o minimal'
    const recorded = run(`ambientctl trace sleep productpage:9080 --snapshot recorded ${minimal}`)
    expect(recorded).toEqual(run(`ambientctl trace sleep productpage:9080 --demo bookinfo-waypoint ${minimal}`))
    expect(recorded.code).toBe(EXIT_CODES.ok)
    expect(run(lineStarting('ambientctl trace sleep productpage:9080 --snapshot recorded --method DELETE')).code).toBe(EXIT_CODES.negative)
  })

  test.each([
    {start: 'ambientctl trace 10.4.2.20', code: EXIT_CODES.undetermined},
    {start: 'ambientctl walk ztunnel', code: EXIT_CODES.ok},
    {start: 'ambientctl dump -f ztunnel.json', code: EXIT_CODES.ok},
  ])('gives commands that answer: $start', ({start, code}) => {
    expect(run(lineStarting(start)).code).toBe(code)
  })
})

function lineStarting(start: string): string {
  return README.split('\n').find((line) => line.startsWith(start)) ?? `echo the README has no line ${start}; exit 70`
}

/** Fenced blocks of a language; without one, those that start with a prompt. */
function blocks(language: string): readonly string[] {
  const fenced = [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, word = '', text = '']) => ({word, text}))
  return fenced.filter(({word, text}) => word === language && (language !== '' || text.startsWith('$ '))).map(({text}) => text)
}

function run(script: string): {readonly code: number; readonly stdout: string} {
  const env = {PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder}
  try {
    return {
      code: 0,
      stdout: execFileSync('bash', ['-c', script], {cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']}),
    }
  } catch (thrown) {
    if (!(thrown instanceof Error && 'status' in thrown && 'stdout' in thrown)) throw thrown
    return {code: Number(thrown.status), stdout: String(thrown.stdout)}
  }
}

function program(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text)
  chmodSync(path.join(folder, name), 0o755)
}
