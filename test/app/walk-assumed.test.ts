import {describe, expect, it} from 'vitest'
import {walkArrival} from '../../src/app/walk-arrival.js'
import {completeWalk} from '../../src/app/walk-assumed.js'
import type {EnvoyConfig} from '../../src/envoy/config/model.js'
import {readEnvoyConfig} from '../../src/envoy/config/read-envoy-config.js'
import {memoryStore} from '../../src/json/memory-store.js'

const socket = (port: number, fields: object = {}): object => ({
  address: {socket_address: {address: '0.0.0.0', port_value: port, ...fields}},
})

function configOf(...listeners: readonly object[]): EnvoyConfig {
  const configs = [{'@type': 'type.googleapis.com/envoy.admin.v3.ListenersConfigDump', dynamic_listeners: listeners}]
  return readEnvoyConfig(memoryStore({name: 'd.json', document: {configs}}))
}

const active = (name: string, listener: object): object => ({name, active_state: {listener: {name, ...listener}}})
const WEB = active('web', socket(80))
const DNS = active('dns', socket(53, {protocol: 'UDP'}))
const CAPTURED = active('captured', {...socket(9080), bind_to_port: false})
const WARMING = {name: 'later', warming_state: {listener: {name: 'later', ...socket(81)}}}
const ADMIN = active('admin', socket(15021))

describe('where a walk enters when nobody says it', () => {
  it.each([
    {listeners: [WEB, DNS, CAPTURED, WARMING], port: 80, why: ['port 80, that of the only listener']},
    {listeners: [WEB, ADMIN], port: undefined, why: []},
    {listeners: [WEB, ADMIN], dialled: 15021, port: 15021, why: ['port 15021, as dialled']},
    {listeners: [WEB, ADMIN], dialled: 9080, port: undefined, why: []},
    {listeners: [DNS], port: undefined, why: []},
  ])('is $port for a dialled port of $dialled among $listeners.length', ({listeners, dialled, port, why}) => {
    const destination = dialled === undefined ? {} : {destination: {ip: '10.0.0.1', port: dialled}}
    const {question, assumptions} = completeWalk({proxy: 'p', ...destination}, configOf(...listeners))
    expect([question.port, assumptions]).toEqual([port, why])
  })

  it('is never filled in over what was said', () => {
    expect(completeWalk({proxy: 'p', listener: 'admin'}, configOf(WEB))).toEqual({
      question: {proxy: 'p', listener: 'admin'},
      assumptions: [],
    })
  })
})

describe('what a request leaves open', () => {
  const port = 80
  it.each([
    {asked: {port}, method: undefined, path: undefined, assumptions: []},
    {asked: {port, authority: 'a'}, method: 'GET', path: '/', assumptions: ['method GET', 'path /']},
    {asked: {port, method: 'PUT', path: '/x'}, method: 'PUT', path: '/x', assumptions: []},
    {asked: {port, method: 'CONNECT', authority: 'a:1'}, method: 'CONNECT', path: undefined, assumptions: []},
    {
      asked: {port, path: '/svc/Do', headers: [['Content-Type', 'application/grpc+proto']] as const},
      method: 'POST',
      path: '/svc/Do',
      assumptions: ['method POST'],
    },
  ])('is $assumptions', ({asked, ...expected}) => {
    const {question, assumptions} = completeWalk({proxy: 'p', ...asked}, configOf(WEB))
    expect({method: question.method, path: question.path, assumptions}).toEqual(expected)
  })
})

describe('a listener that does not exist', () => {
  const rejected = {name: 'new', error_state: {details: 'bad filter'}}
  it.each([
    {listener: 'webs', error: {help: 'Did you mean web?'}},
    {listener: 'something-else', error: {help: 'Its listeners: web (port 80), dns (port 53).'}},
    {listener: 'new', error: {got: 'the update that would add it was rejected: bad filter'}},
    {listener: 'dns', error: {message: 'Listener "dns" takes UDP.'}},
  ])('$listener is explained', ({listener, error}) => {
    expect(() => walkArrival({proxy: 'p', listener}, configOf(WEB, DNS, rejected))).toThrow(expect.objectContaining(error))
  })
})
