import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {memoryStore} from '../../../src/json/memory-store.js'
import type {ZtunnelConfig} from '../../../src/ztunnel/config/model.js'
import {readZtunnelConfig} from '../../../src/ztunnel/config/read-ztunnel-config.js'
import {inbound} from '../../../src/ztunnel/inbound/inbound.js'
import {createState} from '../../../src/ztunnel/state/state.js'
import {configOf, documentOf, gateway, service, workload, type DumpParts} from '../dump.js'
import {disorder, permute} from '../permute.js'

type Fields = Readonly<Record<string, unknown>>

const match = fc.constantFrom<Fields>(
  {},
  {destinationPorts: [8080]},
  {notDestinationPorts: [8080]},
  {principals: [{Exact: 'cluster.local/ns/web/sa/front'}, {Suffix: '/sa/back'}]},
  {notPrincipals: [{Presence: []}]},
  {namespaces: [{Prefix: 'w'}], destinationPorts: [8080, 9090]},
  {sourceIps: ['10.1.0.0/16']},
)
const rules = fc.array(fc.array(fc.array(match, {maxLength: 2}), {maxLength: 2}), {maxLength: 3})
const policy = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  scope: fc.constantFrom('Global', 'Namespace', 'WorkloadSelector'),
  action: fc.constantFrom('Allow', 'Deny'),
  dryRun: fc.boolean(),
  rules,
})
const policies = fc
  .uniqueArray(policy, {selector: ({name}) => name, maxLength: 3})
  .map((all) => all.map((one): Fields => ({...one, namespace: one.scope === 'Global' ? 'istio-system' : 'ns'})))

const shared = fc.record({
  index: fc.integer({min: 0, max: 2}),
  namespace: fc.constantFrom('ns', 'x'),
  canonical: fc.boolean(),
  vip: fc.constantFrom('10.96.0.1', '10.96.0.2'),
  port: fc.constantFrom(0, 8080, 9090),
  isEndpoint: fc.boolean(),
  waypoint: fc.constantFrom(undefined, '/10.0.0.1'),
  visibility: fc.constantFrom('Public', 'Namespace'),
})
const services = fc.uniqueArray(shared, {selector: ({index}) => index, maxLength: 3}).map((all) =>
  all.map(({index, vip, port, isEndpoint, waypoint, ...rest}) =>
    service(`svc${index}`, {
      ...rest,
      hostname: 'shared.example.com',
      vips: [`/${vip}`],
      ports: {'80': port},
      ...(waypoint === undefined ? {} : {waypoint: gateway(waypoint)}),
      endpoints: isEndpoint ? {pod: {'80': 7070}} : {},
    }),
  ),
)

const parts: fc.Arbitrary<DumpParts> = fc.record({policies, services}).map((world) => ({
  ...world,
  workloads: [
    workload('pod', {
      workloadIps: ['10.0.0.1'],
      protocol: 'HBONE',
      authorizationPolicies: world.policies
        .filter(({scope}) => scope === 'WorkloadSelector')
        .map(({namespace, name}) => `${String(namespace)}/${String(name)}`),
    }),
  ],
}))

const asked = fc.record({
  authority: fc.constantFrom('10.0.0.1:8080', '10.0.0.1:15001', '10.96.0.1:80', 'shared.example.com:80', undefined),
  identity: fc.constantFrom('spiffe://cluster.local/ns/web/sa/front', 'spiffe://cluster.local/ns/ops/sa/back'),
})
type Asked = typeof asked extends fc.Arbitrary<infer A> ? A : never

/** Every result, once per order of arrival; plaintext where there is no authority. */
function resultsOf(config: ZtunnelConfig, {authority, identity}: Asked): readonly string[] {
  const answer = inbound(createState(config), {
    pod: {name: 'pod', namespace: 'ns', serviceAccount: 'default'},
    source: {ip: '10.1.0.5', port: 40_000},
    local: {ip: '10.0.0.1', port: authority === undefined ? 8080 : 15_008},
    ...(authority === undefined ? {} : {identity, connect: {method: 'CONNECT', authority}}),
  })
  return answer.flatMap(({value, requires}) => value.map(({outcome}) => JSON.stringify([requires, described(outcome)]))).toSorted()
}

function described(outcome: ReturnType<typeof inbound>[number]['value'][number]['outcome']): unknown {
  if (!('target' in outcome)) return outcome
  const {target, ...rest} = outcome
  return {...rest, upstream: target.upstream}
}

/** ambient-ga B.9, C, K: what a release decides otherwise than the one before. */
const GATES: Readonly<Record<number, (dump: DumpParts, asked: Asked) => boolean>> = {
  // Inbound rules of older releases were not recorded.
  22: () => true,
  // The text of a denial names the reason (C.5).
  24: (dump) => (dump.policies ?? []).length > 0,
  // Authorities may be hosts (C.1), and an illegal port is no bad request (K.9).
  26: (_, {authority}) => authority === 'shared.example.com:80' || authority === '10.0.0.1:15001',
  // Dry runs decide nothing, and hosts are ranked (B.9).
  29: (dump, {authority}) => (dump.policies ?? []).some(({dryRun}) => dryRun === true) || authority === 'shared.example.com:80',
  // Several services may have one VIP (B.1).
  30: (dump, {authority}) => authority === '10.96.0.1:80' && (dump.services ?? []).length > 1,
  // Services hidden from other namespaces (K.8).
  31: (dump, {authority}) =>
    authority === 'shared.example.com:80' && (dump.services ?? []).some(({visibility}) => visibility === 'Namespace'),
}
const RELEASES = Array.from({length: 14}, (_, index) => 18 + index)

function changesIn(dump: DumpParts, one: Asked): readonly number[] {
  const config = configOf(dump)
  const results = RELEASES.map((minor) => resultsOf({...config, version: {minor, from: 'override'}}, one).join('\n'))
  return RELEASES.filter((_, index) => index > 0 && results[index] !== results[index - 1])
}

describe('inbound decisions', () => {
  test('the order of a dump decides nothing', () => {
    fc.assert(
      fc.property(parts, asked, disorder, (dump, one, keys) => {
        const config = readZtunnelConfig(memoryStore({name: 'ztunnel.json', document: permute(documentOf(dump), {keys})}), {minor: 31})
        expect(resultsOf(config, one)).toEqual(resultsOf(configOf(dump), one))
      }),
      {numRuns: 300},
    )
  })

  test('workloads, services and policies that nothing refers to change nothing', () => {
    const selector = {name: 'z', namespace: 'ns', scope: 'WorkloadSelector', action: 'Deny', rules: [[]]}
    const elsewhere = {name: 'z', namespace: 'elsewhere', scope: 'Namespace', action: 'Deny', rules: [[]]}
    fc.assert(
      fc.property(parts, asked, (dump, one) => {
        const more = {
          policies: [selector, elsewhere, ...(dump.policies ?? [])],
          workloads: [workload('unrelated', {workloadIps: ['172.31.0.1']}), ...(dump.workloads ?? [])],
          services: [service('unrelated', {vips: ['/172.31.0.2']}), ...(dump.services ?? [])],
        }
        expect(resultsOf(configOf(more), one)).toEqual(resultsOf(configOf(dump), one))
      }),
    )
  })

  test('the same dump, read as of every release: results change only where a rule of that release is met', () => {
    fc.assert(
      fc.property(parts, asked, (dump, one) => {
        expect(changesIn(dump, one).filter((release) => GATES[release]?.(dump, one) !== true)).toEqual([])
      }),
      {numRuns: 300},
    )
  })

  test.each(Object.keys(GATES))('1.%s really decides something differently', (release) => {
    const samples = fc.sample(fc.tuple(parts, asked), {numRuns: 400, seed: 7})
    expect(samples.some(([dump, one]) => changesIn(dump, one).includes(Number(release)))).toBe(true)
  })
})
