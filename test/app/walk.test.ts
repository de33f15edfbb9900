import {describe, expect, it} from 'vitest'
import type {WalkQuestion} from '../../src/app/walk-arrival.js'
import {walkProxy} from '../../src/app/walk.js'
import type {Trace} from '../../src/flow/trace.js'
import {firstPath} from './chain.js'
import {openScenario} from './scenario.js'

const mesh = openScenario('waypoint-l7')
const ZTUNNEL = 'ztunnel-a245f'
const WAYPOINT = 'bookinfo-productpage-waypoint-proxy'

async function walk(question: WalkQuestion): Promise<Trace> {
  return walkProxy(await mesh, {question})
}

describe('walkProxy', () => {
  it('ends where the connection leaves the proxy', async () => {
    const trace = await walk({proxy: ZTUNNEL, port: 15001, source: {ip: '10.4.4.19', port: 0}, destination: {ip: '10.8.4.226', port: 9080}})
    expect(firstPath(trace)).toEqual([
      'ztunnel ztunnel-a245f | 10.8.4.226:9080 from 10.4.4.19 | ztunnel_outbound | @sleep_to_server_waypoint_proxy_@bookinfo-productpage | @sleep_to_server_waypoint_proxy_@bookinfo-productpage',
      'waypoint bookinfo-productpage-waypoint-proxy-2ed4b5b181-6e184 | 10.4.3.10:15006 from 10.4.4.19 CONNECT 10.8.4.226:9080 (10.8.4.226:9080) as @sleep',
      '=> delivered bookinfo-productpage-waypoint-proxy-2ed4b5b181-6e184',
    ])
  })

  it('follows the internal listeners of the proxy', async () => {
    const trace = await walk({proxy: ZTUNNEL, port: 15001, source: {ip: '10.4.4.19', port: 0}, destination: {ip: '10.8.1.14', port: 9080}})
    expect(
      Object.values(trace.hops)
        .map(({place}) => place.kind)
        .slice(0, 2),
    ).toEqual(['ztunnel', 'ztunnel'])
  })

  it('carries the request inside a CONNECT', async () => {
    const inner = {method: 'GET', authority: 'productpage:9080', path: '/'}
    const connect = {
      proxy: WAYPOINT,
      listener: 'inbound_CONNECT_terminate',
      alpn: ['h2'],
      method: 'CONNECT',
      authority: '10.8.4.226:9080',
      identity: 'spiffe://cluster.local/ns/default/sa/sleep',
    }
    expect((await walk({...connect, inner})).verdict).toEqual({kind: 'delivered'})
    expect((await walk({...connect, inner: {...inner, method: 'POST'}})).verdict).toMatchObject({kind: 'denied', layer: 'l7'})
    expect((await walk(connect)).verdict.kind).toBe('undetermined')
  })

  it('refuses a client that presents another trust domain', async () => {
    const trace = await walk({
      proxy: WAYPOINT,
      port: 15006,
      alpn: ['h2'],
      method: 'CONNECT',
      authority: '10.8.4.226:9080',
      identity: 'spiffe://other.example/ns/a/sa/b',
    })
    expect(trace.verdict.kind).toBe('tls-failure')
  })

  it('says what was asked', async () => {
    const {flow, question} = await walk({
      proxy: `default/${WAYPOINT}`,
      port: 15006,
      identity: 'spiffe://cluster.local/ns/default/sa/sleep',
      method: 'GET',
      path: '/x',
    })
    expect(question).toEqual({source: '0.0.0.0:0', destination: '10.4.3.10:15006', proxy: `default/${WAYPOINT}`})
    expect(flow).toMatchObject({
      protocol: 'http',
      request: {method: 'GET', path: '/x'},
      source: {identity: 'spiffe://cluster.local/ns/default/sa/sleep'},
    })
  })

  it.each([
    {question: {proxy: 'nobody', port: 1}, says: 'No proxy is called "nobody"'},
    {question: {proxy: 'ztunnel', port: 1}, says: '"ztunnel" is ambiguous'},
    {question: {proxy: ZTUNNEL}, says: 'Where the connection enters the proxy is not said'},
    {question: {proxy: ZTUNNEL, listener: 'none'}, says: 'The proxy has no listener "none"'},
  ])('refuses $question', async ({question, says}) => {
    await expect(walk(question)).rejects.toThrow(says)
  })

  it('says so when nothing listens there', async () => {
    expect((await walk({proxy: ZTUNNEL, port: 4})).verdict.kind).toBe('no-listener')
  })
})
