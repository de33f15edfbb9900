import {describe, expect, it} from 'vitest'
import type {Mesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import {walkProxy} from '../../src/app/walk.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import type {Verdict} from '../../src/flow/verdict.js'
import {isObject} from '../../src/json/view.js'
import {openEdited, type Edit} from './ga-scenario.js'

// Two proxies of one connection each have their own view of the mesh: what the first expects is compared with what the second presents.

type Fields = Readonly<Record<string, unknown>>

/** One ztunnel whose dump was left behind by the mesh. */
function staleAt(node: string, change: Readonly<Record<'workloads' | 'services', (entry: Fields) => Fields>>): Edit {
  return ({path, document}) => {
    if (path !== `proxies/istio-system/ztunnel-${node}.json` || !isObject(document)) return document
    return {...document, workloads: each(document['workloads'], change.workloads), services: each(document['services'], change.services)}
  }
}

function entriesOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : []
}

function each(list: unknown, change: (entry: Fields) => Fields): unknown {
  return entriesOf(list).map((entry) => (isObject(entry) ? change(entry) : entry))
}

const same = (entry: Fields): Fields => entry

async function ask(edit: Edit, {destination, ...more}: Omit<Question, 'source'>): Promise<Trace> {
  return traceQuestion(await openEdited('bookinfo-waypoint', {edit}), {question: {source: 'sleep', destination, ...more}})
}

async function worst(edit: Edit, question: Omit<Question, 'source'>): Promise<Verdict> {
  return (await ask(edit, question)).verdict
}

/** Text of one kind of proxy replaced wherever it stands. */
function replacing(of: (path: string) => boolean, [from, to]: readonly [string, string]): Edit {
  return ({path, document}): unknown => (of(path) ? JSON.parse(JSON.stringify(document).replaceAll(from, to)) : document)
}

const isZtunnel = (path: string): boolean => path.startsWith('proxies/istio-system/ztunnel-')
const isWaypoint = (path: string): boolean => path.startsWith('proxies/bookinfo/waypoint-')
const POD = '10.244.1.21:9080'

describe('who is expected, and who presents itself', () => {
  it('a pod that runs as another service account than the client was told', async () => {
    const edit = staleAt('node-a', {
      workloads: (workload) => (String(workload['name']).startsWith('productpage') ? {...workload, serviceAccount: 'former'} : workload),
      services: same,
    })
    expect(await worst(edit, {destination: POD})).toMatchObject({
      kind: 'tls-failure',
      expected: ['spiffe://cluster.local/ns/bookinfo/sa/former'],
      presented: ['spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage'],
    })
  })

  it('a waypoint that runs as another service account', async () => {
    const edit = staleAt('node-a', {
      workloads: (workload) => (String(workload['name']).startsWith('waypoint') ? {...workload, serviceAccount: 'former'} : workload),
      services: same,
    })
    expect(await worst(edit, {destination: 'productpage:9080', method: 'GET'})).toMatchObject({
      kind: 'tls-failure',
      expected: ['spiffe://cluster.local/ns/bookinfo/sa/former'],
      presented: ['spiffe://cluster.local/ns/bookinfo/sa/waypoint'],
    })
  })

  it('a pod that its ztunnel takes for another one', async () => {
    const held = '"name":"productpage-v1-daac03e239-f3d53","namespace":"bookinfo","serviceAccount":"bookinfo-productpage"}'
    const other = '"name":"impostor","namespace":"bookinfo","serviceAccount":"impostor"}'
    const edit = replacing((path) => path === 'proxies/istio-system/ztunnel-node-a.json', [`"info":{${held}`, `"info":{${other}`])
    expect(await worst(edit, {destination: POD})).toMatchObject({
      kind: 'tls-failure',
      expected: ['spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage'],
      presented: ['spiffe://cluster.local/ns/bookinfo/sa/impostor'],
    })
  })

  it('names of the service are accepted beside the identity of the pod', async () => {
    const names = ['spiffe://cluster.local/ns/bookinfo/sa/waypoint']
    const edit = staleAt('node-a', {
      workloads: (workload) => (String(workload['name']).startsWith('waypoint') ? {...workload, serviceAccount: 'former'} : workload),
      services: (service) => (service['name'] === 'waypoint' ? {...service, subjectAltNames: names} : service),
    })
    expect((await worst(edit, {destination: 'productpage:9080', method: 'GET'})).kind).toBe('delivered')
  })
})

describe('what the tunnel is for, and who ends it', () => {
  it('a service whose waypoint is said to be an ordinary pod', async () => {
    const waypoint = {destination: '/10.244.2.23', hboneMtlsPort: 15_008}
    const edit = staleAt('node-a', {
      workloads: same,
      services: (service) => (service['name'] === 'details' ? {...service, waypoint} : service),
    })
    const verdict = await worst(edit, {destination: 'details:9080', method: 'GET'})
    expect(verdict).toMatchObject({kind: 'ip-mismatch', expected: '10.244.2.23'})
    expect('presented' in verdict ? verdict.presented : '').toMatch(/^10\.96\./)
  })
})

describe('trust domains (ambient-ga C.1, D.6)', () => {
  it('that of the own pods counts, not that of what stands for another cluster', async () => {
    const far = {uid: 'A/SplitHorizonWorkload/x', name: 'x', namespace: 'x', clusterId: 'far', trustDomain: 'far.example', workloadIps: []}
    const edit: Edit = ({path, document}) => {
      if (!isZtunnel(path) || !isObject(document)) return document
      return {...document, workloads: [far, ...entriesOf(document['workloads'])]}
    }
    const {directory} = await openEdited('bookinfo-waypoint', {edit})
    expect(new Set(directory.workloads.map(({identity}) => identity?.split('/ns/')[0]))).toEqual(new Set(['spiffe://cluster.local']))
  })

  const OLD = 'spiffe://old.example/'

  /** Pods that all moved to another trust domain; the waypoints accept what they were told. */
  function moved(accepted: string): Edit {
    const inMesh = replacing(isZtunnel, ['"trustDomain":"cluster.local"', '"trustDomain":"old.example"'])
    const atWaypoint = replacing(isWaypoint, ['{"prefix":"spiffe://cluster.local/"}', accepted])
    return (file) => atWaypoint({...file, document: inMesh(file)})
  }

  it('a waypoint refuses clients of a trust domain that is neither its own nor an alias', async () => {
    expect(await worst(moved('{"prefix":"spiffe://cluster.local/"}'), {destination: 'productpage:9080', method: 'GET'})).toMatchObject({
      kind: 'tls-failure',
      presented: ['spiffe://old.example/ns/bookinfo/sa/sleep'],
    })
  })

  async function connect(mesh: Promise<Mesh>, proxy: string): Promise<Verdict> {
    const question = {
      proxy,
      port: 15_008,
      alpn: ['h2'],
      method: 'CONNECT',
      authority: '10.96.0.21:9080',
      identity: `${OLD}ns/bookinfo/sa/sleep`,
      source: {ip: '10.244.1.11', port: 1},
      destination: {ip: '10.244.1.21', port: 15_008},
      inner: {method: 'GET', authority: 'productpage', path: '/'},
    }
    return (await walkProxy(await mesh, {question})).verdict
  }

  it('a waypoint accepts an alias, a ztunnel none', async () => {
    const alias = '{"prefix":"spiffe://cluster.local/"}},{"san_type":"URI","matcher":{"prefix":"spiffe://old.example/"}'
    const mesh = openEdited('bookinfo-waypoint', {edit: replacing(isWaypoint, ['{"prefix":"spiffe://cluster.local/"}', alias])})
    expect((await connect(mesh, 'bookinfo/waypoint-fa2e18eaf9-75ac7')).kind).not.toBe('tls-failure')
    expect(await connect(mesh, 'istio-system/ztunnel-node-a')).toMatchObject({
      kind: 'tls-failure',
      expected: ['spiffe://cluster.local/…'],
      presented: [`${OLD}ns/bookinfo/sa/sleep`],
    })
  })
})
