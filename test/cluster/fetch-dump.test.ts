import {describe, expect, it} from 'vitest'
import {fetchDump, type DumpFetch, type TransportMemory} from '../../src/cluster/fetch-dump.js'
import {parseForwarding} from '../../src/cluster/port-forward.js'
import {describeFailure} from '../../src/flow/errors.js'
import type {Rule} from '../tools/fake-kubectl.js'
import {kubectlOnPath} from './kubectl-on-path.js'

const kubectl = kubectlOnPath()

const DUMP = `{"configs": [${'{"@type": "x/envoy.admin.v3.RoutesConfigDump"}, '.repeat(20)}{}]}`
const NO_CURL: Rule = {when: '-- curl', exit: 126, stderr: 'error: exec failed: "curl": executable file not found in $PATH: unknown\n'}
const NO_AGENT: Rule = {when: '-- pilot-agent', exit: 126, stderr: 'exec: "pilot-agent": executable file not found in $PATH: unknown\n'}
const FORBIDDEN: Rule = {
  when: ' exec ',
  exit: 1,
  stderr: 'Error from server (Forbidden): pods "w" is forbidden: cannot create resource "pods/exec"\n',
}
const FORWARD: Rule = {when: 'port-forward', serve: {body: DUMP}}

interface Fetched {
  readonly text: string
  readonly warnings: readonly string[]
  readonly error?: unknown
}

const ENVOY = {pod: 'w', namespace: 'apps', container: 'istio-proxy', proxy: 'envoy'} as const
const ZTUNNEL = {...ENVOY, proxy: 'ztunnel'} as const

async function fetch(options: Partial<DumpFetch> = {}): Promise<Fetched> {
  const warnings: string[] = []
  let text = ''
  const memory: TransportMemory = new Map()
  try {
    const dump = fetchDump({target: ENVOY, access: {}, timeoutMs: 20_000, memory, warn: (warning) => warnings.push(warning), ...options})
    for await (const chunk of dump) text += Buffer.from(chunk).toString()
  } catch (error) {
    return {text, warnings, error}
  }
  return {text, warnings}
}

describe('the ways into a pod', () => {
  it('are curl, pilot-agent and a forwarded port for an Envoy, each with the endpoints', async () => {
    kubectl.playAll([NO_CURL, NO_AGENT, FORWARD])
    expect(await fetch()).toEqual({
      text: DUMP,
      warnings: [
        'pod apps/w was asked by port-forward: ' +
          'exec-curl: The image of container istio-proxy in pod w has no curl; pilot-agent: The image of container istio-proxy in pod w has no pilot-agent',
      ],
    })
    expect(kubectl.calls()).toEqual([
      ['--namespace=apps', 'exec', 'w', '-c', 'istio-proxy', '--', 'curl', '-s', '127.0.0.1:15000/config_dump?include_eds'],
      ['--namespace=apps', 'exec', 'w', '-c', 'istio-proxy', '--', 'pilot-agent', 'request', 'GET', 'config_dump?include_eds'],
      ['--namespace=apps', 'port-forward', 'pod/w', ':15000'],
    ])
    expect(kubectl.isRunning()).toBe(false)
  })

  it('stop at the first that works', async () => {
    kubectl.playAll([NO_CURL, {when: 'pilot-agent', stdout: DUMP}, FORWARD])
    expect(await fetch()).toMatchObject({text: DUMP})
    expect(kubectl.calls()).toHaveLength(2)
  })

  it('begin with a forwarded port for a Rust ztunnel', async () => {
    kubectl.playAll([FORWARD])
    expect(await fetch({target: ZTUNNEL})).toEqual({text: DUMP, warnings: []})
    expect(kubectl.calls()).toHaveLength(1)
  })

  it('are remembered for a pod', async () => {
    const memory: TransportMemory = new Map()
    kubectl.playAll([NO_CURL, NO_AGENT, FORWARD])
    await fetch({memory})
    expect(await fetch({memory})).toEqual({text: DUMP, warnings: []})
    expect(kubectl.calls()).toHaveLength(4)
  })

  it('are the one that is asked for, and no other', async () => {
    kubectl.playAll([NO_CURL, FORWARD])
    const {error} = await fetch({transport: 'exec-curl'})
    expect(describeFailure(error)).toMatchObject({message: 'The image of container istio-proxy in pod w has no curl.'})
    expect(kubectl.calls()).toHaveLength(1)
  })

  it('are all named when none leads anywhere', async () => {
    kubectl.playAll([FORBIDDEN, {when: 'port-forward', exit: 1, stderr: 'error: (Forbidden): cannot create resource "pods/portforward"\n'}])
    const failure = describeFailure((await fetch()).error)
    expect(failure).toMatchObject({kind: 'external', message: 'No way leads to the configuration of pod apps/w.'})
    expect(failure.got).toContain('exec-curl: The cluster does not allow create pods/exec')
    expect(failure.got).toContain('port-forward: The cluster does not allow create pods/portforward')
    expect(failure.help).toContain('kubectl auth can-i create pods/exec')
  })

  it('are not tried on when no way can help', async () => {
    kubectl.playAll([{when: '', exit: 1, stderr: 'error: You must be logged in to the server (Unauthorized)\n'}])
    expect(describeFailure((await fetch()).error)).toMatchObject({message: 'The cluster does not accept the login.'})
    expect(kubectl.calls()).toHaveLength(1)
  })
})

describe('a failure that may pass', () => {
  it('is tried again before the first byte', async () => {
    kubectl.playAll([
      {when: 'curl', times: 2, exit: 1, stderr: 'error: unexpected EOF\n'},
      {when: 'curl', stdout: DUMP},
    ])
    expect(await fetch()).toEqual({text: DUMP, warnings: []})
    expect(kubectl.calls()).toHaveLength(3)
  })

  it('is final after the first byte', async () => {
    kubectl.playAll([{when: 'curl', stdout: DUMP.slice(0, 200), exit: 1, stderr: 'error: unexpected EOF\n'}, FORWARD])
    const {text, error} = await fetch()
    expect(text).toBe(DUMP.slice(0, 200))
    expect(describeFailure(error)).toMatchObject({message: 'The connection to the pod was lost, after 200 bytes.'})
    expect(kubectl.calls()).toHaveLength(1)
  })
})

describe('a forwarded port', () => {
  const forwarded = (rule: Omit<Rule, 'when'>, options: Partial<DumpFetch> = {}): Promise<Fetched> => {
    kubectl.playAll([{when: 'port-forward', ...rule}])
    return fetch({transport: 'port-forward', ...options})
  }

  it('is read from what kubectl prints', () => {
    expect(parseForwarding('Forwarding from 127.0.0.1:40123 -> 15000\nForwarding from [::1]:40123 -> 15000\n')).toEqual({
      host: '127.0.0.1',
      port: 40_123,
    })
    expect(parseForwarding('Forwarding from [::1]:9 -> 15000\n')).toEqual({host: '::1', port: 9})
    expect(parseForwarding('Forwarding from 127.0.0.1:401')).toBeUndefined()
    expect(parseForwarding('Forwarding from 10.0.0.1:401 -> 15000\n')).toBeUndefined()
    expect(parseForwarding('Forwarding from 127.0.0.1:99999 -> 15000\n')).toBeUndefined()
  })

  it('is closed when the connection drops, and says so', async () => {
    const {text, error} = await forwarded({serve: {body: DUMP, cutAfter: 200}})
    expect(text).toBe(DUMP.slice(0, 200))
    expect(describeFailure(error).message).toMatch(/lost, after 200 bytes\.$/)
    expect(kubectl.isRunning()).toBe(false)
  })

  it('is closed when the proxy has another answer', async () => {
    const {error} = await forwarded({serve: {body: 'no', status: 404}})
    expect(describeFailure(error).message).toBe('The proxy answered /config_dump?include_eds with status 404.')
    expect(kubectl.isRunning()).toBe(false)
  })

  it('is closed when the reader goes', async () => {
    kubectl.playAll([FORWARD])
    const dump = fetchDump({target: ZTUNNEL, access: {}, timeoutMs: 20_000, memory: new Map(), warn: () => undefined})
    expect((await dump.next()).done).toBe(false)
    await dump.return()
    expect(kubectl.isRunning()).toBe(false)
  })

  it('is closed when the time is over, or somebody stops it', async () => {
    const slow = await forwarded({stdout: '', sleepMs: 60_000}, {timeoutMs: 1500})
    expect(describeFailure(slow.error).message).toBe('kubectl did not end within 1.5 seconds.')
    const stopped = await forwarded({stdout: '', sleepMs: 60_000}, {cancelSignal: AbortSignal.timeout(1000)})
    expect(describeFailure(stopped.error).message).toBe('kubectl was stopped.')
    expect(kubectl.isRunning()).toBe(false)
  })
})

describe('a huge dump', () => {
  it('passes in bounded memory', async () => {
    const body = `{"@type": "x/envoy.admin.v3.RoutesConfigDump", "a": "${'x'.repeat(65_000)}"},`.repeat(16)
    kubectl.playAll([{when: 'curl', flood: {head: '{"configs": [', body, tail: '{}]}', times: 64}}])
    const before = process.memoryUsage().rss
    let bytes = 0
    let most = 0
    for await (const chunk of fetchDump({target: ENVOY, access: {}, timeoutMs: 60_000, memory: new Map(), warn: () => undefined})) {
      bytes += chunk.length
      most = Math.max(most, process.memoryUsage().rss)
    }
    expect(bytes).toBe(13 + 4 + 64 * body.length)
    expect(most - before).toBeLessThan(150 * 1024 * 1024)
  })
})
