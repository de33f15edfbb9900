import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {openMesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'

const FOLDER = mkdtempSync(join(tmpdir(), 'ambientctl-policed-'))
afterAll(() => {
  rmSync(FOLDER, {recursive: true})
})

const KINDS = {
  ga: {snapshot: 'fixtures/clusters/ga-orchard', question: {source: 'market/buyer', destination: 'cider.orchard:3306'}},
  plaintext: {snapshot: 'fixtures/clusters/ga-orchard', question: {source: 'road/cart', destination: 'cider.orchard:3306'}},
  2022: {snapshot: 'fixtures/clusters/sep2022-bookinfo-waypoint', question: {source: 'sleep', destination: 'productpage:9080'}},
} as const satisfies Record<string, {readonly snapshot: string; readonly question: Question}>

interface Case {
  readonly what: string
  readonly on: keyof typeof KINDS
  readonly namespace: string
  readonly spec: string
  /** Reasons of what is dropped; none: everything arrives. */
  readonly dropped: readonly string[]
}

const FENCE = 'podSelector: {matchLabels: {gateway.networking.k8s.io/gateway-name: fence}}'
const CIDER = 'podSelector: {matchLabels: {app: cider}}'
const WAYPOINT = 'podSelector: {matchLabels: {ambient-type: waypoint}}'
const PRODUCTPAGE = 'podSelector: {matchLabels: {app: productpage}}'

const CASES: readonly Case[] = [
  {
    what: 'HBONE to a waypoint is judged at the pod of the waypoint',
    on: 'ga',
    namespace: 'orchard',
    spec: `${FENCE}\n  ingress: [{ports: [{port: 3306}]}]`,
    dropped: ['(ingress): no rule admits TCP 15008 from 10.12.1.2: spec.ingress[0] takes only TCP 3306'],
  },
  {
    what: 'then what the waypoint sends, out of its pod',
    on: 'ga',
    namespace: 'orchard',
    spec: `${FENCE}\n  policyTypes: [Egress]\n  egress: [{ports: [{port: 3306}]}]`,
    dropped: [
      '(egress): no rule admits TCP 15008 to 10.12.1.20: spec.egress[0] takes only TCP 3306',
      '(egress): no rule admits TCP 15008 to 10.12.2.20: spec.egress[0] takes only TCP 3306',
    ],
  },
  {
    what: 'and into the destination, where it comes from the waypoint, not from the client',
    on: 'ga',
    namespace: 'orchard',
    spec: `${CIDER}\n  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: market}}}]}]`,
    dropped: [
      '(ingress): no rule admits TCP 15008 from 10.12.1.99: spec.ingress[0] takes TCP 15008, but not from 10.12.1.99 (orchard/fence-27b8e18314-bcd6b)',
    ],
  },
  {
    what: 'the client lets out the tunnel, not the port it dials',
    on: 'ga',
    namespace: 'market',
    spec: 'podSelector: {}\n  policyTypes: [Egress]\n  egress: [{ports: [{port: 3306}]}]',
    dropped: ['(egress): no rule admits TCP 15008 to 10.12.1.99: spec.egress[0] takes only TCP 3306'],
  },
  {
    what: 'all ends that admit the tunnel',
    on: 'ga',
    namespace: 'orchard',
    spec: 'podSelector: {}\n  policyTypes: [Ingress, Egress]\n  ingress: [{ports: [{port: 15008}]}]\n  egress: [{ports: [{port: 15008}]}]',
    dropped: [],
  },
  {
    what: 'plaintext is judged by the port of the application, not by 15006 where the pod redirects it to',
    on: 'plaintext',
    namespace: 'orchard',
    spec: `${CIDER}\n  ingress: [{ports: [{port: 15006}, {port: 15008}]}]`,
    dropped: ['(ingress): no rule admits TCP 3306 from 10.12.2.3: spec.ingress[0] takes only TCP 15006, TCP 15008'],
  },
  {
    what: '2022: a waypoint takes tunnels on 15006',
    on: 2022,
    namespace: 'default',
    spec: `${WAYPOINT}\n  ingress: [{ports: [{port: 15008}]}]`,
    dropped: ['(ingress): no rule admits TCP 15006 from 10.4.2.20: spec.ingress[0] takes only TCP 15008'],
  },
  {
    what: '2022: a tunnel is for the address of the pod, and led to ztunnel by the node',
    on: 2022,
    namespace: 'default',
    spec: `${PRODUCTPAGE}\n  ingress: [{ports: [{port: 9080}]}]`,
    dropped: ['(ingress): no rule admits TCP 15008 from 10.4.3.10: spec.ingress[0] takes only TCP 9080'],
  },
  {
    what: '2022: what comes out of the tunnel reaches the pod over the network of the node',
    on: 2022,
    namespace: 'default',
    spec: `${PRODUCTPAGE}\n  ingress: [{ports: [{port: 15008}]}]`,
    dropped: ['(ingress): no rule admits TCP 9080 from 10.4.3.10: spec.ingress[0] takes only TCP 15008'],
  },
  {
    what: '2022: a closed ztunnel takes what its own node leads to it',
    on: 2022,
    namespace: 'istio-system',
    spec: 'podSelector: {matchLabels: {app: ztunnel}}\n  policyTypes: [Ingress]',
    dropped: [],
  },
]

describe('on whole paths policies are asked about what the network carries:', () => {
  test.each(CASES)('$what', async ({on, dropped, ...policy}) => {
    const {verdict, outcomes, findings = []} = await traced(on, policy)
    const reasons = Object.values(outcomes).flatMap((one) => (one.verdict.kind === 'dropped' ? [one.verdict.reason] : []))
    expect([...new Set(reasons)].toSorted()).toEqual(dropped.map((reason) => `NetworkPolicy ${policy.namespace}/p ${reason}`))
    expect(dropped.length > 0 || verdict.kind === 'delivered').toBe(true)
    const told = findings.filter(({text}) => text.startsWith(`NetworkPolicy ${policy.namespace}/p blocks `)).map(({text}) => text)
    expect([told.length > 0, told.every((text) => /: add .* (to|of) .*clients see a timeout/.test(text))]).toEqual([
      dropped.length > 0,
      true,
    ])
  })
})

test('what is not a tunnel is told with both ends, once for each condition', async () => {
  const {findings = []} = await traced('plaintext', {namespace: 'orchard', spec: `${CIDER}\n  ingress: [{ports: [{port: 15008}]}]`})
  const told = findings.filter(({kind}) => kind === 'connection-blocked')
  const advice = 'add {protocol: TCP, port: 3306} to spec.ingress[0].ports of orchard/p'
  expect(told.map(({text}) => text).toSorted()).toEqual(
    [
      {to: '10.12.1.20:3306', node: 'row-1'},
      {to: '10.12.2.20:3306', node: 'row-2'},
    ].map(
      ({to, node}) =>
        `NetworkPolicy orchard/p blocks what goes from 10.12.2.3 to ${to}: ${advice}; clients see a timeout, if the network plugin of node ${node} enforces NetworkPolicies`,
    ),
  )
  expect(told.flatMap(({evidence}) => evidence.map(({pointer}) => pointer))).toEqual(['line 1', 'line 1'])
})

async function traced(on: keyof typeof KINDS, {namespace, spec}: Pick<Case, 'namespace' | 'spec'>): Promise<Trace> {
  const networkPolicies = join(FOLDER, 'p.yaml')
  writeFileSync(
    networkPolicies,
    `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: ${namespace}}\nspec:\n  ${spec}\n`,
  )
  const {snapshot, question} = KINDS[on]
  return traceQuestion(await openMesh(await openSnapshot({paths: [snapshot]}), {networkPolicies}), {question})
}
