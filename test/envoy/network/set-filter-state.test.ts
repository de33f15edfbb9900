import {describe, expect, test} from 'vitest'
import type {EngineContext} from '../../../src/envoy/context.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {setFilterState} from '../../../src/envoy/network/set-filter-state.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {dump} from '../engine/dump.js'
import {evidenceOf, requestOf, streamOf, view} from '../match/samples.js'
import {NEWER} from '../matcher/trees.js'

const CONTEXT: EngineContext = {
  config: readEnvoyConfig(memoryStore({name: 'test.json', document: dump({})})),
  semantics: NEWER,
  place: {kind: 'envoy', name: 'test'},
  evidence: evidenceOf,
}
const LOCAL = 'envoy.filters.listener.original_dst.local_ip'

function set(value: object, authority: string): readonly (readonly [string, string | undefined])[] {
  const entry = {format_string: {text_format_source: {inline_string: '%REQ(:AUTHORITY)%'}}, ...value}
  const stream = streamOf(requestOf({authority}))
  const config = view({on_request_headers: [entry]}, '/filter')
  const {filterState} = setFilterState({context: CONTEXT, config, field: 'on_request_headers', connection: stream.connection, stream})
  return [...filterState].map(([key, object]) => [key, object.value])
}

/** Each row was tried on Envoy 1.40.0, with the authority of a CONNECT. */
describe('an address in filter state', () => {
  test.each([
    {authority: '10.1.1.1:80', value: '10.1.1.1:80'},
    {authority: '[fd00::a]:80', value: '[fd00::a]:80'},
    {authority: '[FD00::A]:80', value: '[fd00::a]:80'},
    {authority: 'fd00::a:80', value: undefined},
    {authority: '[10.1.1.1]:80', value: undefined},
    {authority: '10.1.1.1', value: undefined},
    {authority: 'name.test:80', value: undefined},
  ])('of $authority is $value', ({authority, value}) => {
    expect(set({object_key: LOCAL}, authority)).toEqual(value === undefined ? [] : [[LOCAL, value]])
  })

  test('is made by the factory, not by the name of the object', () => {
    expect(set({object_key: 'own', factory_key: LOCAL}, 'name.test:80')).toEqual([])
    expect(set({object_key: LOCAL, factory_key: 'envoy.string'}, 'name.test:80')).toEqual([[LOCAL, 'name.test:80']])
  })
})
