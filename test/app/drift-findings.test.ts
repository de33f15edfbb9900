import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import {traceEdited} from './edited-cluster.js'

const service = z.looseObject({hostname: z.string(), endpoints: z.record(z.string(), z.unknown())})
const ztunnel = z.looseObject({
  config: z.looseObject({}),
  services: z.array(service),
  stagedServices: z.record(z.string(), z.unknown()),
})
type Ztunnel = z.infer<typeof ztunnel>

/** What `sleep` is told of details where the ztunnels of some nodes know something else. */
async function findingsWhere(nodes: readonly string[], edit: (dump: Ztunnel) => Ztunnel): Promise<readonly string[]> {
  const edits = Object.fromEntries(
    nodes.map((node) => [`proxies/istio-system/ztunnel-${node}.json.gz`, (dump: unknown) => edit(ztunnel.parse(dump))]),
  )
  const {findings = []} = await traceEdited({cluster: 'ga-bookinfo', edits, question: {source: 'sleep', destination: 'details:9080'}})
  return findings.map(({text}) => text)
}

function isDetails({hostname}: {readonly hostname: string}): boolean {
  return hostname.startsWith('details.')
}

function withoutEndpoints(dump: Ztunnel): Ztunnel {
  return {...dump, services: dump.services.map((one) => (isDetails(one) ? {...one, endpoints: {}} : one))}
}

describe('what ztunnels know differently', () => {
  it('is told of endpoints', async () => {
    expect(await findingsWhere(['node-b'], withoutEndpoints)).toContain(
      'ztunnels disagree on the endpoints of service bookinfo/details: details-v1-befd3fe979-e8a82 at node-a, none at node-b; node-b is behind what Kubernetes has',
    )
  })

  it('says nothing where all of them know the same', async () => {
    expect(await findingsWhere(['node-a', 'node-b', 'node-c'], (dump) => dump)).toEqual([])
  })

  it('says nothing of one that fetches on demand', async () => {
    const onDemand = (dump: Ztunnel): Ztunnel => ({...withoutEndpoints(dump), config: {...dump.config, xdsOnDemand: true}})
    expect((await findingsWhere(['node-b'], onDemand)).filter((text) => text.startsWith('ztunnels disagree'))).toEqual([])
  })
})

describe('a service of which only endpoints arrived', () => {
  const staged = (dump: Ztunnel): Ztunnel => ({
    ...dump,
    services: dump.services.filter((one) => !isDetails(one)),
    stagedServices: {'bookinfo/details.bookinfo.svc.cluster.local': {}},
  })

  it('is told as staged', async () => {
    expect(await findingsWhere(['node-a', 'node-b', 'node-c'], staged)).toContain(
      'service bookinfo/details is only staged at the ztunnel of node-a: endpoints of it arrived, the service itself did not',
    )
  })

  it('is not, where the service is there too', async () => {
    const both = (dump: Ztunnel): Ztunnel => ({...staged(dump), services: dump.services})
    expect((await findingsWhere(['node-a', 'node-b', 'node-c'], both)).filter((text) => text.includes('staged'))).toEqual([])
  })
})
