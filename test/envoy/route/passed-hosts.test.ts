import {expect, it} from 'vitest'
import type {Payload} from '../../../src/flow/connection.js'
import type {Rejected} from '../../../src/flow/step.js'
import {dump, listener, networkFilter} from '../engine/dump.js'
import {forwarder} from '../engine/forwarding.js'

// envoy-2022 D5: no virtual host means 404; the hosts of the table are what a reader compares with.
function passedOver(domains: readonly (readonly string[])[], authority: string): readonly Rejected[] {
  const manager = networkFilter('http_connection_manager.v3.HttpConnectionManager', {
    route_config: {name: 'table', virtual_hosts: domains.map((own, index) => ({name: `host-${index}`, domains: own}))},
  })
  const proxy = forwarder(dump({listeners: [listener({address: '0.0.0.0:80', filter_chains: [{filters: [manager]}]})]}))
  const payload: Payload = {kind: 'http', version: 'h1', request: {method: 'GET', authority, path: '/', headers: []}}
  const {steps, exits} = proxy.forward({entry: {kind: 'socket', ip: '10.0.0.1', port: 80}, source: {ip: '10.0.0.7', port: 1}, payload})
  expect(exits).toMatchObject([{verdict: {kind: 'no-route'}}])
  return [...steps, ...exits.flatMap((exit) => exit.steps)]
    .filter(({kind}) => kind === 'virtual-host')
    .flatMap((step) => step.rejected ?? [])
}

it('names the hosts that were passed over, first those that differ by the port', () => {
  expect(passedOver([['a.test', 'b.test', 'c.test', 'd.test'], ['WWW.test:8080']], 'www.test')).toEqual([
    {candidate: 'host-1', because: 'the port differs: domains WWW.test:8080'},
    {candidate: 'host-0', because: 'domains a.test, b.test, c.test and 1 more'},
  ])
})

it('counts what it does not name', () => {
  const many = Array.from({length: 12}, (_, index) => [`h${index}.test`])
  expect(passedOver(many, 'www.test')).toHaveLength(11)
  expect(passedOver(many, 'www.test').at(-1)).toEqual({candidate: '+2 more', because: 'none of their domains matches'})
})
