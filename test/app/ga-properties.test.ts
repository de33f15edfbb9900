import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {Mesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Question} from '../../src/flow/trace.js'
import {isObject} from '../../src/json/view.js'
import {service, workload} from '../ztunnel/dump.js'
import {disorder, permute, SENT_IN_ORDER} from '../ztunnel/permute.js'
import {openEdited, openGaScenario, type Edit} from './ga-scenario.js'

// What a snapshot holds decides, not in which order it holds it, and nothing beside the way.

interface Asked {
  readonly scenario: string
  readonly questions: readonly Question[]
}

const ASKED: readonly Asked[] = [
  {
    scenario: 'bookinfo-waypoint',
    questions: [
      {source: 'sleep', destination: 'reviews:9080', method: 'GET'},
      {source: 'notsleep', destination: '10.244.1.21:9080'},
      {source: 'outside/legacy', destination: 'ratings.bookinfo:9080', method: 'GET'},
    ],
  },
  {
    scenario: 'multinetwork',
    questions: [
      {source: 'alpha/shop/client-ecc344d814-c2123', destination: 'cart.shop:80', method: 'GET', path: '/cart'},
      {source: 'external', destination: '10.21.1.92:80', host: 'shop.example.com', path: '/cart'},
    ],
  },
  {
    scenario: 'policies',
    questions: [
      {source: 'front/web', destination: 'api.pay:80', method: 'GET', path: '/checkout/1', host: 'api'},
      {source: 'plain/curl', destination: 'open.infra:9000', protocol: 'tcp'},
    ],
  },
]

/** Every answer, but for where its evidence stands. */
async function answers(mesh: Mesh, questions: readonly Question[]): Promise<readonly unknown[]> {
  const traces = await Promise.all(questions.map((question) => traceQuestion(mesh, {question})))
  mesh.snapshot.close()
  return traces.map((trace): unknown => JSON.parse(JSON.stringify(trace, withoutEvidence)))
}

function withoutEvidence(key: string, value: unknown): unknown {
  if (key === 'evidence') return undefined
  return typeof value === 'bigint' ? String(value) : value
}

/** Lists of whole resources; inside one resource the order of an Envoy or Kubernetes list may mean something. */
const RESOURCE_LISTS = new Set([
  'configs',
  'items',
  'dynamic_listeners',
  'static_listeners',
  'dynamic_active_clusters',
  'static_clusters',
  'dynamic_route_configs',
  'static_route_configs',
  'dynamic_endpoint_configs',
  'static_endpoint_configs',
  'dynamic_active_secrets',
  'static_secrets',
])

/** Of a ztunnel: lists that were sent to it in this order, and the rules of a policy, which answers name by their number. */
const ORDERED = new Set([...SENT_IN_ORDER, 'rules', ''])

function shuffle(keys: readonly number[]): Edit {
  return ({path, document}) => {
    const isZtunnel = path.includes('/ztunnel-')
    const keeps = (list: string, depth: number): boolean =>
      isZtunnel ? ORDERED.has(list) || (list === 'services' && depth > 1) : !RESOURCE_LISTS.has(list)
    return permute(document, {keys, keeps})
  }
}

const META = {name: 'unrelated', namespace: 'elsewhere', labels: {app: 'unrelated'}}

/** A pod, a service, and policies that deny everything to others, in every place that knows of them. */
const ADDED: Readonly<Record<string, unknown>> = {
  'inventory/pods.json': {kind: 'Pod', metadata: META, spec: {nodeName: 'node-a', containers: []}, status: {podIP: '172.31.0.1'}},
  'inventory/services.json': {
    kind: 'Service',
    metadata: META,
    spec: {clusterIP: '172.31.0.2', selector: {app: 'unrelated'}, ports: [{port: 80}]},
  },
  'inventory/authorizationpolicies.json': {kind: 'AuthorizationPolicy', metadata: META, spec: {action: 'DENY', rules: [{}]}},
}

const addUnrelated: Edit = ({path, document}) => {
  if (!isObject(document)) return document
  const added = ADDED[path]
  const items = listOf(document['items'])
  const [first] = items
  if (isObject(added) && isObject(first)) {
    return {...document, items: [{apiVersion: first['apiVersion'], ...added}, ...items]}
  }
  if (!path.includes('/ztunnel-')) return document
  const pod = workload('unrelated', {
    workloadIps: ['172.31.0.1'],
    protocol: 'HBONE',
    namespace: 'elsewhere',
    uid: 'c//Pod/elsewhere/unrelated',
  })
  const policy = {name: 'unrelated', namespace: 'elsewhere', scope: 'Namespace', action: 'Deny', dryRun: false, rules: [[]]}
  const more = {
    workloads: pod,
    services: service('unrelated', {namespace: 'elsewhere', vips: ['/172.31.0.2'], hostname: 'unrelated.elsewhere.svc.cluster.local'}),
    policies: policy,
  }
  return {...document, ...Object.fromEntries(Object.entries(more).map(([list, one]) => [list, [one, ...listOf(document[list])]]))}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

describe.each(ASKED)('$scenario', ({scenario, questions}) => {
  const recorded = openGaScenario(scenario).then((mesh) => answers(mesh, questions))

  it('says the same whatever the order of its lists and members', async () => {
    const expected = await recorded
    await fc.assert(
      fc.asyncProperty(disorder, async (keys) => {
        expect(await answers(await openEdited(scenario, {edit: shuffle(keys)}), questions)).toEqual(expected)
      }),
      {numRuns: 8},
    )
  })

  it('says the same beside a pod, a service and policies that nothing refers to', async () => {
    expect(await answers(await openEdited(scenario, {edit: addUnrelated}), questions)).toEqual(await recorded)
  })
})
