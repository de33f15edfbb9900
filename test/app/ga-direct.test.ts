import {describe, expect, it} from 'vitest'
import type {Mesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import {walkProxy} from '../../src/app/walk.js'
import type {Trace} from '../../src/flow/trace.js'
import {openGaScenario} from './ga-scenario.js'

// ambient-ga F.2, TestDirect: HBONE straight to port 15008 of a waypoint, a sidecar or an east-west gateway.

const attached = openGaScenario('waypoint-for-workload-all')
const multinetwork = openGaScenario('multinetwork')
const sidecars = openGaScenario('ingress-and-sidecar', {layer: 'istiod'})

interface Row {
  readonly name: string
  readonly mesh: Promise<Mesh>
  readonly proxy: string
  /** Of the CONNECT; what goes through it is a GET. */
  readonly authority: string
  readonly expected: Trace['verdict']['kind']
}

const WAYPOINT = {mesh: attached, proxy: 'web/web-all-68709fbf33-a89a5'}
const FAR_WAYPOINT = {mesh: multinetwork, proxy: 'shop/wp-964f81a77b-d9d38'}
const GATEWAY = {mesh: multinetwork, proxy: 'istio-system/eastwest-9b8f724022-812eb'}
const SIDECAR = {mesh: sidecars, proxy: 'old/hbsrv-v1-f65e934eae-20167'}

const rows: readonly Row[] = [
  {...WAYPOINT, name: 'a waypoint, the VIP of its service', authority: '10.100.0.10:80', expected: 'delivered'},
  {...WAYPOINT, name: 'a waypoint, the host of its service', authority: 'api.web.svc.cluster.local:80', expected: 'no-filter-chain'},
  {
    ...FAR_WAYPOINT,
    name: 'a waypoint that serves other networks, the host',
    authority: 'stock.shop.svc.cluster.local:80',
    expected: 'delivered',
  },
  {...WAYPOINT, name: 'a waypoint, a port the service does not declare', authority: '10.100.0.10:81', expected: 'no-filter-chain'},
  {...WAYPOINT, name: 'a waypoint for workloads, its pod', authority: '10.10.1.5:8080', expected: 'delivered'},
  {...WAYPOINT, name: 'a waypoint, a VIP it does not serve', authority: '10.100.0.99:80', expected: 'no-filter-chain'},
  {...WAYPOINT, name: 'a waypoint, a pod it does not serve', authority: '10.10.2.99:8080', expected: 'no-filter-chain'},
  {...WAYPOINT, name: 'a waypoint, its own admin port', authority: '10.10.2.90:15000', expected: 'no-filter-chain'},
  {...SIDECAR, name: 'a sidecar, a declared port of its pod', authority: '10.40.2.12:8080', expected: 'delivered'},
  {...SIDECAR, name: 'a sidecar, another port of its pod', authority: '10.40.2.12:9999', expected: 'delivered'},
  {...SIDECAR, name: 'a sidecar, its loopback device', authority: '127.0.0.1:8080', expected: 'no-filter-chain'},
  {...GATEWAY, name: 'an east-west gateway, a global service', authority: 'cart.shop.svc.cluster.local:80', expected: 'delivered'},
  {...GATEWAY, name: 'an east-west gateway, a local one', authority: 'local.shop.svc.cluster.local:80', expected: 'no-filter-chain'},
]

describe('HBONE straight to a proxy', () => {
  it.each(rows)('$name', async ({mesh, proxy, authority, expected}) => {
    const question = {
      proxy,
      port: 15_008,
      alpn: ['h2'],
      method: 'CONNECT',
      authority,
      identity: 'spiffe://cluster.local/ns/web/sa/curl',
      source: {ip: '10.10.1.9', port: 40_000},
      inner: {method: 'GET', authority: 'x', path: '/healthz'},
    }
    const trace = await walkProxy(await mesh, {question})
    expect(trace.verdict).toMatchObject({kind: expected})
  })

  // Such an application is out of reach for everybody but its own pod: the far proxy answers the CONNECT with 503.
  it.each([
    {name: 'a sidecar', mesh: sidecars, source: 'mesh/sleep-efa7867dfe-171ab', destination: '10.40.2.12:8080'},
    {name: 'a ztunnel', mesh: attached, source: 'web/curl-836ae2b9c2-b7392', destination: 'pod/exporter-1:9100'},
  ])('$name, an application that listens on the loopback device alone: refused', async ({mesh, source, destination}) => {
    const world = {...(await mesh), listensAt: ({ip}: {readonly ip: string}): boolean => ip === '127.0.0.1'}
    const {verdict} = await traceQuestion(world, {question: {source, destination, method: 'GET'}})
    expect(verdict.kind).toBe('refused')
    expect('reason' in verdict ? verdict.reason : '').toMatch(/^nothing listens on .*: the application listens on 127\.0\.0\.1 only$/)
  })

  // What a sidecar does with a port of its own shows only where the connection comes back to it.
  it.each([
    {port: 15_000, expected: 'undetermined'},
    {port: 15_001, expected: 'no-healthy-upstream'},
    {port: 15_006, expected: 'no-healthy-upstream'},
    {port: 15_008, expected: 'tls-failure'},
  ])('a sidecar, its own port $port: nothing is delivered', async ({port, expected}) => {
    const question = {source: 'mesh/sleep-efa7867dfe-171ab', destination: `10.40.2.12:${port}`, method: 'GET'}
    expect((await traceQuestion(await sidecars, {question})).verdict.kind).toBe(expected)
  })
})
