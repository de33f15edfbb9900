import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import type {Exit} from '../../../src/flow/forwarder.js'
import {ask, deliveredTables, oneHost, type HttpParts} from '../engine/http-dump.js'
import {requestOf} from '../match/samples.js'

/** A table whose only route is named like it. */
function tableNamed(name: string): Readonly<Record<string, unknown>> {
  return {...oneHost([{name: `route of ${name}`, match: {prefix: '/'}, route: {cluster: 'web'}}]), name}
}

function exitFor(parts: HttpParts, change: Partial<HttpRequest> = {}): Exit | undefined {
  return ask(parts, requestOf(change)).exits[0]
}

const RDS = {rds: {route_config_name: 'wanted'}}

/** envoy-2022 D5: a table comes inline, by RDS, or by scope. */
describe('where the routes come from', () => {
  test.each([
    {name: 'inline', parts: {table: tableNamed('inline')}, route: 'route of inline'},
    {name: 'RDS', parts: {manager: RDS, sections: [deliveredTables(tableNamed('other'), tableNamed('wanted'))]}, route: 'route of wanted'},
    {name: 'inline before RDS', parts: {table: tableNamed('inline'), manager: RDS}, route: 'route of inline'},
  ])('$name', ({parts, route}) => {
    expect(exitFor(parts)?.log?.route).toBe(route)
  })

  test('a table that RDS did not deliver beside others is a dangling reference, and 404', () => {
    expect(exitFor({manager: RDS, sections: [deliveredTables(tableNamed('other'))]})).toMatchObject({
      verdict: {kind: 'dangling-reference', reason: 'route table "wanted" is not in the dump'},
      answer: {kind: 'http', status: 404},
      log: {flags: 'NR', details: 'route_not_found'},
    })
  })

  test.each([
    {name: 'a dump without any table may be a part only', manager: RDS, missing: 'route table "wanted" is not in the dump'},
    {name: 'a manager may name no source', manager: {}, missing: 'the connection manager names no route table'},
  ])('$name: undetermined', ({manager, missing}) => {
    expect(exitFor({manager})).toMatchObject({verdict: {kind: 'undetermined', missing: [{what: missing}]}})
  })
})

/** envoy-2022 D5 (scoped_config_impl.cc): every fragment of the key has to be there, the key picks the scope. */
describe('scoped routes', () => {
  const scope = (key: readonly string[], rest: object): object => ({key: {fragments: key.map((text) => ({string_key: text}))}, ...rest})
  const scoped = (fragments: readonly object[], scopes: readonly object[]): HttpParts => ({
    manager: {
      scoped_routes: {
        name: 'scopes',
        scope_key_builder: {fragments: fragments.map((header_value_extractor) => ({header_value_extractor}))},
        scoped_route_configurations_list: {scoped_route_configurations: scopes},
      },
    },
    sections: [deliveredTables(tableNamed('eu'))],
  })
  const BY_HEADER = [{name: 'x-region', index: 0}]
  const BY_ELEMENT = [{name: 'x-region', element_separator: ';', index: 1}]
  const BY_KEY = [{name: 'x-region', element_separator: ';', element: {separator: '=', key: 'r'}}]
  const EU = scope(['eu'], {route_configuration_name: 'eu'})
  const INLINE = scope(['us'], {route_configuration: tableNamed('us')})

  test.each([
    {name: 'the whole header', builder: BY_HEADER, value: 'eu', route: 'route of eu'},
    {name: 'a table in the scope', builder: BY_HEADER, value: 'us', route: 'route of us'},
    {name: 'no such scope', builder: BY_HEADER, value: 'asia', route: undefined},
    {name: 'no header', builder: BY_HEADER, value: undefined, route: undefined},
    {name: 'an element by its index', builder: BY_ELEMENT, value: 'x;us', route: 'route of us'},
    {name: 'an element that is not there', builder: BY_ELEMENT, value: 'us', route: undefined},
    {name: 'an element by its key', builder: BY_KEY, value: 'q=us;r=eu', route: 'route of eu'},
    {name: 'no such key', builder: BY_KEY, value: 'q=us', route: undefined},
    {name: 'fewer fragments than the keys have', builder: [], value: 'eu', route: undefined},
    {name: 'two fragments, keys of one', builder: [...BY_HEADER, ...BY_HEADER], value: 'eu', route: undefined},
  ])('$name', ({builder, value, route}) => {
    const exit = exitFor(scoped(builder, [EU, INLINE]), {headers: value === undefined ? [] : [['x-region', value]]})
    expect(exit?.log?.route).toBe(route)
    if (route === undefined) expect(exit).toMatchObject({verdict: {kind: 'no-route', reason: 'no route scope matches the request'}})
  })

  test('all fragments of a key count, in order', () => {
    const parts = scoped([{name: 'x-region'}, {name: 'x-tier'}], [scope(['eu', 'gold'], {route_configuration: tableNamed('gold')})])
    const ends = [
      ['eu', 'gold'],
      ['gold', 'eu'],
    ].map(
      ([region = '', tier = '']) =>
        exitFor(parts, {
          headers: [
            ['x-region', region],
            ['x-tier', tier],
          ],
        })?.log?.route,
    )
    expect(ends).toEqual(['route of gold', undefined])
  })

  test('a scope may name a table that is not there', () => {
    const parts = scoped(BY_HEADER, [scope(['eu'], {route_configuration_name: 'gone'})])
    expect(exitFor(parts, {headers: [['x-region', 'eu']]})).toMatchObject({verdict: {kind: 'dangling-reference'}})
  })
})
