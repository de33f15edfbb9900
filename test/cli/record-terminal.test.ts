import {spawn} from 'node:child_process'
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {kubectlOfSnapshot} from './kubectl-of-snapshot.js'

const folder = mkdtempSync(path.join(tmpdir(), 'terminal-'))
writeFileSync(path.join(folder, 'kubectl'), kubectlOfSnapshot(path.resolve('fixtures/clusters/ga-orchard')))
chmodSync(path.join(folder, 'kubectl'), 0o755)
afterAll(() => {
  rmSync(folder, {recursive: true})
})

/** What a terminal gets: `script` runs a command on a pseudo terminal and passes on what appears there. */
function onTerminal(words: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const command = [process.execPath, path.resolve('bin/run.js'), ...words].join(' ')
  const all = {
    HOME: folder,
    TERM: 'xterm-256color',
    COLUMNS: '90',
    SHELL: '/bin/sh',
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    ...env,
  }
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qefc', command, '/dev/null'], {env: all, stdio: ['ignore', 'pipe', 'pipe']})
    let seen = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (seen += text))
    child.on('error', reject)
    child.on('close', () => {
      resolve(seen)
    })
  })
}

const ESCAPE = String.fromCodePoint(0x1b)
const COLOUR = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g')
const ERASE_LINE = '\r\u001B[K'

describe('a recording on a terminal', () => {
  it('draws one line over and over, and leaves the sum', async () => {
    const seen = await onTerminal(['record', path.join(folder, 'drawn')], {})
    const drawn = seen.split(ERASE_LINE).map((line) => line.replaceAll(COLOUR, ''))
    expect(drawn.filter((line) => /^\[#*\.*\] +\d+\/\d+  /.test(line)).length).toBeGreaterThan(10)
    expect(drawn.slice(1, -1).join('')).not.toContain('\n')
    expect(drawn.at(-1)).toMatch(/^\S+drawn: \d+ files, 0 of them kept, 0 failed\r\n/)
    expect(seen).toMatch(COLOUR)
  })

  it('is drawn without colour under NO_COLOR', async () => {
    const seen = await onTerminal(['record', path.join(folder, 'plain')], {NO_COLOR: '1'})
    expect(seen).toContain(`${ERASE_LINE}[#`)
    expect(seen).not.toMatch(COLOUR)
  })

  it.each([{CI: 'true'}, {TERM: 'dumb'}])('is plain lines under %j', async (env) => {
    const seen = await onTerminal(['record', path.join(folder, Object.keys(env).join(''))], env)
    expect(seen).not.toContain(ERASE_LINE)
    expect(seen).toMatch(/^1\/\d+ inventory\/pods\.json \d+ bytes\r\n/)
  })
})
