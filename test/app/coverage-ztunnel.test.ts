import {expect, it} from 'vitest'
import {missedGoals, type Coverage} from '../../src/app/coverage.js'
import {openMesh} from '../../src/app/mesh.js'
import type {WalkQuestion} from '../../src/app/walk-arrival.js'
import {coverageSchema} from '../../src/render/coverage-schema.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import {coverageOf} from './cover.js'

const mesh = openSnapshot({paths: ['fixtures/clusters/ga-orchard']}).then((snapshot) => openMesh(snapshot))
const ZTUNNEL = 'ztunnel-row-2'
const dialled: WalkQuestion = {
  proxy: ZTUNNEL,
  port: 15001,
  source: {ip: '10.12.2.2', port: 40_000},
  destination: {ip: '10.92.1.4', port: 3306},
}
const accepted: WalkQuestion = {
  proxy: ZTUNNEL,
  port: 15008,
  source: {ip: '10.12.1.2', port: 40_000},
  identity: 'spiffe://cluster.local/ns/market/sa/buyer',
  authority: '10.12.2.30:9000',
}
const refused: WalkQuestion = {...accepted, identity: 'spiffe://cluster.local/ns/market/sa/thief'}

async function cover(questions: readonly WalkQuestion[]): Promise<Coverage> {
  return coverageOf(await mesh, questions)
}

function counts({kinds}: Coverage): readonly string[] {
  return kinds.map(({kind, touched, total}) => `${kind} ${touched}/${total}`)
}

it('counts the services, workloads and policies of a Rust ztunnel, and names those that no answer relies on', async () => {
  const coverage = await cover([dialled, accepted])
  expect(counts(coverage)).toEqual(['services 1/11', 'workloads 2/11', 'policies 1/2'])
  const [proxy] = coverage.proxies
  expect(proxy).toMatchObject({proxy: ZTUNNEL})
  expect(proxy?.kinds.find(({kind}) => kind === 'policies')?.untouched).toEqual([
    {name: 'istio-system/istio_converted_static_strict', pointer: '/policies/0'},
  ])
  expect(proxy?.kinds.find(({kind}) => kind === 'services')?.untouched.map(({name}) => name)).not.toContain(
    'orchard/cider-dry.orchard.svc.cluster.local',
  )
  expect(coverageSchema.parse(coverage)).toEqual(coverage)
})

it('does not count a policy that was asked and did not match', async () => {
  const coverage = await cover([refused])
  expect(coverage.questions.verdicts).toEqual({denied: 1})
  expect(counts(coverage)).toContain('policies 0/2')
})

it('puts the kinds of a ztunnel and of a waypoint side by side', async () => {
  const waypoint: WalkQuestion = {proxy: 'fence', port: 15021, method: 'GET', path: '/healthz/ready'}
  const coverage = await cover([dialled, waypoint])
  expect(coverage.kinds.map(({kind}) => kind).join(' ')).toBe(
    'listeners filter-chains virtual-hosts routes services workloads policies rules clusters',
  )
  expect(coverage.proxies.map(({kinds}) => kinds.length)).toEqual([3, 7])
})

it('misses a goal of a kind that such a proxy does not have', async () => {
  expect(missedGoals(await cover([dialled]), [{kind: 'routes', percent: 1}])).toEqual([{kind: 'routes', percent: 1}])
})
