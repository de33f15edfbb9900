import {describe, expect, it} from 'vitest'
import type {Mesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Finding} from '../../src/flow/finding.js'
import type {Question} from '../../src/flow/trace.js'
import {openGaScenario} from './ga-scenario.js'

const orchard = openGaScenario('orchard')
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
      'addressed-by-pod: addressed by pod address: the pod has no waypoint of its own, and orchard/fence of service apple does not count',
      'waypoint-bypassed: waypoint orchard/fence bypassed: none of its routes and L7 policies applies; ways round it: pod address, uncaptured client, sidecar client (no L4 policy demands its identity)',
    ])
  })

  it('name the L4 policy that still stands in the way', async () => {
    const [, bypass] = await findings(bookinfo, ['sleep', '10.244.1.21:9080'])
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

  it('tell what leaves the mesh', async () => {
    const [only] = await findings(orchard, ['market/thief', '198.18.44.1:443'])
    expect(only?.text).toMatch(/^no service and no workload matches 198\.18\.44\.1:443: passed through in plaintext/)
  })

  it('have evidence that stands in the dumps', async () => {
    const found = await findings(orchard, ['road/cart', 'apple.orchard:80'])
    expect(found.flatMap(({evidence}) => evidence).every(({dump, pointer}) => dump.endsWith('.json') && pointer.startsWith('/'))).toBe(true)
  })
})
