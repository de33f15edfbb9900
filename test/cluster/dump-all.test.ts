import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {recordDumps, type DumpsQuestion, type RecordResult} from '../../src/app/record.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import {FakeKubectl, type Rule} from '../tools/fake-kubectl.js'
import {podList, waypointPod, ztunnelPod} from '../tools/pod-lists.js'

const kubectl = new FakeKubectl()
let directory = ''
beforeEach(() => {
  vi.stubEnv('PATH', kubectl.dir)
  directory = path.join(mkdtempSync(path.join(tmpdir(), 'dumps-')), 'all')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(path.dirname(directory), {recursive: true})
})
afterAll(() => {
  kubectl.remove()
})

const DUMP = '{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump"}]}'
const PODS: Rule = {when: 'get pods', stdout: podList(ztunnelPod('z-1'), ztunnelPod('z-2'), waypointPod('w-1'), {name: 'sleep'})}

function dumps(options: Partial<DumpsQuestion> = {}): Promise<RecordResult> {
  const silent = (): void => undefined
  return recordDumps({
    kind: 'ztunnels',
    directory,
    access: {},
    concurrency: 4,
    timeoutMs: 60_000,
    version: '0',
    progress: silent,
    warn: silent,
    ...options,
  })
}

describe('all dumps of a kind', () => {
  it('are saved as a snapshot of those proxies', async () => {
    kubectl.playAll([PODS, {when: 'port-forward', serve: {body: DUMP}}])
    expect(await dumps()).toMatchObject({saved: 2, failed: [], outlook: 'positive', directory})
    expect(readFileSync(path.join(directory, 'proxies/istio-system/z-1.json'), 'utf8')).toBe(DUMP)
    const snapshot = await openSnapshot({paths: [directory]})
    expect(snapshot.proxies.map(({name}) => name)).toEqual(['z-1', 'z-2'])
    snapshot.close()
  })

  it('are those of a namespace where one is named, and say which failed', async () => {
    kubectl.playAll([PODS, {when: 'exec w-1', exit: 1, stderr: 'error: container not found ("istio-proxy")\n'}])
    const result = await dumps({kind: 'waypoints', access: {namespace: 'apps'}, transport: 'exec-curl'})
    expect(result).toMatchObject({saved: 0, outlook: 'negative', failed: [{path: 'proxies/apps/w-1.json'}]})
    expect(kubectl.calls()[0]).toEqual(['--namespace=apps', 'get', 'pods', '--output=json'])
  })

  it('are missed where there is no such proxy', async () => {
    kubectl.playAll([PODS])
    await expect(dumps({kind: 'gateways'})).rejects.toMatchObject({reason: 'no-pod', message: 'No gateway runs in the cluster.'})
  })
})
