import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {beforeAll, describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {runProgram} from '../cli/run-program.js'
import {ambientctl, kubectl, manifestIn, scratch, startAmbientctl} from './harness.js'
import {until} from './processes.js'
import {MANY} from './world.js'

/** The role that the README says is enough. */
function documentedRole(): string {
  return /```yaml\n(apiVersion: rbac[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? ''
}

async function grant(user: string, role: string): Promise<void> {
  const file = path.join(scratch(), 'role.yaml')
  writeFileSync(file, role.replace('name: ambientctl', `name: ${user}`))
  await kubectl('apply', '-f', file)
  await kubectl('create', 'clusterrolebinding', user, `--clusterrole=${user}`, `--user=${user}`)
}

describe('a recording', () => {
  beforeAll(async () => {
    await grant('documented', documentedRole())
    await grant('forwarder', documentedRole().replace(', pods/exec', ''))
  })

  it('of more than 50 pods at once needs no more than the documented rights, and answers', async () => {
    const directory = path.join(scratch(), 'recorded')
    const recorded = await ambientctl('documented', 'record', directory, '--concurrency', '16')
    expect(recorded.code).toBe(EXIT_CODES.ok)
    expect(recorded.stdout).toMatch(/ 0 failed$/m)
    const dumps = manifestIn(directory).files.filter(({kind}) => kind === 'config-dump')
    expect(dumps.length).toBe(MANY + 3)
    expect(dumps.every(({sha256}) => sha256 !== undefined)).toBe(true)
    const asked = await runProgram(['trace', 'market/buyer', 'vault.orchard:80', '-o', 'minimal', '--snapshot', directory])
    const shipped = await runProgram(['trace', 'market/buyer', 'vault.orchard:80', '-o', 'minimal', '--demo', 'ga-waypoint-identity'])
    expect(asked.stdout).toBe(shipped.stdout)
  })

  it('without the right to exec has what can be forwarded, and lists the rest with the command that failed', async () => {
    const directory = path.join(scratch(), 'recorded')
    const recorded = await ambientctl('forwarder', 'record', directory, '--concurrency', '16')
    expect(recorded.code).toBe(EXIT_CODES.negative)
    const dumps = manifestIn(directory).files.filter(({kind}) => kind === 'config-dump')
    expect(dumps.filter(({error}) => error === undefined).map(({pod}) => pod)).toEqual(['ztunnel-row-1', 'ztunnel-row-2'])
    const [refused] = dumps.filter(({namespace}) => namespace === 'many')
    expect(refused?.error).toContain('does not allow create pods/exec')
  })

  it('never has the right to change anything', async () => {
    for (const verb of ['create', 'delete', 'patch']) {
      await expect(kubectl('auth', 'can-i', verb, 'pods', '--as', 'documented')).rejects.toThrow()
    }
  })

  it('that is interrupted is a valid part, and goes on from there', async () => {
    const directory = path.join(scratch(), 'recorded')
    const running = startAmbientctl('admin', 'record', directory, '--sidecars')
    await until('a ztunnel was recorded', () => Promise.resolve(running.stderr().includes('ztunnel-row-2.json')))
    process.kill(running.pid, 'SIGINT')
    expect(await running.ended).toMatchObject({code: EXIT_CODES.interrupted})
    const {files} = manifestIn(directory)
    expect(files.length).toBeGreaterThan(5)
    for (const {path: name, error} of files) expect(existsSync(path.join(directory, name))).toBe(error === undefined)
    expect((await runProgram(['trace', 'market/buyer', 'vault.orchard:80', '--snapshot', directory])).code).not.toBe(EXIT_CODES.input)
    const again = await ambientctl('admin', 'record', directory)
    expect(again.stdout).not.toContain(' 0 of them kept')
  })

  it('as an archive is one file, which answers', async () => {
    const directory = scratch()
    const archive = path.join(directory, 'recorded.tar.gz')
    const recorded = await ambientctl('admin', 'record', '-o', archive, '--concurrency', '16')
    expect({code: recorded.code, failed: recorded.stdout.match(/^failed .*$/gm)}).toEqual({code: EXIT_CODES.ok, failed: null})
    expect(recorded.stdout).toContain(`${archive}: `)
    expect(readdirSync(directory)).toEqual(['recorded.tar.gz'])
    const question = ['trace', 'market/buyer', 'vault.orchard:80', '-o', 'minimal']
    const asked = await runProgram([...question, '--snapshot', archive])
    expect(asked.stdout).toBe((await runProgram([...question, '--demo', 'ga-waypoint-identity'])).stdout)
  })

  it('of all waypoints of a namespace is a snapshot of those', async () => {
    const directory = path.join(scratch(), 'dumps')
    const {code, stdout} = await ambientctl('admin', 'dump', '--all', 'waypoints', '-n', 'many', '--output-dir', directory)
    expect(code).toBe(EXIT_CODES.ok)
    expect(stdout).toContain(`${directory}: ${MANY} files, 0 of them kept, 0 failed\n`)
    expect(manifestIn(directory).files).toHaveLength(MANY)
  })
})
