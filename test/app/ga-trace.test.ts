import {describe, expect, it} from 'vitest'
import {openMesh, type Mesh} from '../../src/app/mesh.js'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import {formatShare} from '../../src/flow/share.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import {memoryStore} from '../../src/json/memory-store.js'
import type {LoadedDump, ProxyDump} from '../../src/snapshot/snapshot.js'
import {gaScenarioDirs, openGaScenario} from './ga-scenario.js'

const bookinfo = openGaScenario('bookinfo-waypoint')
const orchard = openGaScenario('orchard')
const web = openGaScenario('waypoint-for-workload-all')
const services = openGaScenario('cross-namespace-and-serviceentry')
const both = openGaScenario('multinetwork')

async function ask(mesh: Promise<Mesh>, [source, destination]: readonly [string, string], more: Partial<Question> = {}): Promise<Trace> {
  return traceQuestion(await mesh, {question: {source, destination, ...more}})
}

function places(trace: Trace): readonly string[] {
  return [...new Set(Object.values(trace.hops).map(({place}) => `${place.kind} ${place.name}`))]
}

function ends(trace: Trace): readonly string[] {
  return Object.values(trace.outcomes).map(({verdict, share, workload}) =>
    `${formatShare(share)} ${verdict.kind} ${workload?.name ?? ''}`.trim(),
  )
}

describe('clients of GA ambient', () => {
  it('recognises the generation by its dumps', async () => {
    expect((await bookinfo).generation).toBe('ga')
  })

  it('follows a captured pod through the waypoint of the service', async () => {
    const trace = await ask(bookinfo, ['sleep', 'productpage:9080'], {method: 'GET'})
    expect(trace.flow.clientKind).toBe('ambient')
    expect(places(trace)).toEqual([
      'app sleep-8c86c414b3-23f84',
      'node node-a',
      'ztunnel ztunnel-node-a',
      'node node-b',
      'waypoint waypoint-fa2e18eaf9-c0a83',
      'app productpage-v1-daac03e239-f3d53',
      'node node-c',
      'waypoint waypoint-fa2e18eaf9-75ac7',
    ])
    expect(ends(trace)).toEqual(['1 delivered productpage-v1-daac03e239-f3d53'])
  })

  it('skips the waypoint for a pod address, and names the policy that then denies', async () => {
    const trace = await ask(bookinfo, ['sleep', '10.244.1.21:9080'])
    expect(places(trace).filter((place) => place.startsWith('waypoint'))).toEqual([])
    expect(trace.verdict).toMatchObject({kind: 'denied', layer: 'l4'})
  })

  it('resolves the VIP before a pod outside the mesh reaches anybody', async () => {
    const trace = await ask(orchard, ['road/cart', 'apple.orchard:80'], {path: '/tea'})
    expect(trace.flow.clientKind).toBe('uncaptured')
    expect(ends(trace)).toEqual(['one of 2 delivered apple-red-1c1df7e754-a0924', 'one of 2 delivered apple-green-814b0f6fbc-badb0'])
    expect(places(trace).some((place) => place.startsWith('waypoint'))).toBe(false)
  })

  it('lets a client outside enter an ingress gateway', async () => {
    const trace = await ask(both, ['external', '10.21.1.92:80'], {host: 'shop.example.com', path: '/cart'})
    expect(places(trace)).toContain('gateway eastwest-9b8f724022-3e3e0')
    expect(ends(trace)).toHaveLength(3)
  })
})

describe('names', () => {
  it("are answered by ztunnel's DNS proxy", async () => {
    const trace = await ask(services, ['app/client', 'httpbin.example.org:80'], {
      method: 'GET',
      path: '/status/200',
      host: 'httpbin.example.org',
    })
    expect(trace.flow.connection.destination).toEqual({ip: '240.240.0.3', port: 80})
    expect(trace.hops[trace.start]?.steps).toMatchObject([
      {
        kind: 'service-lookup',
        name: 'httpbin.example.org',
        effect: '240.240.0.3',
        because: ['DNS name httpbin.example.org', 'client namespace app'],
      },
    ])
    expect(places(trace)).toContain('waypoint egress-gw-830bd7022c-97d12')
  })

  it('of headless services lead to pods, and so to their own waypoint', async () => {
    const trace = await ask(web, ['curl', 'redis-hl.data:6379'], {protocol: 'tcp'})
    expect(trace.flow.alternatives?.map(({ip}) => ip)).toEqual(['10.10.1.20', '10.10.2.20', '10.10.2.21'])
    expect(places(trace)).toContain('waypoint db-wl-6a74f57746-0306f')
  })
})

describe('several clusters', () => {
  it('asks for the cluster of a name that both have, and takes it in front', async () => {
    await expect(ask(both, ['deploy/cart-v1', 'cart:80'])).rejects.toThrow('ambiguous')
    const trace = await ask(both, ['beta/shop/cart-v2-7854ce5d69-dcbb0', 'price.shop:9000'])
    expect(trace.flow.connection.destination.ip).toBe('10.22.255.12')
    expect(Object.values(trace.hops).map(({place}) => place.cluster)).toEqual(Array.from({length: 7}, () => 'beta'))
  })

  it('ends open beyond the gateway without the other side', async () => {
    const mesh = await both
    const trace = await traceQuestion({...mesh, others: []}, {question: {source: 'shop/client', destination: 'price:9000'}})
    expect(trace.verdict.kind).toBe('undetermined')
    expect(trace.missing[0]?.what).toBe('what the network gateway at 192.0.2.22:15008 does: no snapshot of its cluster was given')
  })
})

async function bookinfoWith(change: (dumps: readonly ProxyDump[]) => readonly ProxyDump[], inventory = true): Promise<Mesh> {
  const {snapshot} = await bookinfo
  const {inventory: recorded, ...rest} = snapshot
  return openMesh({...rest, ...(inventory && recorded !== undefined ? {inventory: recorded} : {}), proxies: change(snapshot.proxies)})
}

const isZtunnel = ({name}: ProxyDump): boolean => name.startsWith('ztunnel')

describe('what is missing', () => {
  it("is stood in for by another node's ztunnel, and said to be inferred", async () => {
    const mesh = bookinfoWith((dumps) => dumps.filter((dump) => !isZtunnel(dump) || dump.name === 'ztunnel-node-c'))
    const trace = await ask(mesh, ['sleep', 'details:9080'], {method: 'GET'})
    expect(ends(trace)).toEqual(['1 delivered details-v1-befd3fe979-e8a82'])
    const bases = Object.values(trace.hops).flatMap(({place, steps}) =>
      place.kind === 'ztunnel' ? steps.flatMap(({evidence}) => evidence.map(({basis}) => basis)) : [],
    )
    expect(new Set(bases)).toEqual(new Set(['inferred']))
  })

  it('is named where there is no ztunnel at all', async () => {
    const trace = await ask(
      bookinfoWith((dumps) => dumps.filter((dump) => !isZtunnel(dump))),
      ['sleep', 'details:9080'],
    )
    expect(trace.missing).toMatchObject([{what: 'the ztunnel of node node-a and its config dump'}])
  })

  it('needs no inventory: a ztunnel knows pods and services', async () => {
    const trace = await ask(
      bookinfoWith((dumps) => dumps, false),
      ['sleep', 'productpage.bookinfo:9080'],
      {method: 'GET'},
    )
    expect(ends(trace)).toEqual(['1 delivered productpage-v1-daac03e239-f3d53'])
  })

  it('warns of a pod that is marked HBONE and not held by its ztunnel', async () => {
    const withoutDetails = async (dump: ProxyDump): Promise<LoadedDump> => {
      const loaded = await dump.load()
      if (loaded.kind !== 'ztunnel') return loaded
      const document = Object.fromEntries(loaded.store.sections().map((section) => [section, sectionOf(loaded.store, section)]))
      return {kind: 'ztunnel', store: memoryStore({name: loaded.store.name, document})}
    }
    const mesh = bookinfoWith((dumps) =>
      dumps.map((dump) => ({...dump, file: dump.file, name: dump.name, load: () => withoutDetails(dump)})),
    )
    const trace = await ask(mesh, ['sleep', 'details:9080'], {method: 'GET'})
    expect(trace.warnings).toEqual([
      'pod bookinfo/details-v1-befd3fe979-e8a82 is marked HBONE, but the ztunnel of its node does not hold it: its capture is broken, and tunnels to it find nobody',
    ])
    expect(trace.verdict.kind).toBe('no-listener')
  })
})

/** A section of a dump without what tells of the pod of `details`. */
function sectionOf(store: Extract<LoadedDump, {kind: 'ztunnel' | 'envoy'}>['store'], section: string): unknown {
  const entries = [...store.refs(section)].map((ref) => ({key: ref.pointer.slice(ref.pointer.lastIndexOf('/') + 1), view: store.read(ref)}))
  const kept = entries.filter(({view}) => section !== 'workload_state' || view.get('info')?.str('name')?.startsWith('details') !== true)
  return /^\d+$/.test(kept[0]?.key ?? '0')
    ? kept.map(({view}) => view.value)
    : Object.fromEntries(kept.map(({key, view}) => [key, view.value]))
}

describe('the order and the rest of the data', () => {
  const questions = [
    ['sleep', 'productpage:9080'],
    ['notsleep', 'reviews:9080'],
    ['legacy', 'ratings.bookinfo:9080'],
  ] as const

  it.each(questions)('%s to %s: says the same whatever the order of the dumps', async (source, destination) => {
    const shuffled = bookinfoWith((dumps) => dumps.toReversed())
    expect(await ask(shuffled, [source, destination], {method: 'GET'})).toEqual(await ask(bookinfo, [source, destination], {method: 'GET'}))
  })

  it.each(questions)('%s to %s: says the same beside an unrelated pod', async (source, destination) => {
    const {snapshot} = await bookinfo
    const [pod, ...pods] = snapshot.inventory?.pods ?? []
    if (pod === undefined) throw new Error('the scenario has pods')
    const unrelated = {...pod, name: 'unrelated', namespace: 'elsewhere', ips: ['10.244.9.9'], labels: new Map()}
    const mesh = openMesh({...snapshot, inventory: {...snapshot.inventory, pods: [pod, ...pods, unrelated]}})
    expect(await ask(mesh, [source, destination], {method: 'GET'})).toEqual(await ask(bookinfo, [source, destination], {method: 'GET'}))
  })
})

describe('questions side by side', () => {
  it('get the answers they get one after the other', async () => {
    const questions = [
      {source: 'sleep', destination: 'reviews:9080', method: 'GET'},
      {source: 'notsleep', destination: 'reviews:9080', method: 'GET'},
      {source: 'outside/legacy', destination: 'ratings.bookinfo:9080', method: 'GET'},
    ]
    const mesh = await openGaScenario('bookinfo-waypoint')
    const together = await Promise.all(questions.map((question) => traceQuestion(mesh, {question})))
    const one = await openGaScenario('bookinfo-waypoint')
    for (const [index, question] of questions.entries()) expect(together[index]).toEqual(await traceQuestion(one, {question}))
  })
})

describe('sources of several clusters', () => {
  it('are given by name', async () => {
    const [alpha, beta] = gaScenarioDirs('multinetwork')
    const mesh = await openSources({paths: [`alpha=${alpha.dir}`, `beta=${beta?.dir ?? ''}`]})
    expect([mesh.cluster, ...mesh.others.map(({cluster}) => cluster)]).toEqual(['alpha', 'beta'])
    mesh.snapshot.close()
  })

  it.each([
    {name: 'a name given twice', paths: ['a=x', 'a=y'], what: 'Two clusters are called "a".'},
    {name: 'a path without a name', paths: ['a=x', './y'], what: 'Snapshots of several clusters cannot be mixed with other sources.'},
  ])('refuses $name', async ({paths, what}) => {
    await expect(openSources({paths})).rejects.toThrow(what)
  })
})

describe('connections beside the path', () => {
  it('follows the call to an authorization service through the mesh', async () => {
    const trace = await ask(openGaScenario('policies'), ['front/web', 'api.pay:80'], {method: 'GET', path: '/checkout/1', host: 'api'})
    const called = Object.values(trace.hops).flatMap(({next}) => next.flatMap(({calls = []}) => calls))
    expect(new Set(called).size).toBe(1)
    expect(ends(trace)).toContain('0 denied')
  })

  it('shows the upstream that a waypoint opened before it denied', async () => {
    const trace = await ask(orchard, ['market/thief', 'cider.orchard:3306'], {protocol: 'tcp'})
    const opened = Object.values(trace.hops).flatMap(({next}) => next.flatMap((branch) => branch.opened ?? []))
    expect(opened.map((id) => trace.hops[id]?.arrival.entry.kind)).toEqual(['internal', 'internal', 'internal'])
    expect(trace.verdict).toMatchObject({kind: 'denied', policy: 'ns[orchard]-policy[no-thieves]-rule[0]'})
  })
})

describe('the trust domain', () => {
  it('comes from a ztunnel where no mesh config tells it', async () => {
    const {directory} = await bookinfo
    expect((await bookinfo).snapshot.inventory?.trustDomain).toBeUndefined()
    const renamed = async (dump: ProxyDump): Promise<LoadedDump> => {
      const loaded = await dump.load()
      if (loaded.kind !== 'ztunnel') return loaded
      const document = Object.fromEntries(loaded.store.sections().map((section) => [section, sectionOf(loaded.store, section)]))
      const text = JSON.stringify(document).replaceAll('"cluster.local"', '"other.example"')
      return {kind: 'ztunnel', store: memoryStore({name: loaded.store.name, document: JSON.parse(text)})}
    }
    const mesh = await bookinfoWith((dumps) =>
      dumps.map((dump) => ({...dump, file: dump.file, name: dump.name, load: () => renamed(dump)})),
    )
    const identities = (one: typeof directory): readonly (string | undefined)[] =>
      one.workloads.map(({identity}) => identity?.split('/ns/')[0])
    expect(new Set(identities(directory))).toEqual(new Set(['spiffe://cluster.local']))
    expect(new Set(identities(mesh.directory))).toEqual(new Set(['spiffe://other.example']))
  })
})
