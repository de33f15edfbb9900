import {describe, expect, it} from 'vitest'
import type {Mesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Finding} from '../../src/flow/finding.js'
import type {Question} from '../../src/flow/trace.js'
import {openGaScenario} from './ga-scenario.js'

const orchard = openGaScenario('orchard')
const policies = openGaScenario('policies')
const workloads = openGaScenario('waypoint-for-workload-all')
const bookinfo = openGaScenario('bookinfo-waypoint')

async function findings(
  mesh: Promise<Mesh>,
  [source, destination]: readonly [string, string],
  more: Partial<Question> = {},
): Promise<readonly Finding[]> {
  const trace = await traceQuestion(await mesh, {question: {source, destination, ...more}})
  return trace.findings ?? []
}

function texts(found: readonly Finding[]): readonly string[] {
  return found.map(({kind, text}) => `${kind}: ${text}`)
}

describe('findings', () => {
  it.each([
    {what: 'a delivered request through its waypoint', flow: ['sleep', 'productpage:9080']},
    {what: 'a service without waypoint that nobody asked for', flow: ['market/buyer', 'apple-green.orchard:80']},
  ] as const)('are none for $what', async ({flow}) => {
    const mesh = flow[0] === 'sleep' ? bookinfo : orchard
    expect(await findings(mesh, flow)).toEqual([])
  })

  it('tell which waypoint a pod address leaves out, and who else goes round it', async () => {
    expect(texts(await findings(orchard, ['market/buyer', '10.12.1.10:8080']))).toEqual([
      'waypoint-bypassed: waypoint orchard/fence bypassed: none of its routes and L7 policies applies; ways round it: pod address, uncaptured client, sidecar client (no L4 policy demands its identity)',
      'addressed-by-pod: addressed by pod address: the pod has no waypoint of its own, and orchard/fence of service apple does not count',
    ])
  })

  it('name the L4 policy that still stands in the way', async () => {
    const bypass = (await findings(bookinfo, ['sleep', '10.244.1.21:9080'])).find(({kind}) => kind === 'waypoint-bypassed')
    expect(bypass?.text).toContain('(L4 policy bookinfo/productpage-only-waypoint still limits them)')
    expect(bypass?.evidence.some(({pointer}) => pointer.startsWith('/policies/'))).toBe(true)
  })

  it('tell that kube-proxy resolves the VIP of an uncaptured client', async () => {
    const [client, bypass] = await findings(orchard, ['road/cart', 'apple.orchard:80'])
    expect(client).toMatchObject({kind: 'client-uncaptured'})
    expect(client?.text).toBe(
      'uncaptured client: kube-proxy has already turned the VIP into a pod address, so waypoint orchard/fence is not used',
    )
    expect(bypass?.kind).toBe('waypoint-bypassed')
  })

  it('tell that the virtual address leaves out the waypoint of the pods', async () => {
    expect(texts(await findings(workloads, ['web/curl', 'redis.data:6379']))).toEqual([
      'addressed-by-vip: addressed by VIP: the service has no waypoint, and data/db-wl of its pods does not count',
    ])
    expect(await findings(workloads, ['web/curl', 'pod/data/redis-0:6379'])).toEqual([])
  })

  it("tell that the destination sees the waypoint's identity", async () => {
    const [first] = await findings(orchard, ['market/buyer', 'vault.orchard:80'])
    expect(first?.text).toMatch(
      /^destination ztunnel sees the waypoint, not the client: no ALLOW policy \(orchard\/vault-buyer\) admits spiffe:\/\/cluster.local\/ns\/orchard\/sa\/fence;/,
    )
    expect(first?.evidence).not.toEqual([])
  })

  it.each([
    {
      what: 'an ALLOW without rules',
      to: 'authz.infra:8000',
      says: 'policy infra/l7-allow-at-l4 is only half at ztunnel: it cannot judge methods, no rule is left, and nobody is allowed',
    },
    {
      what: 'a broader DENY',
      to: 'open.infra:8080',
      says: 'policy infra/l7-deny-at-l4 is only half at ztunnel: it cannot judge methods, paths, so its DENY is broader than written',
    },
    {
      what: 'a CUSTOM policy',
      to: 'open.infra:8080',
      says: 'policy infra/custom-at-l4 is enforced NOWHERE on this way: ztunnel knows no CUSTOM',
    },
  ])('name $what', async ({to, says}) => {
    expect((await findings(policies, ['front/web', to])).some(({text}) => text.startsWith(says))).toBe(true)
  })

  it('place every policy of a destination where one is enforced nowhere', async () => {
    const found = await findings(bookinfo, ['sleep', '10.244.1.21:9080'])
    expect(found.find(({kind}) => kind === 'policy-not-enforced')?.text).toBe(
      'policy bookinfo/productpage-viewer is enforced NOWHERE on this way: it has targetRefs, which only a waypoint enforces, and none is passed; at the destination ztunnel: bookinfo/productpage-only-waypoint',
    )
  })

  it("tell that the waypoint of the client's side is not passed", async () => {
    const [first] = await findings(bookinfo, ['ratings-v1-f9fd811a34-19c69', 'legacy.outside:80'])
    expect(first?.text).toBe(
      "waypoint bookinfo/waypoint of the client's side is not passed: ambient waypoints act for the destination only",
    )
  })

  it('show the target port that no container declares', async () => {
    const [first] = await findings(orchard, ['market/thief', 'press.orchard:80'])
    expect(first?.text).toContain(
      'last mesh hop delivers to 10.12.1.40:7001 (service port 80 → target port 7001), but the pod declares only port 7000',
    )
  })

  it('tell what leaves the mesh', async () => {
    const [only] = await findings(orchard, ['market/thief', '198.18.44.1:443'])
    expect(only?.text).toMatch(/^no service and no workload matches 198\.18\.44\.1:443: passed through in plaintext/)
  })

  it('have evidence that stands in the dumps', async () => {
    const found = await findings(orchard, ['road/cart', 'apple.orchard:80'])
    expect(found.flatMap(({evidence}) => evidence).every(({dump, pointer}) => dump.endsWith('.json') && pointer.startsWith('/'))).toBe(true)
  })
})
