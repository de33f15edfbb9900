import {COLLECT_INVENTORY} from '../../src/mesh/collect.js'
import {describe, expect, it} from 'vitest'
import {openMesh, type Mesh} from '../../src/app/mesh.js'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import {InputError, UsageError} from '../../src/flow/errors.js'
import {formatShare} from '../../src/flow/share.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import type {LoadedDump, ProxyDump} from '../../src/snapshot/snapshot.js'
import {openScenario, SCENARIOS, scenarioDir} from './scenario.js'

const mixed = openScenario('mixed')
const waypoint = openScenario('waypoint-l7')

async function ask(mesh: Promise<Mesh>, [source, destination]: readonly [string, string], more: Partial<Question> = {}): Promise<Trace> {
  return traceQuestion(await mesh, {question: {source, destination, ...more}})
}

function ends(trace: Trace): readonly string[] {
  return Object.values(trace.outcomes).map(({verdict, share, workload}) =>
    `${formatShare(share)} ${verdict.kind} ${workload?.name ?? ''}`.trim(),
  )
}

function places(trace: Trace): readonly string[] {
  return [...new Set(Object.values(trace.hops).map(({place}) => `${place.kind} ${place.name}`))]
}

describe('client kinds', () => {
  it('resolves the service for a pod outside the mesh, which then arrives in plaintext', async () => {
    const trace = await ask(mixed, ['legacy/oldapp-3eae7460b6-2592a', 'redis.db:6379'])
    expect(trace.flow.clientKind).toBe('uncaptured')
    expect(places(trace).slice(0, 3)).toEqual(['app oldapp-3eae7460b6-2592a', 'node mix-node-a', 'node mix-node-b'])
    expect(Object.values(trace.hops).flatMap(({arrival}) => (arrival.entry.kind === 'socket' ? [arrival.entry.port] : []))).toContain(15006)
  })

  it('takes an enrolled pod for what it is told to be', async () => {
    const trace = await ask(mixed, ['client-39715f6019-c165c', 'oldapp.legacy'], {fromKind: 'uncaptured'})
    expect(trace.flow.clientKind).toBe('uncaptured')
    expect(places(trace).filter((place) => place.startsWith('ztunnel'))).toEqual([])
    const enrolled = await ask(mixed, ['legacy/oldapp-3eae7460b6-2592a', 'redis.db:6379'], {fromKind: 'ambient'})
    expect(places(enrolled)[2]).toBe('ztunnel ztunnel-bc299')
  })

  it('enters the sidecar of a pod that has one', async () => {
    const trace = await ask(mixed, ['classic/scar-2a7352532c-c4f44', 'oldapp.legacy'])
    expect(trace.flow.clientKind).toBe('sidecar')
    expect(places(trace).slice(0, 2)).toEqual(['app scar-2a7352532c-c4f44', 'sidecar scar-2a7352532c-c4f44'])
    expect(Object.values(trace.hops)[1]?.arrival).toMatchObject({entry: {port: 15001}, originalDestination: {ip: '10.70.12.1', port: 8000}})
  })

  it('needs the dump of a sidecar that is not there', async () => {
    const trace = await ask(mixed, ['classic/scar-2a7352532c-260bd', 'oldapp.legacy'])
    expect(trace.missing).toEqual([
      {what: 'config dump of sidecar classic/scar-2a7352532c-260bd', collect: 'ambientctl dump classic/scar-2a7352532c-260bd'},
    ])
  })

  it('lets a request enter a gateway at its listener, and only through its routes', async () => {
    const routed = await ask(mixed, ['istio-system/istio-ingressgateway', 'frontend.apps'], {path: '/shop'})
    expect(routed.flow).toMatchObject({clientKind: 'gateway', connection: {destination: {ip: '10.61.2.4', port: 8080}}})
    expect(ends(routed)).toEqual(['1/2 delivered frontend-def7ddd069-a487d', '1/2 delivered frontend-def7ddd069-e6899'])
    expect((await ask(mixed, ['istio-system/istio-ingressgateway', 'frontend.apps'], {path: '/elsewhere'})).verdict.kind).toBe('no-route')
  })

  it('lets a client outside reach a service through the node that takes its packets', async () => {
    const trace = await ask(mixed, ['external', 'istio-ingressgateway.istio-system:80'], {path: '/shop'})
    expect(places(trace).slice(0, 3)).toEqual(['outside external', 'node mix-node-c', 'gateway istio-ingressgateway-07fd369536-ee907'])
    expect(trace.flow.assumptions).toContain('source address any (0.0.0.0)')
  })

  it('lets a node reach its own pods without capture, and others with it', async () => {
    const trace = await ask(mixed, ['node/mix-node-b', '10.61.1.51:6379'])
    expect(places(trace)).toEqual(['app node mix-node-b', 'node mix-node-b', 'app redis-faf8360524-7fa62'])
    // By a virtual address the node may have another address than the exempt one.
    expect((await ask(mixed, ['node/mix-node-b', 'redis.db:6379'])).verdict.kind).toBe('undetermined')
    expect(places(await ask(mixed, ['node/mix-node-a', 'redis.db:6379'])).at(3)).toBe('ztunnel ztunnel-a16b8')
  })
})

describe('destinations', () => {
  it('branches over the pods of a headless service', async () => {
    const trace = await ask(mixed, ['client-39715f6019-c165c', 'pg.db'])
    expect(trace.flow.alternatives).toEqual([
      {ip: '10.61.0.50', port: 5432},
      {ip: '10.61.2.50', port: 5432},
    ])
    expect(trace.hops[trace.start]?.steps).toMatchObject([{kind: 'service-lookup', name: 'pg.db.svc.cluster.local'}])
    // envoy-2022 H.3.7: the pod of the same node is dialled on 15088 with a kept source, which has no way back.
    expect(ends(trace)).toEqual(['one of 2 dropped', 'one of 2 delivered pg-1'])
  })

  it('leaves the mesh for an address of nobody', async () => {
    const trace = await ask(mixed, ['client-39715f6019-c165c', '203.0.113.200:443'])
    expect(trace.verdict).toEqual({kind: 'passthrough'})
    expect(places(trace).at(-1)).toBe('outside 203.0.113.200')
  })

  it('finds no pod behind an unused address of the pod network', async () => {
    expect((await ask(mixed, ['client-39715f6019-c165c', '10.61.2.222:80'])).verdict).toEqual({
      kind: 'dropped',
      reason: 'no pod has the address 10.61.2.222',
    })
  })

  it('finds names that only dumps know', async () => {
    const trace = await ask(mixed, ['client-39715f6019-c165c', 'ext-api.example.com'])
    expect(trace.flow.destination).toMatchObject({ip: '198.18.40.1', basis: 'inferred'})
    expect(places(trace).slice(-2)).toEqual(['outside 198.51.100.7', 'outside 198.51.100.8'])
  })

  it('ends a tunnel at a pod that is not captured', async () => {
    expect((await ask(mixed, ['client-39715f6019-c165c', 'autolab.legacy'])).verdict).toMatchObject({kind: 'no-listener'})
  })

  it('stays inside a pod that dials itself', async () => {
    expect(places(await ask(mixed, ['apps/cart-v1', '10.61.1.31:8080']))).toEqual(['app cart-v1-b115cd3690-1601d'])
  })

  it('does not invent how a pod reaches the address of its own node', async () => {
    expect((await ask(mixed, ['client-39715f6019-c165c', '10.60.0.11:10250'])).missing).toMatchObject([{collect: COLLECT_INVENTORY}])
  })
})

describe('requests', () => {
  it('fills in what the question leaves open, and says so', async () => {
    const {flow} = await ask(waypoint, ['sleep', 'productpage'])
    expect(flow).toMatchObject({protocol: 'http', request: {method: 'GET', path: '/', authority: 'productpage:9080'}})
    expect(flow.assumptions).toEqual(['protocol http (port name http)', 'method GET', 'path /', 'host productpage:9080'])
  })

  it('assumes nothing that was said', async () => {
    const {flow} = await ask(waypoint, ['sleep', 'productpage'], {method: 'POST', path: '/x', host: 'h', headers: [['X-A', 'b']]})
    expect(flow.assumptions).toBeUndefined()
    expect(flow.request).toEqual({method: 'POST', path: '/x', authority: 'h', scheme: 'http', headers: [['x-a', 'b']]})
  })

  it.each([
    {more: {method: 'GET'}, verdict: 'delivered'},
    {more: {method: 'POST'}, verdict: 'denied'},
    {more: {protocol: 'tcp' as const}, verdict: 'refused'},
  ])('decides $more by the waypoint’s policy: $verdict', async ({more, verdict}) => {
    expect((await ask(waypoint, ['sleep', 'productpage'], more)).verdict.kind).toBe(verdict)
  })

  it('keeps the weights of a split as exact shares', async () => {
    expect(ends(await ask(waypoint, ['productpage-v1-b41f72cde2-beec5', 'reviews']))).toEqual([
      '3/4 delivered reviews-v1-d8b6cbc0b9-e6284',
      '1/4 delivered reviews-v3-78f9672fe4-e9a08',
    ])
  })

  it('follows a pinned endpoint only', async () => {
    const question = {source: 'sleep', destination: 'productpage'}
    expect(ends(await traceQuestion(await waypoint, {question, pins: ['10.4.3.14']}))).toEqual([
      '1 delivered productpage-v1-b41f72cde2-4fd7b',
    ])
  })

  it('asks the flow back', async () => {
    const trace = await traceQuestion(await waypoint, {question: {source: 'sleep', destination: 'productpage'}, reverse: true})
    expect(trace.question).toEqual({
      source: 'pod/default/productpage-v1-b41f72cde2-4fd7b',
      destination: 'pod/default/sleep-d66fe069a0-6aa05:9080',
    })
    expect(trace.warnings[0]).toContain('productpage-v1-b41f72cde2-beec5')
  })
})

describe('names', () => {
  it.each([
    {source: 'nobody', destination: 'productpage', says: '"nobody" cannot be resolved'},
    {source: 'sleep', destination: 'nothing', says: '"nothing" cannot be resolved'},
    {source: 'productpage', destination: 'reviews', says: '"productpage" is ambiguous'},
  ])('refuses $source to $destination', async ({source, destination, says}) => {
    const refused = ask(waypoint, [source, destination])
    await expect(refused).rejects.toBeInstanceOf(UsageError)
    await expect(refused).rejects.toThrow(says)
  })
})

describe('sources', () => {
  it.each(SCENARIOS)(
    'gives the same traces of %s when endpoint names are lost',
    async (scenario) => {
      const [named, nameless] = await Promise.all([openScenario(scenario), openSources({paths: [scenarioDir(scenario, {nameless: true})]})])
      const sources = named.directory.workloads.filter(({role, node}) => role === 'app' && node !== undefined).slice(0, 6)
      const destinations = named.directory.services.filter(({headless, ports}) => !headless && ports.length === 1)
      for (const {namespace, name} of sources) {
        for (const {host} of destinations) {
          const question = {source: `pod/${namespace}/${name}`, destination: host}
          expect(ends(await traceQuestion(nameless, {question}))).toEqual(ends(await traceQuestion(named, {question})))
        }
      }
    },
    60_000,
  )

  it('concludes names and nodes from dumps alone', async () => {
    const directory = scenarioDir('gke-sleep-productpage')
    const files = ['ztunnel-fd61f', 'ztunnel-51d04'].map((name) => `${directory}/proxies/istio-system/${name}.json`)
    const trace = await ask(openSources({files}), ['sleep', 'productpage'])
    expect(trace.flow.source).toEqual({
      name: '10.4.4.19',
      kind: 'pod',
      namespace: 'default',
      ip: '10.4.4.19',
      basis: 'inferred',
      identity: 'spiffe://cluster.local/ns/default/sa/sleep',
    })
    expect(ends(trace)).toEqual(['1 delivered 10.4.1.39'])
  })

  it('says which dump is missing', async () => {
    const trace = await ask(openSources({files: [`${scenarioDir('gke-sleep-productpage')}/proxies/istio-system/ztunnel-fd61f.json`]}), [
      'sleep',
      'productpage',
    ])
    expect(trace.missing).toEqual([
      {what: 'who has the address 10.4.1.39, and the dump of the ztunnel of its node', collect: COLLECT_INVENTORY},
    ])
  })

  it.each([
    {
      what: 'missing',
      why: 'missing' as const,
      collect: [{what: 'config dump of ztunnel istio-system/ztunnel-51d04', collect: 'ambientctl dump istio-system/ztunnel-51d04'}],
    },
    {
      what: 'damaged',
      why: 'damaged' as const,
      collect: [{what: 'config of ztunnel-51d04: cut short', collect: 'ambientctl dump istio-system/ztunnel-51d04'}],
    },
  ])('asks for the dump on the way that is $what', async ({why, collect}) => {
    const {snapshot} = await openScenario('gke-sleep-productpage')
    const others = snapshot.proxies.filter(({name}) => name !== 'ztunnel-51d04')
    const damaged = snapshot.proxies
      .filter(({name}) => name === 'ztunnel-51d04')
      .map((dump): ProxyDump => ({...dump, name: dump.name, namespace: 'istio-system', file: dump.file, load: unusable}))
    const mesh = openMesh({...snapshot, proxies: why === 'missing' ? others : [...others, ...damaged]})
    const trace = await ask(mesh, ['sleep', 'productpage'])
    expect(trace.missing).toEqual(collect)
    expect(places(trace).at(-1)).toBe('ztunnel ztunnel-51d04')
  })

  it('refuses to work without any', async () => {
    await expect(openSources({})).rejects.toThrow('nothing to read')
  })
})

function unusable(): Promise<LoadedDump> {
  return Promise.resolve({kind: 'unusable', why: 'damaged', reason: 'cut short', error: new InputError({what: 'cut short', file: 'x'})})
}
