import {describe, expect, it} from 'vitest'
import type {Mesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import {walkProxy} from '../../src/app/walk.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import {isObject} from '../../src/json/view.js'
import {openEdited, openGaScenario} from './ga-scenario.js'

// ambient-ga G: traps that show only along a way through several proxies.

const web = openGaScenario('waypoint-for-workload-all')
const policies = openGaScenario('policies')

async function ask(mesh: Promise<Mesh>, [source, destination]: readonly [string, string], more: Partial<Question> = {}): Promise<Trace> {
  return traceQuestion(await mesh, {question: {source, destination, ...more}})
}

/** Every filter chain that was chosen at `main_internal`. */
function chains({hops}: Trace): readonly string[] {
  const logs = Object.values(hops).flatMap(({next}) => next.flatMap(({log}) => log ?? []))
  return [...new Set(logs.flatMap(({listener, filterChain}) => (listener === 'main_internal' ? (filterChain ?? 'none') : [])))].toSorted()
}

/** Rebuilds a document; `change` sees every object, from the inside out. */
function changed(value: unknown, change: (object: Readonly<Record<string, unknown>>) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => changed(item, change))
  if (!isObject(value)) return value
  return change(Object.fromEntries(Object.entries(value).map(([key, member]) => [key, changed(member, change)])))
}

describe('G15: a dump without include_eds', () => {
  const withoutEndpoints = openEdited('bookinfo-waypoint', {
    edit: ({path, document}) => {
      if (!path.startsWith('proxies/') || !isObject(document) || !Array.isArray(document['configs'])) return document
      const configs: readonly unknown[] = document['configs']
      return {...document, configs: configs.filter((section) => !JSON.stringify(section).includes('EndpointsConfigDump"'))}
    },
  })

  it('leaves the endpoints open, and says what collects them: it is no service without endpoints', async () => {
    const {verdict, missing} = await ask(withoutEndpoints, ['sleep', 'productpage:9080'], {method: 'GET'})
    expect(verdict.kind).toBe('undetermined')
    expect(new Set(missing.map(({what}) => what))).toEqual(
      new Set(['endpoints of cluster inbound-vip|9080|http|productpage.bookinfo.svc.cluster.local']),
    )
    expect(missing[0]?.collect).toContain('include_eds')
  })
})

describe('G17: whether the authority or the address is looked at first', () => {
  const AUTHORITY_FIRST = openEdited('multinetwork', {
    edit: ({document}) =>
      changed(
        document,
        contradicting((tree) => tree),
      ),
  })
  const ADDRESS_FIRST = openEdited('multinetwork', {edit: ({document}) => changed(document, contradicting(addressFirst))})

  type Tree = Readonly<Record<string, unknown>>

  /** The waypoint's matcher with an authority that leads nowhere, though its address is served. */
  function contradicting(order: (tree: Tree) => Tree): (object: Tree) => unknown {
    return (object) => {
      const {filter_chain_matcher: tree, name} = object
      if (name !== 'main_internal' || !isObject(tree) || !isObject(tree['matcher_tree'])) return object
      const {matcher_tree: lookup} = tree
      const entries =
        isObject(lookup['exact_match_map']) && isObject(lookup['exact_match_map']['map']) ? lookup['exact_match_map']['map'] : {}
      const nowhere = {
        action: {name: 'nowhere', typed_config: {'@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'nowhere'}},
      }
      const map = {...entries, '10.21.255.11:80': nowhere}
      return {...object, filter_chain_matcher: order({...tree, matcher_tree: {...lookup, exact_match_map: {map}}})}
    }
  }

  /** As istiod 1.26 to 1.28 wrote it: the addresses outside, the authorities where none of them is met (ambient-ga D.3). */
  function addressFirst({on_no_match: byAddress, ...byAuthority}: Tree): Tree {
    const inner = isObject(byAddress) && isObject(byAddress['matcher']) ? byAddress['matcher'] : {}
    return {...inner, on_no_match: {matcher: byAuthority}}
  }

  async function walk(mesh: Promise<Mesh>, authority: string): Promise<Trace> {
    return walkProxy(await mesh, {
      question: {
        proxy: 'shop/wp-964f81a77b-d9d38',
        port: 15_008,
        alpn: ['h2'],
        method: 'CONNECT',
        authority,
        identity: 'spiffe://cluster.local/ns/shop/sa/client',
        inner: {method: 'GET', authority: 'stock', path: '/'},
      },
    })
  }

  it.each([
    {order: 'the authority', mesh: AUTHORITY_FIRST, address: 'no-filter-chain'},
    {order: 'the address', mesh: ADDRESS_FIRST, address: 'delivered'},
  ])('$order comes first where the dump says so', async ({mesh, address}) => {
    const byHost = await walk(mesh, 'stock.shop.svc.cluster.local:80')
    expect(chains(byHost)).toEqual(['inbound-vip|80|http|stock.shop.svc.cluster.local'])
    expect((await walk(mesh, '10.21.255.11:80')).verdict.kind).toBe(address)
  })
})

describe('G18: what the first bytes are decides at a port without a protocol', () => {
  it.each([
    {protocol: 'http' as const, expected: ['inbound-vip|9000|http|api.web.svc.cluster.local']},
    {protocol: 'tcp' as const, expected: ['inbound-vip|9000|tcp|api.web.svc.cluster.local']},
    {protocol: 'tls' as const, expected: ['inbound-vip|9000|tcp|api.web.svc.cluster.local']},
  ])('$protocol', async ({protocol, expected}) => {
    expect(chains(await ask(web, ['web/curl', 'api.web:9000'], {protocol}))).toEqual(expected)
  })

  it('a port with a protocol does not ask', async () => {
    expect(chains(await ask(web, ['web/curl', 'api.web:80'], {protocol: 'tcp'}))).toEqual(['inbound-vip|80|http|api.web.svc.cluster.local'])
  })
})

describe('G19: what a waypoint does not serve is closed', () => {
  it('without a status, at the listener and not at a route', async () => {
    const trace = await ask(web, ['web/curl', '10.100.0.10:81'], {method: 'GET', protocol: 'http'})
    expect(trace.verdict.kind).toBe('no-filter-chain')
    expect(Object.values(trace.outcomes).map(({answer}) => answer.kind)).toEqual(['closed'])
  })
})

describe('G28: policies with L7 fields, as ztunnel gets them', () => {
  async function arrives(identity: string, authority: string): Promise<Trace['verdict']> {
    const question = {
      proxy: 'istio-system/ztunnel-p1',
      port: 15_008,
      source: {ip: '10.30.2.6', port: 40_000},
      identity: `spiffe://cluster.local/ns/${identity}`,
      authority,
      inner: {method: 'GET', authority: 'open', path: '/secret'},
    }
    return (await walkProxy(await policies, {question})).verdict
  }

  it('a DENY for POST denies every method', async () => {
    expect(await arrives('plain/sa/curl', '10.30.1.21:9000')).toMatchObject({kind: 'denied', layer: 'l4', policy: 'infra/l7-deny-at-l4'})
  })

  it('a DENY for a path alone denies nothing', async () => {
    expect(await arrives('front/sa/web', '10.30.1.21:8080')).toEqual({kind: 'delivered'})
  })

  it('an ALLOW for a method allows nobody', async () => {
    const {verdict} = await ask(policies, ['front/web', 'authz.infra:8000'], {method: 'POST'})
    expect(verdict).toMatchObject({kind: 'denied', layer: 'l4'})
    expect('reason' in verdict ? verdict.reason : '').toContain('allow policies exist, but none allowed')
  })
})

describe('G24: a dedicated ztunnel is not the one of its node', () => {
  const dedicated = openEdited('bookinfo-waypoint', {
    edit: ({path, document}) => {
      if (path !== 'proxies/istio-system/ztunnel-node-b.json' || !isObject(document) || !isObject(document['config'])) return document
      const rest = Object.fromEntries(Object.entries(document).filter(([section]) => section !== 'workloadState'))
      const info = {name: 'sleep-8c86c414b3-23f84', namespace: 'bookinfo', serviceAccount: 'sleep'}
      return {...rest, config: {...document['config'], proxyMode: 'Dedicated', proxyWorkloadInformation: info}}
    },
  })

  it('it stands in for want of another, and every pod keeps its own identity', async () => {
    const trace = await ask(dedicated, ['notsleep', 'details:9080'], {method: 'GET'})
    const first = Object.values(trace.hops).find(({place}) => place.kind === 'ztunnel')
    const steps = [...(first?.steps ?? []), ...(first?.next ?? []).flatMap((branch) => branch.steps)]
    const identities = steps.flatMap((step) => (step.kind === 'tls' ? (step.identity ?? []) : []))
    expect(new Set(identities)).toEqual(new Set(['spiffe://cluster.local/ns/bookinfo/sa/notsleep']))
    expect(new Set(steps.flatMap(({evidence}) => evidence.map(({basis}) => basis)))).toEqual(new Set(['inferred']))
  })
})

describe('what a ztunnel has not got, in traces', () => {
  /** The dump of the client's ztunnel with one member changed. */
  function atClient(change: (document: Readonly<Record<string, unknown>>) => unknown): Promise<Mesh> {
    return openEdited('bookinfo-waypoint', {
      edit: ({path, document}) => (path === 'proxies/istio-system/ztunnel-node-a.json' && isObject(document) ? change(document) : document),
    })
  }

  it('a certificate of the client: its tunnels fail before anything is dialled', async () => {
    const identity = 'spiffe://cluster.local/ns/bookinfo/sa/sleep'
    const mesh = atClient((document) => ({...document, certificates: [{identity, state: 'Unavailable: no answer from the CA'}]}))
    const trace = await ask(mesh, ['sleep', 'productpage:9080'], {method: 'GET'})
    expect(trace.verdict).toEqual({
      kind: 'tls-failure',
      reason: `ztunnel has no certificate for ${identity}: Unavailable: no answer from the CA`,
    })
    expect(Object.values(trace.hops).at(-1)?.place.kind).toBe('ztunnel')
  })

  it('a service, where it fetches what is asked for: nothing is concluded from its absence', async () => {
    const mesh = atClient((document) => ({
      ...document,
      services: listOf(document['services']).filter((one) => !isObject(one) || one['name'] !== 'details'),
      config: {...(isObject(document['config']) ? document['config'] : {}), xdsOnDemand: true},
    }))
    const trace = await ask(mesh, ['sleep', 'details:9080'], {method: 'GET'})
    expect(trace.verdict.kind).toBe('undetermined')
    expect(trace.missing[0]?.what).toBe('whether 10.96.0.22 is known to the control plane: this ztunnel fetches addresses only on demand')
  })

  it('a service of which only endpoints arrived: its connections pass through, past its waypoint', async () => {
    const key = 'bookinfo/details.bookinfo.svc.cluster.local'
    const mesh = atClient((document) => ({
      ...document,
      services: listOf(document['services']).filter((one) => !isObject(one) || one['name'] !== 'details'),
      stagedServices: {[key]: {}},
    }))
    const trace = await ask(mesh, ['sleep', 'details:9080'], {method: 'GET'})
    const because = Object.values(trace.hops).flatMap(({steps, next}) => [...steps, ...next.flatMap((branch) => branch.steps)])
    expect(because.flatMap((step) => step.because)).toContain(`ztunnel does not have these services yet, only endpoints of them: ${key}`)
    expect(Object.values(trace.hops).map(({place}) => place.kind)).not.toContain('waypoint')
  })
})

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
