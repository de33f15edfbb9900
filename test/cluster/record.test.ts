import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {recordCluster, type RecordRequest} from '../../src/cluster/record.js'
import type {Recorded} from '../../src/cluster/record-run.js'
import {readManifest, type Manifest} from '../../src/snapshot/manifest.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import {FakeKubectl, type Rule} from '../tools/fake-kubectl.js'
import {podList, waypointPod, ztunnelPod, type PodFacts} from '../tools/pod-lists.js'

const kubectl = new FakeKubectl()
let directory = ''
vi.setConfig({testTimeout: 120_000})
beforeEach(() => {
  vi.stubEnv('PATH', kubectl.dir)
  directory = mkdtempSync(path.join(tmpdir(), 'record-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, {recursive: true})
})
afterAll(() => {
  kubectl.remove()
})

const DUMP = '{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump"}]}'
const EMPTY = '{"apiVersion": "v1", "kind": "List", "items": []}'
const PODS: readonly PodFacts[] = [ztunnelPod('z-1'), waypointPod('w-1'), {name: 'sleep'}]
const NO_KIND: Rule = {when: 'get httproutes', exit: 1, stderr: 'error: the server doesn\'t have a resource type "httproutes"\n'}
const FORWARD: Rule = {when: 'port-forward', serve: {body: DUMP}}
const LISTS: readonly Rule[] = [{when: 'get pods', stdout: podList(...PODS)}, NO_KIND, {when: 'get ', stdout: EMPTY}]
const WHOLE: readonly Rule[] = [...LISTS, FORWARD, {when: 'exec', stdout: DUMP}]

function record(options: Partial<RecordRequest> = {}): Promise<Recorded> {
  return recordCluster({
    directory,
    head: {tool: {name: 'ambientctl', version: '0'}},
    access: {},
    istioNamespace: 'istio-system',
    roles: new Set(['ztunnel', 'waypoint', 'gateway']),
    capture: false,
    istiod: false,
    concurrency: 4,
    timeoutMs: 60_000,
    warn: () => undefined,
    progress: () => undefined,
    ...options,
  })
}

function manifest(): Manifest {
  const file = path.join(directory, 'snapshot.json')
  return readManifest(readFileSync(file, 'utf8'), file)
}

describe('a recording', () => {
  it('is a snapshot with every proxy and list, and goes on where it ended', async () => {
    kubectl.playAll(WHOLE)
    expect(await record()).toEqual({saved: 15, kept: 0, failed: [], methods: {'exec-curl': 1, 'port-forward': 1}})
    expect(kubectl.mostAtOnce()).toBeLessThanOrEqual(5)
    const dumps = manifest().files.filter(({kind}) => kind === 'config-dump')
    expect(dumps).toMatchObject([
      {path: 'proxies/apps/w-1.json', pod: 'w-1', namespace: 'apps', node: 'n1', method: 'exec-curl', bytes: DUMP.length},
      {path: 'proxies/istio-system/z-1.json', pod: 'z-1', method: 'port-forward'},
    ])
    const snapshot = await openSnapshot({paths: [directory]})
    expect(snapshot.warnings).toEqual([])
    expect(snapshot.inventory?.pods).toHaveLength(3)
    expect(await Promise.all(snapshot.proxies.map((proxy) => proxy.load()))).toMatchObject([{kind: 'envoy'}, {kind: 'envoy'}])
    snapshot.close()

    writeFileSync(path.join(directory, 'proxies/apps/w-1.json'), 'changed')
    kubectl.playAll(WHOLE)
    expect(await record()).toEqual({saved: 15, kept: 14, failed: [], methods: {'exec-curl': 1}})
    expect(kubectl.calls().filter((call) => String(call).includes('exec'))).toHaveLength(1)
    expect(readFileSync(path.join(directory, 'proxies/apps/w-1.json'), 'utf8')).toBe(DUMP)
  })

  it('says in its manifest what could not be had, by which command', async () => {
    const forbidden: Rule = {when: 'get nodes', exit: 1, stderr: 'Error from server (Forbidden): nodes is forbidden\n'}
    kubectl.playAll([forbidden, ...LISTS, FORWARD, {when: 'exec', exit: 1, stderr: 'error: container not found ("istio-proxy")\n'}])
    const {failed} = await record()
    expect(failed).toMatchObject([
      {path: 'inventory/nodes.json', command: 'kubectl get nodes --all-namespaces --output=json'},
      {path: 'proxies/apps/w-1.json'},
    ])
    expect(failed[1]?.error).toContain('Pod w-1 has no container istio-proxy.')
    expect(manifest().files.filter(({error}) => error !== undefined)).toMatchObject(failed)
    expect(existsSync(path.join(directory, 'proxies/apps/w-1.json'))).toBe(false)
  })

  it('is a valid part of a snapshot after it was stopped', async () => {
    const stop = new AbortController()
    kubectl.playAll([...LISTS, FORWARD, {when: 'exec', stdout: DUMP.slice(0, 9), sleepMs: 100_000}])
    const progress = (line: string): void => {
      if (line.includes('z-1')) stop.abort()
    }
    await expect(record({cancelSignal: stop.signal, progress})).rejects.toMatchObject({reason: 'stopped'})
    expect(kubectl.isRunning()).toBe(false)
    const proxies = manifest().files.filter(({kind}) => kind === 'config-dump')
    expect(proxies.map((file) => file.path)).toEqual(['proxies/istio-system/z-1.json'])
  })

  it('fetches a dump again that broke off', async () => {
    const dropped: Rule = {when: 'exec', times: 1, stdout: DUMP.slice(0, 20), exit: 1, stderr: 'error: unexpected EOF\n'}
    kubectl.playAll([dropped, ...WHOLE])
    expect((await record()).failed).toEqual([])
  })

  it('takes the packet rules of nodes where asked', async () => {
    const cni: PodFacts = {name: 'cni', labels: {'k8s-app': 'istio-cni-node'}, hostNetwork: true, container: 'install-cni'}
    const ipset: Rule = {when: '-- ipset', exit: 126, stderr: 'exec: "ipset": executable file not found in $PATH\n'}
    kubectl.playAll([{when: 'get pods', stdout: podList(cni)}, ...LISTS, ipset, {when: 'exec cni -c install-cni --', stdout: 'rules\n'}])
    const {failed} = await record({capture: true})
    expect(failed.map((file) => file.path)).toEqual(['capture/node/n1/ipset-save'])
    expect(readFileSync(path.join(directory, 'capture/node/n1/iptables-save'), 'utf8')).toBe('rules\n')
  })

  it('asks istiod where asked, and nothing takes its answers for those of a proxy', async () => {
    const istiod: PodFacts = {name: 'istiod-1', namespace: 'istio-system', labels: {app: 'istiod'}, container: 'discovery'}
    const ambientz: Rule = {when: 'pilot-discovery request GET /debug/ambientz', stdout: '{"workloads": [], "services": []}'}
    const refused: Rule = {when: 'configz', exit: 1, stderr: 'pods/exec is forbidden\n'}
    kubectl.playAll([{when: 'get pods', stdout: podList(istiod)}, ...LISTS, ambientz, refused, {when: 'pilot-discovery', stdout: '{}'}])
    const {failed} = await record({istiod: true})
    expect(failed.map((file) => file.path)).toEqual(['istiod/istio-system/istiod-1/configz.json'])
    expect(kubectl.calls().filter((call) => String(call).includes('-c,discovery'))).toHaveLength(4)
    rmSync(path.join(directory, 'snapshot.json'))
    const snapshot = await openSnapshot({paths: [directory]})
    expect(snapshot.proxies).toEqual([])
    snapshot.close()
  })

  it('touches nothing that is no recording', async () => {
    writeFileSync(path.join(directory, 'mine.txt'), '')
    kubectl.playAll(WHOLE)
    await expect(record()).rejects.toMatchObject({family: 'usage'})
    expect(kubectl.calls()).toEqual([])
  })

  it('ends where pods cannot be listed', async () => {
    kubectl.playAll([{when: 'get pods', exit: 1, stderr: 'Error from server (Forbidden): pods is forbidden\n'}, ...WHOLE])
    await expect(record()).rejects.toMatchObject({reason: 'forbidden'})
    expect(manifest().files).toMatchObject([{path: 'inventory/pods.json', command: 'kubectl get pods --all-namespaces --output=json'}])
  })
})
