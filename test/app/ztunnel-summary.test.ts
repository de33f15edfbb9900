import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it, test} from 'vitest'
import {summarizeDump, type DumpSummary} from '../../src/app/dump-summary.js'
import {memoryStore} from '../../src/json/memory-store.js'
import {renderDumpSummary} from '../../src/render/dump-summary.js'
import {widthOf} from '../../src/render/text-width.js'
import {createTheme} from '../../src/render/theme.js'
import {oracleRoot} from '../conformance/oracle-path.js'

function summary(document: unknown): DumpSummary {
  return summarizeDump(memoryStore({name: 'z.json', document}), 'ztunnel')
}

function recorded(scenario: string, file: string): DumpSummary {
  return summary(JSON.parse(readFileSync(join(oracleRoot(), scenario, `${file}.config_dump.json`), 'utf8')))
}

function findings(document: unknown): Readonly<Record<string, readonly string[]>> {
  const found = summary(document).ztunnel?.findings ?? []
  return Object.fromEntries(found.map(({kind, items}) => [kind, items.map(({name}) => name)]))
}

const POD = {
  uid: 'c//Pod/shop/cart',
  name: 'cart',
  namespace: 'shop',
  serviceAccount: 'cart',
  trustDomain: 'td',
  workloadIps: ['10.0.0.1'],
  protocol: 'HBONE',
  networkMode: 'Standard',
  node: 'n1',
  status: 'Healthy',
}
const SERVICE = {name: 'cart', namespace: 'shop', hostname: 'cart.shop', vips: ['/10.96.0.1'], ports: {'80': 80}}
const BEHIND = {...SERVICE, endpoints: {[POD.uid]: {workloadUid: POD.uid, port: {'80': 80}}}}
const UP = {state: 'Up', info: {name: 'cart', namespace: 'shop', serviceAccount: 'cart'}, connections: {inbound: [{}], outbound: [{}, {}]}}
const WHOLE = {workloads: [POD], services: [BEHIND], policies: [], certificates: [], config: {localNode: 'n1'}, workloadState: {u1: UP}}

describe('what looks wrong in a ztunnel dump', () => {
  it('is nothing where all fits', () => {
    expect(findings(WHOLE)).toEqual({})
  })

  test.each([
    {name: 'a pod that is not held', document: {...WHOLE, workloadState: {}}, found: {'not-captured': ['shop/cart']}},
    {name: 'unless the node is another', document: {...WHOLE, workloadState: {}, config: {localNode: 'n2'}}, found: {}},
    {
      name: 'unless it is no pod',
      document: {...WHOLE, workloads: [{...POD, uid: 'c/x/shop/cart'}], services: [], workloadState: {}},
      found: {},
    },
    {name: 'unless the dump lists none at all', document: {...WHOLE, workloadState: undefined}, found: {}},
    {name: 'nor where it has no names', document: {...WHOLE, workloadState: {u1: {state: 'Up'}}}, found: {}},
    {
      name: 'a pod whose capture is not done',
      document: {...WHOLE, workloadState: {u1: {...UP, state: 'Pending'}}},
      found: {pending: ['shop/cart']},
    },
    {
      name: 'a certificate that cannot be had',
      document: {...WHOLE, certificates: [{identity: 'spiffe://td/a', state: 'Unavailable: CA'}]},
      found: {certificate: ['spiffe://td/a: Unavailable: CA']},
    },
    {
      name: 'a service that did not arrive',
      document: {...WHOLE, stagedServices: {'shop/late.shop': {u: {workloadUid: 'u'}}}},
      found: {staged: ['shop/late.shop']},
    },
    {
      name: 'two workloads on one address',
      document: {...WHOLE, workloads: [POD, {...POD, uid: 'c//Pod/shop/old', name: 'old', node: 'n2'}]},
      found: {'shared-address': ['10.0.0.1: shop/cart, shop/old']},
    },
    {
      name: 'unless they use the address of their node',
      document: {...WHOLE, workloads: [POD, {...POD, uid: 'c//Pod/shop/old', name: 'old', node: 'n2', networkMode: 'HostNetwork'}]},
      found: {},
    },
    {
      name: 'a service without endpoints',
      document: {...WHOLE, services: [{...SERVICE, endpoints: {}}]},
      found: {'no-endpoints': ['shop/cart.shop']},
    },
    {
      name: 'unless it passes on what was dialled',
      document: {...WHOLE, services: [{...SERVICE, endpoints: {}, loadBalancer: {mode: 'Passthrough'}}]},
      found: {},
    },
    {
      name: 'a policy that did not arrive',
      document: {...WHOLE, workloads: [{...POD, authorizationPolicies: ['shop/p']}]},
      found: {'unknown-policy': ['shop/p, of workload shop/cart']},
    },
    {
      name: 'a waypoint that is not there',
      document: {...WHOLE, services: [{...BEHIND, waypoint: {destination: 'shop/wp.shop', hboneMtlsPort: 15_008}}]},
      found: {'unknown-waypoint': ['shop/wp.shop, of service shop/cart.shop']},
    },
    {
      name: 'but nothing is missing in an extract',
      document: {workloads: [{...POD, authorizationPolicies: ['shop/p'], waypoint: {destination: 'shop/wp.shop'}}]},
      found: {},
    },
  ])('$name', ({document, found}) => {
    expect(findings(document)).toEqual(found)
  })
})

describe('the summary of a ztunnel dump', () => {
  it('lists policies with dry run, certificates with their end, and who is captured', () => {
    const document = {
      ...WHOLE,
      policies: [{name: 'p', namespace: 'shop', scope: 'Namespace', action: 'Deny', dryRun: true, rules: [[]]}],
      certificates: [{identity: 'spiffe://td/b', state: 'Available', certChain: [{expirationTime: '2027-01-01T00:00:00Z'}]}],
    }
    expect(summary(document)).toMatchObject({
      proxy: {role: 'ztunnel', node: 'n1', version: 'ztunnel 1.29'},
      ztunnel: {
        versionFrom: 'or later, by the newest field it prints: canonical of services, dryRun of policies, or crlPath',
        policies: [{name: 'shop/p', action: 'Deny', scope: 'Namespace', rules: 1, dryRun: true}],
        certificates: [{identity: 'spiffe://td/b', state: 'Available', expires: '2027-01-01T00:00:00Z'}],
        captured: [{pod: 'shop/cart', state: 'Up', inbound: 1, outbound: 2}],
      },
    })
  })

  it('finds what the recordings hold', () => {
    const kinds = (scenario: string, file: string): unknown =>
      recorded(scenario, file).ztunnel?.findings.map(({kind, items}) => [kind, items.length])
    expect(kinds('ztunnel/bookinfo', 'ztunnel-kind-worker')).toEqual([
      ['staged', 1],
      ['no-endpoints', 2],
    ])
    expect(kinds('ztunnel-old/v1.22-live-traffic', 'ztunnel-live-1')).toContainEqual(['unknown-waypoint', 1])
  })

  it('finds every pod of these nodes captured', () => {
    const folders = readdirSync(join(oracleRoot(), 'ztunnel')).filter((name) => name.startsWith('live-'))
    const kinds = folders.flatMap((folder) =>
      readdirSync(join(oracleRoot(), 'ztunnel', folder))
        .filter((name) => name.endsWith('.config_dump.json'))
        .flatMap((name) => recorded(`ztunnel/${folder}`, name.replace('.config_dump.json', '')).ztunnel?.findings ?? [])
        .map(({kind}) => kind),
    )
    expect(kinds).not.toContain('pending')
  })

  test.each([60, 80, 200])('fits into %i columns, and shows control characters', (width) => {
    const named = (index: number) => ({...UP, info: {...UP.info, name: `${'long-'.repeat(12)}\u001b[31m${index}`}})
    const workloadState = Object.fromEntries(Array.from({length: 60}, (_, index) => [`u${index}`, named(index)] as const))
    const certificates = [
      {identity: `spiffe://td/ns/${'n'.repeat(60)}/sa/s`, state: 'Available', certChain: [{expirationTime: '2027-01-01T00:00:00Z'}]},
    ]
    const text = renderDumpSummary(summary({...WHOLE, workloadState, certificates}), {
      theme: createTheme(0),
      width,
    })
    expect(text.split('\n').filter((line) => widthOf(line) > width)).toEqual([])
    expect(text).not.toContain('\u001b')
    expect(text).toContain('and 20 more: -o json lists them all')
    expect(text).toContain('2027-01-01T00:00:00Z')
  })

  it('is the same for every order of the dump', () => {
    const two = {...WHOLE, workloadState: {a: UP, b: {...UP, info: {...UP.info, name: 'other'}}}}
    const turned = {...WHOLE, workloadState: {b: two.workloadState.b, a: two.workloadState.a}}
    expect(summary(turned).ztunnel).toEqual(summary(two).ztunnel)
  })
})
