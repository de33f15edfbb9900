import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it, test} from 'vitest'
import {z} from 'zod'
import {gatewayObserved} from './layers/istiod-gateway-case.js'
import {compareGateway} from './layers/istiod-gateway-compare.js'
import {gatewayPredictor} from './layers/istiod-gateway.js'
import {oracleRoot} from './oracle-path.js'
import {readCases} from './recorded-cases.js'

const scenarioDir = join(oracleRoot(), 'istiod', 'ingress-and-sidecar')
const CASES = join(scenarioDir, 'cases.json')
const producer = z.object({producer: z.object({version: z.string()})})

/** The assembled dumps do not tell the version of the Envoy that answered; the recording does. */
function recordedVersion(): {major: number; minor: number} {
  const [major, minor] = producer.parse(JSON.parse(readFileSync(CASES, 'utf8'))).producer.version.split('.')
  return {major: Number(major), minor: Number(minor)}
}

function failures(predict: ReturnType<typeof gatewayPredictor>): unknown[] {
  return readCases(CASES)
    .map((one) => ({id: one.id, ...compareGateway(predict({...one, observed: undefined}), gatewayObserved.parse(one.observed))}))
    .filter(({ok}) => !ok)
}

describe('requests to gateways and sidecars', () => {
  it('are recorded', () => {
    expect(readCases(CASES).length).toBeGreaterThan(20)
  })

  it('go as recorded by the dump of the process that answered', () => {
    expect(failures(gatewayPredictor({scenarioDir}))).toEqual([])
  })

  it('go as recorded by the dump with all Istio extensions, too', () => {
    expect(failures(gatewayPredictor({scenarioDir, dumps: ['.config_dump.json'], envoyVersion: recordedVersion()}))).toEqual([])
  })

  it('stay open where no dump is', () => {
    const predict = gatewayPredictor({scenarioDir, dumps: ['.nothing']})
    expect(predict({id: 'x', input: {proxy: 'p', protocol: 'tcp', port: 80}})).toEqual({undetermined: 'there is no dump of p'})
  })
})

const OBSERVED = {
  client: {'503': 1},
  hops: [
    {
      count: 1,
      log: [
        {listener: 'inner', cluster: 'inner', upstream_host: '10.0.0.1:15008', code: 0},
        {listener: 'l', route: 'r', cluster: 'c', upstream_host: 'envoy://inner/10.0.0.1:80', code: 503, flags: 'UF'},
      ],
    },
  ],
}
const ENTRY = {listener: 'l', route: 'r', cluster: 'c', upstream_host: 'envoy://inner/10.0.0.1:80', code: 503}
const INNER = {listener: 'inner', cluster: 'inner', upstream_host: '10.0.0.1:15008'}
const CLIENT = {result: 'response', status: 503}

describe('the comparison with logged rows', () => {
  test.each([
    {name: 'the same rows', hops: [ENTRY, INNER], client: CLIENT, ok: true},
    {name: 'another listener', hops: [{...ENTRY, listener: 'other'}, INNER], client: CLIENT, ok: false},
    {name: 'another route', hops: [{...ENTRY, route: 'other'}, INNER], client: CLIENT, ok: false},
    {name: 'another cluster', hops: [{...ENTRY, cluster: 'other'}, INNER], client: CLIENT, ok: false},
    {name: 'another chain', hops: [{...ENTRY, filter_chain: 'other'}, INNER], client: CLIENT, ok: false},
    {name: 'another host behind', hops: [ENTRY, {...INNER, upstream_host: '10.0.0.2:15008'}], client: CLIENT, ok: false},
    {name: 'a row too few', hops: [ENTRY], client: CLIENT, ok: false},
    {name: 'a flag too many', hops: [{...ENTRY, flags: 'NR'}, INNER], client: CLIENT, ok: false},
    {name: 'another status', hops: [ENTRY, INNER], client: {...CLIENT, status: 404}, ok: false},
  ])('$name: $ok', ({hops, client, ok}) => {
    expect(compareGateway({outcomes: [{share: 1, client, hops}]}, gatewayObserved.parse(OBSERVED)).ok).toBe(ok)
  })

  test('a host that is predicted often and never seen', () => {
    const other = {share: 0.9, client: CLIENT, hops: [{...ENTRY, upstream_host: '10.0.0.9:80'}]}
    const seen = gatewayObserved.parse({...OBSERVED, client: {'503': 50}, hops: OBSERVED.hops.map((group) => ({...group, count: 50}))})
    const {ok, why} = compareGateway({outcomes: [{share: 0.1, client: CLIENT, hops: [ENTRY, INNER]}, other]}, seen)
    expect({ok, why}).toEqual({ok: false, why: 'repeats: envoy://inner/10.0.0.1:80 seen 50 of 50, predicted 0.1'})
  })
})
