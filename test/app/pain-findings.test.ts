import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Finding} from '../../src/flow/finding.js'
import {exitCodeOf} from '../../src/flow/exit-code.js'
import {traceOutlook, type Question} from '../../src/flow/trace.js'
import {FIXTURES} from '../tools/fixtures.js'

interface Scene {
  /** One cluster, or several as `name=cluster`. */
  readonly at: string | readonly string[]
  readonly flow: readonly [source: string, destination: string]
  readonly more?: Partial<Question>
}

interface Pain {
  readonly what: string
  readonly kind: string
  readonly says: string
  readonly ill: Scene
  /** The same question where nothing is wrong, or the nearest one. */
  readonly healthy: Scene
}

const bookinfo: Scene = {at: 'ga-bookinfo', flow: ['sleep', 'details:9080']}
const networks: Scene = {at: ['alpha=ga-alpha', 'beta=ga-beta'], flow: ['shop/client', 'cart.shop:80']}

const PAINS: readonly Pain[] = [
  {
    what: 'P15: endpoints that lost the names of their clusters',
    kind: 'endpoints-inferred',
    says: 'endpoint assignments of ztunnel istio-system/ztunnel-637c3 have no cluster_name (istio#42022): joined by what they hold, several fit, all with the same endpoints (inferred)',
    ill: {at: 'sep2022-bookinfo-waypoint-nameless', flow: ['sleep', 'productpage:9080']},
    healthy: {at: 'sep2022-bookinfo-waypoint', flow: ['sleep', 'productpage:9080']},
  },
  {
    what: 'P16: a dump without endpoints',
    kind: 'endpoints-not-collected',
    says: 'the dump of ztunnel istio-system/ztunnel-fd61f lacks EDS: collect it again with ?include_eds, as `ambientctl dump istio-system/ztunnel-fd61f` does',
    ill: {at: 'gke-without-endpoints', flow: ['sleep', 'productpage:9080']},
    healthy: {at: 'gke-sleep-productpage', flow: ['sleep', 'productpage:9080']},
  },
  {
    what: 'P8 in 2022: an address that no chain matches',
    kind: 'passthrough',
    says: 'no filter chain of ztunnel matches 203.0.113.9:443: its default chain passes it through in plaintext, leaves the mesh; only REGISTRY_ONLY takes that chain away',
    ill: {at: 'gke-sleep-productpage', flow: ['sleep', '203.0.113.9:443']},
    healthy: {at: 'gke-registry-only', flow: ['sleep', '203.0.113.9:443']},
  },
  {
    what: 'P18: ztunnels that know different things',
    kind: 'ztunnels-disagree',
    says: 'ztunnels disagree on the waypoint of service bookinfo/details: bookinfo/waypoint at node-a, none at node-b; node-b is behind what labels ask for',
    ill: {...bookinfo, at: 'ga-bookinfo-drift'},
    healthy: bookinfo,
  },
  {
    what: 'P3: a waypoint without a ready pod',
    kind: 'waypoint-unusable',
    says: 'waypoint orchard/hole has no ready pod (0 endpoints): ztunnel fails every connection, it never goes round a waypoint',
    ill: {at: 'ga-orchard', flow: ['market/buyer', 'barn.orchard:80']},
    healthy: {at: 'ga-orchard', flow: ['market/thief', 'press.orchard:80']},
  },
  {
    what: 'P19: a client that its ztunnel was not told of',
    kind: 'client-unknown',
    says: 'pod bookinfo/sleep-8c86c414b3-23f84 is not among the workloads that the ztunnel of its node (node-a) knows',
    ill: {...bookinfo, at: 'ga-bookinfo-unknown-client'},
    healthy: bookinfo,
  },
  {
    what: 'P20: two pods with one address',
    kind: 'shared-address',
    says: 'address 10.244.2.22 is that of 2 pods: bookinfo/details-v1-befd3fe979-e8a82 and bookinfo/ratings-v1-f9fd811a34-19c69',
    ill: {at: 'ga-bookinfo-shared-address', flow: ['sleep', '10.244.2.22:9080']},
    healthy: {at: 'ga-bookinfo', flow: ['sleep', '10.244.2.22:9080']},
  },
  {
    what: 'P21: names that do not fit across clusters',
    kind: 'identity-mismatch',
    says: 'expected SAN spiffe://cluster.local/ns/shop/sa/cart-old, presented spiffe://cluster.local/ns/shop/sa/cart: ztunnel istio-system/ztunnel-alpha-n1 dials ztunnel istio-system/ztunnel-beta-n1',
    ill: {...networks, at: ['alpha=ga-alpha-other-names', 'beta=ga-beta']},
    healthy: networks,
  },
  {
    what: 'P22: endpoints that lead to an internal listener that is not there',
    kind: 'dangling-reference',
    says: 'DANGLING: cluster inbound-vip|80|http|stock.shop.svc.cluster.local → envoy://inner_connect_originate (no such listener in waypoint shop/wp-964f81a77b-d9d38)',
    ill: {at: ['alpha=ga-alpha-without-listener', 'beta=ga-beta'], flow: ['shop/client', 'stock.shop:80']},
    healthy: {...networks, flow: ['shop/client', 'stock.shop:80']},
  },
  {
    what: 'P25: a route to a cluster that is not there',
    kind: 'dangling-reference',
    says: 'DANGLING: route dead → cluster "inbound-vip|80|http|nobody.orchard.svc.cluster.local" is not in the dump (waypoint orchard/fence-27b8e18314-bcd6b)',
    ill: {at: 'ga-orchard', flow: ['market/buyer', 'apple.orchard:80'], more: {path: '/dead'}},
    healthy: {at: 'ga-orchard', flow: ['market/buyer', 'apple.orchard:80'], more: {path: '/tea'}},
  },
  {
    what: 'P23: an address that the waypoint was not told of',
    kind: 'address-not-matched',
    says: 'main_internal of waypoint egress/egress-gw-830bd7022c-97d12 matches no filter chain for 203.0.113.11:5432, where ztunnel sends it for service egress/static-db: the waypoint knows 203.0.113.10 only',
    ill: {at: 'ga-egress-second-address', flow: ['app/client', '203.0.113.11:5432'], more: {protocol: 'tcp'}},
    healthy: {at: 'ga-egress-second-address', flow: ['app/client', '203.0.113.10:5432'], more: {protocol: 'tcp'}},
  },
  {
    what: 'a port that the service does not have, at the waypoint',
    kind: 'address-not-matched',
    says: 'service pay/api: the service has no port 81',
    ill: {at: 'ga-policies', flow: ['front/web', '10.97.0.10:81'], more: {protocol: 'tcp'}},
    healthy: {at: 'ga-policies', flow: ['front/web', '10.97.0.10:80'], more: {path: '/public/a'}},
  },
  {
    what: 'P24: STRICT that became a policy',
    kind: 'strict-mode',
    says: 'PeerAuthentication infra/open-ports wants mTLS here: ztunnel has it as DENY policy infra/converted_peer_authentication_open-ports for clients without identity, and this one comes in plaintext and has none',
    ill: {at: 'ga-policies', flow: ['plain/curl', 'open.infra:8080']},
    healthy: {at: 'ga-policies', flow: ['plain/curl', 'open.infra:8443'], more: {protocol: 'tcp'}},
  },
  {
    what: 'P25: a waypoint that nothing is bound to',
    kind: 'waypoint-unbound',
    says: 'waypoint bookinfo/waypoint: 0 services and 0 workloads bound, so that service bookinfo/details does not use it',
    ill: {...bookinfo, at: 'ga-bookinfo-unlabelled'},
    healthy: bookinfo,
  },
  {
    what: 'P25: a route to a cluster without endpoints',
    kind: 'no-endpoints',
    says: 'service orchard/bare has no endpoints; 503: route default → cluster inbound-vip|80|http|bare.orchard.svc.cluster.local of waypoint orchard/fence-27b8e18314-bcd6b has no endpoint that can be used',
    ill: {at: 'ga-orchard', flow: ['market/buyer', 'bare.orchard:80']},
    healthy: {at: 'ga-orchard', flow: ['market/buyer', 'apple.orchard:80'], more: {path: '/tea'}},
  },
  {
    what: 'a service without endpoints and without waypoint',
    kind: 'no-endpoints',
    says: 'service orchard/bare-plain has no endpoints',
    ill: {at: 'ga-orchard', flow: ['market/buyer', 'bare-plain.orchard:80']},
    healthy: {at: 'ga-orchard', flow: ['market/buyer', 'apple-green.orchard:80']},
  },
  {
    what: 'a port that no endpoint serves',
    kind: 'no-endpoints',
    says: 'service orchard/apple-green has 1 endpoint, none of them usable for port 81',
    ill: {at: 'ga-orchard', flow: ['market/buyer', 'apple-green.orchard:81']},
    healthy: {at: 'ga-orchard', flow: ['market/buyer', 'apple-green.orchard:80']},
  },
  {
    what: 'P27: a waypoint of another namespace',
    kind: 'waypoint-of-other-namespace',
    says: 'waypoint infra/shared of another namespace serves app/shop; it is bound to 3 services of namespace app',
    ill: {at: 'ga-egress', flow: ['app/client', 'shop:443'], more: {protocol: 'tls', sni: 'shop.app'}},
    healthy: {at: 'ga-egress', flow: ['app/client', 'httpbin.example.org:80'], more: {method: 'GET'}},
  },
  {
    what: 'P28: the end of what is known',
    kind: 'edge-of-knowledge',
    says: 'UNDETERMINED beyond network gateway 192.0.2.22 of net-beta: no snapshot of the cluster behind it, where 2/3 of the traffic goes',
    ill: {...networks, at: 'ga-alpha'},
    healthy: networks,
  },
  {
    what: 'a call to the authorization service that is refused',
    kind: 'side-call-fails',
    says: 'the call of waypoint pay/pay-wp-c06d765e41-d454f to its authorization service fails at ztunnel istio-system/ztunnel-p2 (denied: ',
    ill: {at: 'ga-policies', flow: ['front/web', 'api.pay:80'], more: {path: '/checkout/1'}},
    healthy: {at: 'ga-policies', flow: ['front/web', 'api.pay:80'], more: {path: '/public/a'}},
  },
]

async function answer({at, flow: [source, destination], more = {}}: Scene): Promise<{findings: readonly Finding[]; exitCode: number}> {
  const paths = [at].flat().map((one) => one.replace(/^(\w+=)?/, `$1${join(FIXTURES, 'clusters')}/`))
  const mesh = await openSources({paths})
  const trace = await traceQuestion(mesh, {question: {source, destination, ...more}})
  mesh.snapshot.close()
  return {findings: trace.findings ?? [], exitCode: exitCodeOf(traceOutlook(trace, undefined))}
}

describe.each(PAINS)('$what', ({kind, says, ill, healthy}) => {
  it('is found', async () => {
    const {findings} = await answer(ill)
    expect(findings.filter((one) => one.kind === kind).map(({text}) => text)).toEqual([expect.stringContaining(says)])
  })

  it('is not found where it is not so', async () => {
    const {findings} = await answer(healthy)
    expect(findings.filter((one) => one.kind === kind)).toEqual([])
  })
})

describe('the exit code', () => {
  it.each([
    {what: 'a fault, though everything is delivered', scene: {...bookinfo, at: 'ga-bookinfo-waypoint-lost'}, code: 1},
    {what: 'ztunnels that disagree', scene: {...bookinfo, at: 'ga-bookinfo-drift'}, code: 1},
    {what: 'a fault that explains why nothing is known', scene: {...bookinfo, at: 'ga-bookinfo-unknown-client'}, code: 1},
    {what: 'what is not known', scene: {...networks, at: 'ga-alpha'}, code: 2},
    {what: 'nothing wrong', scene: bookinfo, code: 0},
    {what: 'findings that only explain', scene: {at: 'ga-workload-waypoints', flow: ['web/curl', 'redis.data:6379']}, code: 0},
  ] as const satisfies readonly {what: string; scene: Scene; code: number}[])('is $code for $what', async ({scene, code}) => {
    expect((await answer(scene)).exitCode).toBe(code)
  })

  it('is that of the verdict for who expects one', () => {
    const trace = {verdict: {kind: 'delivered'}, findings: [{kind: 'waypoint-missing', text: '', fault: true, evidence: []}]} as const
    expect(traceOutlook(trace, 'delivered')).toBe('positive')
    expect(traceOutlook(trace, undefined)).toBe('negative')
  })
})

describe('the service of a waypoint itself', () => {
  it.each([
    {at: 'ga-bookinfo', flow: ['sleep', 'waypoint.bookinfo:15021']},
    {at: 'ga-ingress', flow: ['old/backend-v1', 'wp.mesh:15008']},
  ] as const)('has no waypoint, and needs none ($at)', async (scene) => {
    const {findings} = await answer(scene)
    expect(findings.filter(({fault}) => fault === true)).toEqual([])
  })
})

describe('a policy of a service behind a gateway', () => {
  const gateway = {at: 'ga-ingress', more: {host: 'app.example.com', path: '/a'}} as const

  it.each(['public-istio.gw:80', '10.40.1.2:80'])(
    'is enforced at the waypoint that the gateway goes through (dialled as %s)',
    async (destination) => {
      const {findings} = await answer({...gateway, flow: ['external', destination]})
      expect(findings).toEqual([])
    },
  )
})
