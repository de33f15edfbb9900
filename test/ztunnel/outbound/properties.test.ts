import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {addShares, isWhole, NOTHING} from '../../../src/flow/share.js'
import {outbound, type OutboundAnswer} from '../../../src/ztunnel/outbound/outbound.js'
import {isObject} from '../../../src/json/view.js'
import {documentOf, gateway, service, stateOf, workload} from '../dump.js'

type Fields = Readonly<Record<string, unknown>>

const CLIENT = workload('client', {
  workloadIps: ['10.0.0.100'],
  protocol: 'HBONE',
  network: '',
  locality: {region: 'r1', zone: 'z1', subzone: ''},
})
const ASKED = {name: 'client', namespace: 'ns', serviceAccount: 'default', ip: '10.0.0.100'}
const TARGETS = ['10.96.0.1', '10.96.0.2', '10.0.0.1', '10.0.0.2', '203.0.113.7', '192.0.2.1'].map((ip) => ({ip, port: 80}))

const pod = fc.record({
  index: fc.integer({min: 0, max: 4}),
  ip: fc.integer({min: 1, max: 3}),
  protocol: fc.constantFrom('HBONE', 'TCP'),
  network: fc.constantFrom('', 'far'),
  capacity: fc.integer({min: 0, max: 3}),
  region: fc.constantFrom('r1', 'r2'),
  bare: fc.boolean(),
  waypoint: fc.constantFrom(undefined, '/10.0.0.1', 'ns/svc0.ns.svc.cluster.local', 'ns/nowhere'),
})

const pods = fc.uniqueArray(pod, {selector: ({index}) => index, maxLength: 5}).map((all) =>
  all.map(({index, ip, region, bare, waypoint, ...rest}) =>
    workload(`pod${index}`, {
      ...rest,
      workloadIps: bare ? [] : [`10.0.0.${ip}`],
      locality: {region, zone: '', subzone: ''},
      ...(rest.network === 'far' ? {networkGateway: gateway('/10.0.0.1')} : {}),
      ...(waypoint === undefined ? {} : {waypoint: gateway(waypoint)}),
    }),
  ),
)

const endpoint = fc.record({index: fc.integer({min: 0, max: 5}), named: fc.boolean()})
const svc = fc.record({
  index: fc.integer({min: 0, max: 3}),
  namespace: fc.constantFrom('ns', 'other'),
  vip: fc.integer({min: 1, max: 2}),
  canonical: fc.boolean(),
  port: fc.constantFrom(8080, 0),
  block: fc.boolean(),
  mode: fc.constantFrom(undefined, 'Standard', 'Strict', 'Failover', 'Passthrough'),
  waypoint: fc.constantFrom(undefined, '/10.0.0.2', 'ns/svc1.ns.svc.cluster.local'),
  endpoints: fc.uniqueArray(endpoint, {selector: ({index}) => index, maxLength: 4}),
})

const services = fc.uniqueArray(svc, {selector: ({index}) => index, maxLength: 4}).map((all) =>
  all.map(({index, namespace, vip, canonical, port, block, mode, waypoint, endpoints}) =>
    service(`svc${index}`, {
      namespace,
      canonical,
      vips: [`/10.96.0.${vip}`],
      ports: {'80': port, '15008': 15_008},
      ...(block ? {cidrVips: [{network: '', cidr: '203.0.113.0/24'}]} : {}),
      ...(mode === undefined ? {} : {loadBalancer: {mode, routingPreferences: ['Network', 'Region']}}),
      ...(waypoint === undefined ? {} : {waypoint: gateway(waypoint)}),
      endpoints: Object.fromEntries(endpoints.map((one) => [`pod${one.index}`, one.named ? {'80': 9000} : {}])),
    }),
  ),
)

const world = fc.record({
  workloads: pods,
  services,
  minor: fc.constantFrom(20, 22, 23, 24, 26, 27, 29, 30, 31),
  target: fc.constantFrom(...TARGETS),
})

function answerOf(
  parts: {readonly workloads: readonly Fields[]; readonly services: readonly Fields[]; readonly minor: number},
  target: {ip: string; port: number},
): OutboundAnswer {
  return outbound(stateOf({...parts, workloads: [...parts.workloads, CLIENT]}), {source: ASKED, target})
}

/** Everything but where it was read. */
function comparable({histories}: OutboundAnswer): string[] {
  return histories
    .flatMap(({value, requires}) => value.map((branch) => JSON.stringify([requires, branch.value, branch.share], withoutPlace)))
    .toSorted()
}

function withoutPlace(key: string, value: unknown): unknown {
  if (key === 'view') return undefined
  if (value instanceof Map) return [...value]
  return typeof value === 'bigint' ? String(value) : value
}

/** RFC 6901. */
function at(document: unknown, pointer: string): unknown {
  const tokens = pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  return tokens.reduce<unknown>((value, token) => {
    if (Array.isArray(value)) return value[Number(token)]
    return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined
  }, document)
}

describe('outbound decisions', () => {
  test('the order of a dump decides nothing', () => {
    fc.assert(
      fc.property(world, ({target, ...parts}) => {
        const shuffled = {...parts, workloads: parts.workloads.toReversed(), services: parts.services.toReversed()}
        expect(comparable(answerOf(shuffled, target))).toEqual(comparable(answerOf(parts, target)))
      }),
    )
  })

  test('a workload that nothing refers to changes nothing', () => {
    const unrelated = workload('unrelated', {workloadIps: ['172.31.0.1'], protocol: 'HBONE', hostname: 'unrelated.example.com'})
    fc.assert(
      fc.property(world, ({target, ...parts}) => {
        const more = {...parts, workloads: [unrelated, ...parts.workloads]}
        expect(comparable(answerOf(more, target))).toEqual(comparable(answerOf(parts, target)))
      }),
    )
  })

  test('evidence points into the dump', () => {
    fc.assert(
      fc.property(world, ({target, ...parts}) => {
        const {histories} = answerOf(parts, target)
        const document = documentOf({...parts, workloads: [...parts.workloads, CLIENT]})
        const evidence = histories.flatMap(({value}) => value.flatMap(({steps}) => steps.flatMap((step) => step.evidence)))
        for (const {pointer} of evidence) expect(at(document, pointer)).toBeTypeOf('object')
      }),
    )
  })

  test('the shares of every history sum to 1', () => {
    fc.assert(
      fc.property(world, ({target, ...parts}) => {
        const {histories, complete} = answerOf(parts, target)
        expect(complete).toBe(true)
        for (const {value} of histories) expect(isWhole(value.map(({share}) => share).reduce(addShares, NOTHING))).toBe(true)
      }),
    )
  })
})
