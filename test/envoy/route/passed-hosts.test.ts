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
  expect(passedOver(many, 'www.test').at(-1)).toEqual({candidate: '+2 more', because: 'none of their domains matches better'})
})

it('names the hosts beside the one that was taken: less specific, then another port, then the rest', () => {
  const hosts = [['far.test'], ['*'], ['www.test:8080', 'www.test:81'], ['www.test'], ['*.test']]
  expect(passedOver(hosts, 'www.test')).toEqual([
    {candidate: 'host-4 (*.test)', because: 'less specific than www.test'},
    {candidate: 'host-1 (*)', because: 'less specific than www.test'},
    {candidate: 'host-2', because: 'the port differs: domains www.test:8080, www.test:81'},
    {candidate: 'host-0', because: 'domains far.test'},
  ])
})

it('counts less specific hosts and others together', () => {
  const wild = Array.from({length: 7}, (_, index) => [`*${'w.test'.slice(index)}`])
  const rejected = passedOver([...wild, ['www.test'], ['a.test'], ['b.test'], ['c.test'], ['d.test'], ['e.test']], 'www.test')
  expect(rejected.slice(-4)).toEqual([
    {candidate: 'host-8', because: 'domains a.test'},
    {candidate: 'host-9', because: 'domains b.test'},
    {candidate: 'host-10', because: 'domains c.test'},
    {candidate: '+2 more', because: 'none of their domains matches better'},
  ])
})

it('has nothing to tell of the only host', () => {
  expect(passedOver([['*']], 'www.test')).toEqual([])
})
