import {chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {readManifest} from '../../src/snapshot/manifest.js'
import {FakeKubectl} from '../tools/fake-kubectl.js'
import {kubectlOfSnapshot} from './kubectl-of-snapshot.js'
import {runInside} from './run-inside.js'
import {runProgram, type Ended} from './run-program.js'

const folder = mkdtempSync(path.join(tmpdir(), 'live-'))
afterAll(() => {
  rmSync(folder, {recursive: true})
})

/** A kubectl that answers for a recorded cluster, in a directory of its own. */
function clusterOf(recorded: string, namespace?: string): string {
  const directory = mkdtempSync(path.join(folder, 'bin-'))
  writeFileSync(path.join(directory, 'kubectl'), kubectlOfSnapshot(path.resolve('fixtures/clusters', recorded), {namespace}))
  chmodSync(path.join(directory, 'kubectl'), 0o755)
  return directory
}

interface Live {
  readonly cluster: string
  readonly question: readonly string[]
  /** What it says it fetches beside the lists, in this order. */
  readonly fetched: readonly RegExp[]
}

const CASES: Readonly<Record<string, Live>> = {
  'ztunnels and a waypoint of GA': {
    cluster: 'ga-orchard',
    question: ['market/buyer', 'vault.orchard:80'],
    fetched: [/ztunnel istio-system\/ztunnel-row-1/, /waypoint orchard\/fence-/, /ztunnel istio-system\/ztunnel-row-2/],
  },
  'ztunnels and a waypoint of 2022': {
    cluster: 'sep2022-bookinfo-waypoint',
    question: ['sleep', 'productpage:9080'],
    fetched: [/ztunnel istio-system\/ztunnel-637c3/, /waypoint default\/bookinfo-productpage-/, /ztunnel istio-system\/ztunnel-14199/],
  },
  'a name that only ztunnels know': {
    cluster: 'ga-egress',
    question: ['app/client', 'httpbin.example.org:80'],
    fetched: [/ztunnel istio-system\/ztunnel-w1/, /waypoint egress\/egress-gw-/],
  },
  'a gateway that is asked from outside': {
    cluster: 'ga-ingress',
    question: ['external', 'public-istio.gw:80', '--host', 'app.example.com', '--path', '/a'],
    fetched: [/gateway gw\/public-istio-/, /ztunnel istio-system\/ztunnel-n1/, /ztunnel istio-system\/ztunnel-n2/, /waypoint mesh\/wp-/],
  },
}

describe.each(Object.entries(CASES))('a trace in a live cluster through %s', (_, {cluster, question, fetched}) => {
  const env = {PATH: clusterOf(cluster)}

  it('fetches the lists, then only the proxies it comes to, and can be asked again from what was kept', async () => {
    const evidence = path.join(mkdtempSync(path.join(folder, 'kept-')), 'evidence')
    const live = await runProgram(['trace', ...question, '--evidence', '--save', evidence], {env})
    const [lists, ...proxies] = live.stderr.trimEnd().split('\n')
    expect(lists).toBe('fetching the lists of context recorded')
    expect(proxies).toEqual(fetched.map((one): unknown => expect.stringMatching(one)))
    expect(live.stdout).not.toBe('')

    const again = await runInside(['trace', ...question, '--evidence', '--snapshot', evidence])
    expect(again.stdout).toBe(live.stdout)
    expect(again.code).toBe(live.code)
    const whole = await runInside(['trace', ...question, '-o', 'minimal', '--snapshot', path.resolve('fixtures/clusters', cluster)])
    expect((await runProgram(['trace', ...question, '-o', 'minimal'], {env})).stdout).toBe(whole.stdout)

    const file = path.join(evidence, 'snapshot.json')
    const manifest = readManifest(readFileSync(file, 'utf8'), file)
    expect(manifest).toMatchObject({cluster: 'recorded', namespace: 'default'})
    expect(manifest.files.filter(({kind}) => kind === 'config-dump')).toHaveLength(fetched.length)
  })
})

describe('a walk through a proxy of the live cluster', () => {
  const recorded = path.resolve('fixtures/clusters/ga-orchard')
  const env = {PATH: clusterOf('ga-orchard', 'market')}
  const asked = ['--port', '15001', '--src', '10.0.0.1:40000', '--dst', '10.0.0.2:80', '-o', 'minimal']

  it.each(['istio-system/ztunnel-row-1', 'ztunnel-row-1', 'ztunnel-row-1 -n istio-system'])(
    'says of %s what its recording says',
    async (name) => {
      const live = await runProgram(['walk', ...name.split(' '), ...asked], {env})
      const [pod = ''] = name.split(' ')
      const {stdout, code} = await runInside(['walk', pod, ...asked, '--snapshot', recorded])
      expect({stdout: live.stdout, code: live.code}).toEqual({stdout, code})
      expect(stdout).not.toBe('')
      expect(live.stderr).toContain('fetching proxy istio-system/ztunnel-row-1\n')
    },
  )

  it('takes an application for the ztunnel of its node, and keeps what it fetched', async () => {
    const evidence = path.join(folder, 'walked')
    const live = await runProgram(['walk', 'deploy/buyer', ...asked, '--save', evidence], {env})
    expect(live.stderr).toContain('has no proxy of its own: this is ztunnel istio-system/ztunnel-row-1 of its node row-1')
    const again = await runInside(['walk', 'ztunnel-row-1', ...asked, '--snapshot', evidence])
    expect({stdout: again.stdout, code: again.code}).toEqual({stdout: live.stdout, code: live.code})
  })

  it('fetches each proxy of a batch once, and answers the other lines', async () => {
    const scratch = mkdtempSync(path.join(folder, 'tmp-'))
    const line = (proxy: string): string =>
      JSON.stringify({proxy, port: 15_001, source: {ip: '10.0.0.1', port: 4}, destination: {ip: '10.0.0.2', port: 80}})
    const input = ['ztunnel-row-1', 'nobody', 'ztunnel-row-2', 'ztunnel-row-1'].map(line).join('\n')
    const live = await runProgram(['walk', '--batch', '-', '--coverage'], {env: {...env, TMPDIR: scratch}, input})
    expect(live.stderr.split('\n').filter((text) => text.startsWith('fetching'))).toEqual([
      'fetching proxy istio-system/ztunnel-row-1',
      'fetching proxy istio-system/ztunnel-row-2',
    ])
    expect(live.stdout).toContain('There is no pod nobody')
    expect(readdirSync(scratch)).toEqual([])
  })

  it('says what is missing, and what can be asked instead', async () => {
    const {code, stdout, stderr} = await runProgram(['walk', 'nobody', ...asked], {env})
    expect({code, stdout}).toEqual({code: EXIT_CODES.external, stdout: ''})
    for (const way of ['There is no pod nobody', '--snapshot', '--demo']) expect(stderr).toContain(way)
    const both = await runProgram(['walk', 'z', ...asked, '--context', 'c', '--snapshot', recorded], {env})
    expect(both).toMatchObject({code: EXIT_CODES.usage, stdout: ''})
  })
})

describe('a live cluster', () => {
  const market = {PATH: clusterOf('ga-orchard', 'market')}

  it('looks names up in the namespace of the context, and remembers which that was', async () => {
    const evidence = path.join(folder, 'market')
    const live = await runProgram(['trace', 'buyer', 'vault.orchard:80', '--save', evidence, '-o', 'minimal'], {env: market})
    expect(live.stdout).toContain('buyer')
    expect(await runInside(['trace', 'buyer', 'vault.orchard:80', '--snapshot', evidence, '-o', 'minimal'])).toMatchObject({
      stdout: live.stdout,
    })
    const old = await runProgram(['trace', 'buyer', 'vault.orchard:80', '--save', evidence], {env: market})
    expect(old).toMatchObject({code: EXIT_CODES.usage, stdout: ''})
    expect(old.stderr).toContain('There is an older recording in this directory.')
  })

  it('answers a batch, and fetches nothing twice', async () => {
    const line = JSON.stringify({source: 'market/buyer', destination: 'vault.orchard:80'})
    const {stdout, stderr} = await runProgram(['trace', '--batch', '-'], {env: market, input: `${line}\n${line}\n`})
    const [first, second] = stdout.trimEnd().split('\n')
    expect(second?.replace('"line":2', '"line":1')).toBe(first)
    const fetched = stderr.split('\n').filter((text) => text.startsWith('fetching ztunnel'))
    expect(new Set(fetched).size).toBe(fetched.length)
  })

  it('is recorded as far as a flow needs it, as an archive that answers', async () => {
    const archive = path.join(folder, 'flow.tar.gz')
    const recorded = await runProgram(['record', '-o', archive, '-n', 'market', '--for', 'buyer', 'vault.orchard:80'], {env: market})
    expect(recorded.code).toBe(EXIT_CODES.ok)
    expect(recorded.stdout).toContain(`${archive}: `)
    expect(recorded.stderr.split('\n').filter((line) => /^fetching (?:ztunnel|waypoint)/.test(line))).toHaveLength(3)
    const live = await runProgram(['trace', 'buyer', 'vault.orchard:80', '-n', 'market'], {env: market})
    expect((await runInside(['trace', 'buyer', 'vault.orchard:80', '--snapshot', archive])).stdout).toBe(live.stdout)
    const odd = await runProgram(['record', path.join(folder, 'odd'), '--for', 'buyer'], {env: market})
    expect(odd).toMatchObject({code: EXIT_CODES.usage, stdout: ''})
  })

  it('is not asked before the question is whole', async () => {
    const {code, stderr} = await runProgram(['trace', 'buyer'], {env: market})
    expect(code).toBe(EXIT_CODES.usage)
    expect(stderr).toContain('DST is missing.')
    expect(stderr).not.toContain('fetching')
  })

  it('lists candidates of a name that several things have', async () => {
    const {code, stderr} = await runProgram(['trace', 'node/row', 'vault.orchard:80'], {env: market})
    expect(code).toBe(EXIT_CODES.usage)
    expect(stderr).toContain('row-1')
  })

  it('tells nothing but the answer under --json, and leaves nothing behind', async () => {
    const scratch = mkdtempSync(path.join(folder, 'tmp-'))
    const live = await runProgram(['trace', 'buyer', 'vault.orchard:80', '--json'], {env: {...market, TMPDIR: scratch}})
    expect(live.stderr).toBe('')
    expect(JSON.parse(live.stdout)).toMatchObject({verdict: {kind: 'denied'}})
    expect(readdirSync(scratch)).toEqual([])
  })
})

describe('without a live cluster', () => {
  const kubectl = new FakeKubectl()
  afterAll(() => {
    kubectl.remove()
  })
  const trace = (env: Readonly<Record<string, string>>, ...more: readonly string[]): Promise<Ended> =>
    runProgram(['trace', 'sleep', 'productpage:9080', ...more], {env})

  it('says what is missing, and what can be asked instead', async () => {
    const none = await trace({PATH: folder})
    expect(none).toMatchObject({code: EXIT_CODES.external, stdout: ''})
    expect(none.stderr).toContain('kubectl was not found on PATH.')
    for (const way of ['--snapshot', 'ambientctl record', '--demo']) expect(none.stderr).toContain(way)
  })

  it.each([
    {
      stderr: 'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
      says: 'cannot be reached',
    },
    {stderr: 'error: You must be logged in to the server (Unauthorized)', says: 'does not accept the login'},
    {stderr: 'Error from server (Forbidden): pods is forbidden', says: 'does not allow list pods'},
  ])('says that the cluster $says', async ({stderr, says}) => {
    kubectl.playAll([
      {when: 'config view', exit: 1, stderr: 'error: current-context must exist in order to minify\n'},
      {when: 'get', exit: 1, stderr},
    ])
    const refused = await trace({PATH: kubectl.dir})
    expect(refused).toMatchObject({code: EXIT_CODES.external, stdout: ''})
    expect(refused.stderr).toContain(says)
    expect(refused.stderr).toContain('--snapshot')
  })

  it('refuses flags of a cluster beside a recording', async () => {
    const refused = await trace({PATH: folder}, '--demo', 'bookinfo-waypoint', '--context', 'prod')
    expect(refused).toMatchObject({code: EXIT_CODES.usage, stdout: ''})
    expect(refused.stderr).toContain('--context')
  })

  it('takes a flag of a cluster before the variable that names a recording', async () => {
    const asked = await trace(
      {PATH: folder, AMBIENTCTL_SNAPSHOT: path.resolve('fixtures/clusters/gke-sleep-productpage')},
      '--context',
      'prod',
    )
    expect(asked.code).toBe(EXIT_CODES.external)
  })
})

describe('a trace in a live cluster with packet rules', () => {
  const recorded = path.resolve('fixtures/clusters/ga-bookinfo-rules')
  const directory = mkdtempSync(path.join(folder, 'bin-'))
  writeFileSync(path.join(directory, 'kubectl'), kubectlOfSnapshot(recorded, {namespace: 'bookinfo', cni: true}))
  chmodSync(path.join(directory, 'kubectl'), 0o755)
  const env = {PATH: directory}

  it('fetches those of the pods and nodes it comes to, and cites their lines', async () => {
    const kept = path.join(folder, 'with-rules')
    const question = ['trace', 'sleep', 'details:9080', '--evidence']
    const live = await runProgram([...question, '--capture', '--save', kept], {env})
    expect(live.stderr).toContain(
      'fetching the packet rules of node-a, node-b, node-c, bookinfo/details-v1-befd3fe979-e8a82, bookinfo/sleep-',
    )
    expect(live.stderr).toContain('capture/node/node-a/ip-rule: The image of container install-cni')
    expect(live.stdout).toContain('at         capture/bookinfo/sleep-8c86c414b3-23f84/iptables-save:')
    expect((await runInside([...question, '--snapshot', kept])).stdout).toBe(live.stdout)
    const without = await runProgram(question, {env})
    expect(without.stdout).not.toContain('iptables-save:')
  })

  it('is recorded whole for one flow', async () => {
    const archive = path.join(folder, 'flow.tar.gz')
    const {code, stdout} = await runProgram(['record', '-o', archive, '--capture', '--for', 'sleep', 'details:9080'], {env})
    expect(stdout).toContain('capture/node/node-a/')
    expect(code).toBe(EXIT_CODES.negative)
    const again = await runInside(['trace', 'bookinfo/sleep', 'details.bookinfo:9080', '--evidence', '--snapshot', archive])
    expect(again.stdout).toContain('capture/bookinfo/sleep-8c86c414b3-23f84/iptables-save:')
  })
})
