import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {LiveRecording} from '../../src/cluster/live-recording.js'
import {recordCluster} from '../../src/cluster/record.js'
import type {Recorded} from '../../src/cluster/record-run.js'
import {FakeKubectl, type Rule} from '../tools/fake-kubectl.js'
import {podList, ztunnelPod, type PodFacts} from '../tools/pod-lists.js'

vi.setConfig({testTimeout: 120_000})
const kubectl = new FakeKubectl()
let directory = ''
beforeEach(() => {
  vi.stubEnv('PATH', kubectl.dir)
  directory = mkdtempSync(path.join(tmpdir(), 'capture-tasks-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, {recursive: true})
})
afterAll(() => {
  kubectl.remove()
})

const UID = '0d4a1c9e-57c2-4b0e-9f3a-8f1f2f5d7b60'
const CNI: PodFacts = {
  name: 'cni',
  namespace: 'istio-system',
  labels: {'k8s-app': 'istio-cni-node'},
  hostNetwork: true,
  container: 'install-cni',
}
const KUBE_PROXY: PodFacts = {
  name: 'kp',
  namespace: 'kube-system',
  labels: {'k8s-app': 'kube-proxy'},
  hostNetwork: true,
  container: 'kube-proxy',
}
const REDIRECTED: PodFacts = {name: 'sleep', uid: UID, annotations: {'ambient.istio.io/redirection': 'enabled'}, container: 'app'}
const ENVOY_ZTUNNEL: PodFacts = {
  name: 'z-2022',
  namespace: 'istio-system',
  labels: {app: 'ztunnel', 'ambient-type': 'ztunnel'},
  image: 'istio/proxyv2:x',
}
const EMPTY = '{"apiVersion": "v1", "kind": "List", "items": []}'

function play(pods: readonly PodFacts[], ...rules: readonly Rule[]): void {
  kubectl.playAll([
    {when: 'get pods', stdout: podList(...pods)},
    {when: 'get ', stdout: EMPTY},
    {when: 'config view', stdout: '{"current-context": "c", "contexts": []}'},
    ...rules,
    {when: 'exec', stdout: 'rules\n'},
  ])
}

const REQUEST = {access: {}, istioNamespace: 'istio-system', concurrency: 4, timeoutMs: 60_000, progress: () => undefined}

function record(): Promise<Recorded> {
  return recordCluster({...REQUEST, directory, head: {}, roles: new Set(), capture: true, istiod: false, warn: () => undefined})
}

/** Commands that were run in pods: the pod and its container, and what stands behind `--`. */
function ran(): readonly string[] {
  const calls = kubectl.calls().map((call) => [call].flat().join(' '))
  return calls.flatMap((call) => /--namespace=\S+ exec (.*)$/s.exec(call)?.[1] ?? [])
}

function read(file: string): string {
  return readFileSync(path.join(directory, 'capture', file), 'utf8')
}

describe('packet rules of a live cluster', () => {
  it('are those of each node, as a pod in its network sees them', async () => {
    play([CNI, KUBE_PROXY, {name: 'plain'}])
    expect(await record()).toMatchObject({failed: []})
    expect(ran()).toContain('cni -c install-cni -- iptables-save')
    expect(ran()).toContain('cni -c install-cni -- ipset save')
    expect(ran().filter((call) => !call.startsWith('cni -c install-cni -- '))).toEqual([])
    expect(read('node/n1/ip-route')).toBe('rules\n')
  })

  it('are seen from a pod of istio-cni that has a network of its own', async () => {
    play([{...CNI, hostNetwork: false}])
    await record()
    expect(ran()).toContain('cni -c install-cni -- nsenter --net=/host/proc/1/ns/net -- ip rule')
  })

  it('are those of redirected pods, where somebody can step into their networks', async () => {
    play([CNI, REDIRECTED, {...REDIRECTED, name: 'on-the-node', hostNetwork: true}, {...REDIRECTED, name: 'ended', phase: 'Succeeded'}])
    expect(await record()).toMatchObject({failed: []})
    const steps = ran().filter((call) => call.includes(UID))
    expect(steps).toHaveLength(15)
    expect(steps[0]).toMatch(
      new RegExp(String.raw`^cni -c install-cni -- sh -c .* sh pod\\\(${UID}\\\|${UID.replaceAll('-', '_')}\\\) iptables-save$`, 's'),
    )
    expect(read('default/sleep/iptables-save')).toBe('rules\n')

    rmSync(directory, {recursive: true})
    play([KUBE_PROXY, REDIRECTED, {...REDIRECTED, name: 'hostile', uid: 'x" /; reboot'}])
    await record()
    expect(ran().filter((call) => !call.startsWith('kp -c kube-proxy -- '))).toEqual([])
  })

  it('are those of a ztunnel of 2022, which has the programs itself', async () => {
    play([KUBE_PROXY, ENVOY_ZTUNNEL, ztunnelPod('z-ga')])
    await record()
    expect(ran()).toContain('z-2022 -c istio-proxy -- iptables-legacy-save')
    expect(ran().some((call) => call.startsWith('z-ga'))).toBe(false)
  })

  it('may lack what not every image can print, and nothing else', async () => {
    const absent = (program: string): Rule => ({when: `-- ${program}`, exit: 127, stderr: 'command terminated with exit code 127\n'})
    play([CNI], absent('nft'), absent('ss'), absent('ip6tables-legacy-save'), absent('sysctl'))
    const {failed} = await record()
    expect(failed.map((file) => file.path)).toEqual(['capture/node/n1/sysctl'])
  })
})

describe('packet rules around a place', () => {
  async function open(): Promise<LiveRecording> {
    return LiveRecording.open({...REQUEST, tool: {name: 'ambientctl', version: '0'}, directory})
  }

  it('are those of its node and of the pods that are asked for', async () => {
    play([CNI, {...CNI, name: 'cni-2', node: 'n2'}, REDIRECTED, {...REDIRECTED, name: 'other'}], {when: 'sysctl', exit: 1, stderr: 'no\n'})
    const recording = await open()
    const failures = await recording.fetchCapture({nodes: new Set(['n1']), pods: new Set(['default/sleep'])})
    expect(failures.map((line) => line.replace(/:.*/s, '')).toSorted()).toEqual(['capture/default/sleep/sysctl', 'capture/node/n1/sysctl'])
    expect(read('default/sleep/ip-rule')).toBe('rules\n')
    expect(() => read('default/other/ip-rule')).toThrow('ENOENT')
    expect(() => read('node/n2/ip-rule')).toThrow('ENOENT')
    await recording.close()
  })

  it('that nobody shows are a failure of the cluster', async () => {
    play([REDIRECTED])
    const unseen = await open()
    await expect(unseen.fetchCapture({nodes: new Set(['n1']), pods: new Set()})).rejects.toThrow('No pod shows the packet rules of n1.')
    await unseen.close()

    rmSync(directory, {recursive: true})
    play([CNI], {when: 'exec', exit: 1, stderr: 'Error from server (Forbidden): pods "cni" is forbidden\n'})
    const refused = await open()
    await expect(refused.fetchCapture({nodes: new Set(['n1']), pods: new Set()})).rejects.toMatchObject({reason: 'forbidden'})
    await refused.close()
  })
})
