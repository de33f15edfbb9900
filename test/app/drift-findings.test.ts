import {cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gunzipSync, gzipSync} from 'node:zlib'
import {afterAll, describe, expect, it} from 'vitest'
import {z} from 'zod'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import {FIXTURES} from '../tools/fixtures.js'

const folder = mkdtempSync(join(tmpdir(), 'ambientctl-drift-'))
afterAll(() => {
  rmSync(folder, {recursive: true})
})

const service = z.looseObject({hostname: z.string(), endpoints: z.record(z.string(), z.unknown())})
const ztunnel = z.looseObject({
  config: z.looseObject({}),
  services: z.array(service),
  stagedServices: z.record(z.string(), z.unknown()),
})
type Ztunnel = z.infer<typeof ztunnel>

/** What `sleep` is told of details where the ztunnels of some nodes know something else. */
async function findingsWhere(nodes: readonly string[], edit: (dump: Ztunnel) => Ztunnel): Promise<readonly string[]> {
  const snapshot = mkdtempSync(join(folder, 'bookinfo-'))
  cpSync(join(FIXTURES, 'clusters/ga-bookinfo'), snapshot, {recursive: true})
  for (const node of nodes) {
    const file = join(snapshot, `proxies/istio-system/ztunnel-${node}.json.gz`)
    const dump = ztunnel.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')))
    writeFileSync(file, gzipSync(JSON.stringify(edit(dump))))
  }
  const mesh = await openSources({paths: [snapshot]})
  const {findings = []} = await traceQuestion(mesh, {question: {source: 'sleep', destination: 'details:9080'}})
  mesh.snapshot.close()
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
      'ztunnels disagree on the endpoints of service bookinfo/details: details-v1-befd3fe979-e8a82 at node-a, none at node-b; one of them is behind',
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
