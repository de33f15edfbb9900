import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {gzipSync} from 'node:zlib'
import {afterAll, describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {FakeKubectl, type Rule} from '../tools/fake-kubectl.js'
import {podList} from '../tools/pod-lists.js'
import {runProgram, type Ended} from './run-program.js'

const kubectl = new FakeKubectl()
const scratch = mkdtempSync(path.join(tmpdir(), 'dump-'))
afterAll(() => {
  kubectl.remove()
  rmSync(scratch, {recursive: true})
})

const type = (name: string): string => `type.googleapis.com/envoy.admin.v3.${name}`
const DUMP = `${JSON.stringify(
  {
    configs: [
      {
        '@type': type('BootstrapConfigDump'),
        bootstrap: {node: {id: 'sidecar~10.0.0.1~z-1.istio-system~x', metadata: {AMBIENT_TYPE: 'ztunnel'}}},
      },
      {'@type': type('ClustersConfigDump'), dynamic_active_clusters: [{cluster: {name: 'grün'}}, {cluster: {name: 'b\u202e'}}]},
      {'@type': type('SecretsConfigDump'), dynamic_active_secrets: [{name: 'default', secret: {inline: 'PRIVATE'}}]},
    ],
  },
  undefined,
  1,
).replaceAll('\n', '\r\n')}\n\n`

const ENVOY = {namespace: 'istio-system', labels: {'ambient-type': 'ztunnel'}, image: 'proxyv2'}
/** The pods that the tests name, and what a command in them does. */
function play(scene: Omit<Rule, 'when'>): void {
  const asked = (name: string, namespace: string): Rule => ({when: `=${name} `, stdout: podList({...ENVOY, name, namespace})})
  kubectl.playAll([asked('ztunnel-a', 'istio-system'), asked('pod.with.dots', 'ns-1'), asked('pod-a', 'ns-2'), {when: 'exec', ...scene}])
}

const FETCH = [
  '--namespace=istio-system',
  'exec',
  'ztunnel-a',
  '-c',
  'istio-proxy',
  '--',
  'curl',
  '-s',
  '127.0.0.1:15000/config_dump?include_eds',
]

function dump(...args: readonly string[]): Promise<Ended> {
  return runProgram(['dump', ...args], {env: {PATH: kubectl.dir}})
}

describe('dump of a pod', () => {
  it('is what kubectl printed, byte for byte', async () => {
    play({stdout: DUMP, stderr: 'Defaulted container "istio-proxy" out of: istio-proxy\n'})
    expect(await dump('ztunnel-a')).toEqual({code: EXIT_CODES.ok, stdout: DUMP, stderr: ''})
    expect(kubectl.args()).toEqual(FETCH)
  })

  it('passes the cluster flags through', async () => {
    play({stdout: DUMP})
    await dump('ns-1/pod.with.dots', '--context', 'gke_a', '--kubeconfig', 'my config', '-c', 'proxy')
    expect(kubectl.args()).toEqual([
      '--context=gke_a',
      '--kubeconfig=my config',
      '--namespace=ns-1',
      'exec',
      'pod.with.dots',
      '-c',
      'proxy',
      '--',
      ...FETCH.slice(6),
    ])
    await dump('pod-a', '-n', 'ns-2')
    expect(kubectl.args()).toEqual(['--namespace=ns-2', 'exec', 'pod-a', ...FETCH.slice(3)])
  })

  it('arrives whole when it is larger than any pipe', async () => {
    const large = JSON.stringify({
      configs: [
        {
          '@type': type('ClustersConfigDump'),
          dynamic_active_clusters: Array.from({length: 30_000}, (_, at) => ({cluster: {name: `c${at}`.repeat(30)}})),
        },
      ],
    })
    play({stdout: large})
    expect((await dump('ztunnel-a')).stdout === large).toBe(true)
  })

  it('that breaks off on its way into a file is fetched again', async () => {
    const file = path.join(scratch, 'again.json')
    const lost = {
      when: 'exec',
      times: 1,
      stdout: DUMP.slice(0, 200),
      exit: 1,
      stderr: 'error: error reading from error stream: read message\n',
    }
    kubectl.playAll([{when: '=ztunnel-a ', stdout: podList({...ENVOY, name: 'ztunnel-a'})}, lost, {when: 'exec', stdout: DUMP}])
    const saved = await dump('ztunnel-a', '--output-file', file)
    expect(saved).toMatchObject({code: EXIT_CODES.ok, stdout: ''})
    expect(saved.stderr).toContain('It is fetched again.')
    expect(readFileSync(file, 'utf8')).toBe(DUMP)
  })

  it('is saved whole, and printed only where asked', async () => {
    const file = path.join(scratch, 'saved.json')
    play({stdout: DUMP})
    expect(await dump('ztunnel-a', '--output-file', file)).toEqual({code: EXIT_CODES.ok, stdout: '', stderr: ''})
    expect(readFileSync(file, 'utf8')).toBe(DUMP)
    const both = await dump('ztunnel-a', '--output-file', file, '--jsonpath', '$..cluster.name')
    expect(both).toEqual({code: EXIT_CODES.ok, stdout: '"grün"\n"b\\u202e"\n', stderr: ''})
  })

  it('that is only saved is fetched while the program is loaded, once', async () => {
    const file = path.join(scratch, 'early.json')
    kubectl.playAll([{when: 'exec w-1', stdout: DUMP}])
    expect(await dump('w-1', '--output-file', file)).toEqual({code: EXIT_CODES.ok, stdout: '', stderr: ''})
    expect(readFileSync(file, 'utf8')).toBe(DUMP)
    expect(kubectl.calls()).toHaveLength(1)
  })

  it('that was begun leaves nothing behind when the rest of the line is wrong', async () => {
    const file = path.join(scratch, 'wrong.json')
    kubectl.playAll([{when: 'exec', stdout: DUMP, sleepMs: 60_000}])
    expect(await dump('w-1', '--output-file', file, '-f', file)).toMatchObject({code: EXIT_CODES.usage})
    expect((await dump('w-1', '--output-file', file, '--timeout', '9999')).code).toBe(EXIT_CODES.usage)
    expect(readdirSync(scratch).filter((name) => name.startsWith('wrong'))).toEqual([])
    await expect.poll(() => kubectl.isRunning(), {timeout: 5000}).toBe(false)
  })

  it('leaves an older file alone when it fails', async () => {
    const file = path.join(scratch, 'older.json')
    writeFileSync(file, 'older')
    play({stdout: DUMP.slice(0, 100)})
    expect(await dump('ztunnel-a', '--output-file', file)).toMatchObject({code: EXIT_CODES.external})
    expect(readFileSync(file, 'utf8')).toBe('older')
    expect(readdirSync(scratch).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('is summed up without a word of its secrets', async () => {
    play({stdout: DUMP})
    const {code, stdout, stderr} = await dump('ztunnel-a', '-o', 'summary')
    expect({code, stdout}).toEqual({
      code: EXIT_CODES.ok,
      stdout: [
        'ztunnel  istio-system/z-1  10.0.0.1',
        '',
        'kind       total  states',
        'listeners      0',
        'clusters       2  2 active',
        'endpoints      -  not in this dump: collect it with ?include_eds',
        'routes         0',
        'secrets        1  1 active',
        '',
      ].join('\n'),
    })
    expect(stderr).toBe('warning: the dump lacks endpoints: collect it again with /config_dump?include_eds\n')
  })

  it('is the same summary as JSON', async () => {
    play({stdout: DUMP})
    const flag = await dump('ztunnel-a', '--json')
    const output = await dump('ztunnel-a', '-o', 'json')
    expect(JSON.parse(flag.stdout)).toEqual(JSON.parse(output.stdout))
    expect(JSON.parse(flag.stdout)).toMatchObject({
      schemaVersion: 'ambientctl.dump/1',
      kind: 'envoy',
      proxy: {role: 'ztunnel', name: 'z-1'},
    })
    expect(flag.stdout).not.toContain('PRIVATE')
  })
})

describe('a dump that cannot be had', () => {
  it('is one failure, in words and as JSON', async () => {
    play({exit: 1, stderr: 'Error from server (NotFound): pods "ztunnel-a" not found\n'})
    const words = await dump('ztunnel-a')
    const json = await dump('ztunnel-a', '--json')
    expect(words.code).toBe(EXIT_CODES.external)
    expect(words.stderr).toContain('There is no pod ztunnel-a.')
    expect(json).toMatchObject({code: EXIT_CODES.external, stderr: ''})
    expect(JSON.parse(json.stdout)).toMatchObject({error: {kind: 'external', message: 'There is no pod ztunnel-a.'}})
  })

  it('says what the proxy answered instead', async () => {
    play({stdout: '<html>404</html>'})
    const {code, stdout, stderr} = await dump('ztunnel-a', '--transport', 'exec-curl')
    expect({code, stdout}).toEqual({code: EXIT_CODES.external, stdout: ''})
    expect(stderr).toContain('<html>404</html>')
  })

  it('ends after the time allowed, and kubectl with it', async () => {
    play({stdout: DUMP.slice(0, 50), sleepMs: 60_000})
    const {code, stderr} = await dump('ztunnel-a', '--timeout', '1')
    expect(code).toBe(EXIT_CODES.external)
    expect(stderr).toContain('kubectl did not end within 1 seconds, after 50 bytes.')
    expect(kubectl.isRunning()).toBe(false)
  })

  it('says when there is no kubectl', async () => {
    const {code, stderr} = await runProgram(['dump', 'ztunnel-a'], {env: {PATH: scratch}})
    expect(code).toBe(EXIT_CODES.external)
    expect(stderr).toContain('kubectl was not found on PATH.')
    expect(stderr).toContain('--file')
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends on %s, and kubectl with it', async (signal) => {
    play({stdout: DUMP.slice(0, 50), sleepMs: 60_000})
    const child = spawn(process.execPath, [path.resolve('bin/run.js'), 'dump', 'ztunnel-a'], {env: {PATH: kubectl.dir}})
    await once(child.stdout, 'data')
    child.kill(signal)
    expect(await once(child, 'close')).toEqual([EXIT_CODES.interrupted, null])
    expect(kubectl.isRunning()).toBe(false)
  })
})

const refused: readonly (readonly string[])[] = [
  [],
  ['a', '-f', 'b'],
  ['--', '--kubeconfig=/x'],
  ['a', '-n', '-x'],
  ['a', '--jsonpath', '$.configs['],
]

describe('a call that cannot be meant', () => {
  it.each(refused)('dump %s %s %s', async (...args) => {
    kubectl.play({stdout: DUMP})
    const {code, stdout, stderr} = await dump(...args)
    expect({code, stdout}).toEqual({code: EXIT_CODES.usage, stdout: ''})
    expect(stderr).toMatch(/^error: /)
    expect(kubectl.args()).toBeUndefined()
  })
})

describe('dump of a file', () => {
  const file = path.join(scratch, 'z.json')
  writeFileSync(file, DUMP)

  it('needs no kubectl', async () => {
    expect(await runProgram(['dump', '-f', file], {env: {PATH: scratch}})).toEqual({code: EXIT_CODES.ok, stdout: DUMP, stderr: ''})
  })

  it('reads standard input', async () => {
    const {stdout} = await runProgram(['dump', '-f', '-', '--jsonpath', "$.configs[*]['@type']"], {input: DUMP})
    expect(stdout.split('\n')).toEqual([
      ...['BootstrapConfigDump', 'ClustersConfigDump', 'SecretsConfigDump'].map((name) => JSON.stringify(type(name))),
      '',
    ])
  })

  it('unpacks gzip', async () => {
    const packed = path.join(scratch, 'z.json.gz')
    writeFileSync(packed, gzipSync(DUMP))
    expect((await dump('-f', packed)).stdout).toBe(DUMP)
  })

  it('gives matches with their pointers as JSON', async () => {
    const {stdout} = await dump('-f', file, '--jsonpath', '$..dynamic_active_clusters[0].cluster.name', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 'ambientctl.dump-matches/1',
      matches: [{pointer: '/configs/1/dynamic_active_clusters/0/cluster/name', value: 'grün'}],
    })
  })

  it('says what is wrong with it', async () => {
    const damaged = path.join(scratch, 'damaged.json')
    writeFileSync(damaged, DUMP.slice(0, 300))
    expect((await dump('-f', damaged, '-o', 'summary')).code).toBe(EXIT_CODES.input)
    expect((await dump('-f', path.join(scratch, 'absent.json'))).code).toBe(EXIT_CODES.input)
    writeFileSync(damaged, '{"a": 1}')
    expect((await dump('-f', damaged, '-o', 'summary')).stderr).toContain('The dump is none of a known proxy.')
    expect(existsSync(path.join(scratch, 'absent.json'))).toBe(false)
  })
})
