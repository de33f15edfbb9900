import {describe, expect, test} from 'vitest'
import {matchCel, matchCelMatcher} from '../../../../src/envoy/match/cel/evaluate.js'
import {connectionOf, internalConnection, requestOf, streamOf, view} from '../samples.js'

const ident = (name: string): object => ({ident_expr: {name}})
const select = (operand: object, field: string): object => ({select_expr: {operand, field}})
const has = (operand: object, field: string): object => ({select_expr: {operand, field, test_only: true}})
const text = (value: string): object => ({const_expr: {string_value: value}})
const int = (value: number | string): object => ({const_expr: {int64_value: value}})
const flag = (value: boolean): object => ({const_expr: {bool_value: value}})
const call = (name: string, ...args: readonly object[]): object => ({call_expr: {function: name, args}})
const method = (target: object, name: string, ...args: readonly object[]): object => ({call_expr: {target, function: name, args}})
const list = (...elements: readonly object[]): object => ({list_expr: {elements}})

const request = ident('request')
const header = (name: string): object => call('_[_]', select(request, 'headers'), text(name))
const is = (left: object, right: object): object => call('_==_', left, right)

const connection = connectionOf({
  serverName: 's.test',
  tls: {peer: {uriSans: ['spiffe://td/ns/a/sa/b'], dnsSans: [], subject: 'CN=x'}},
  filterState: new Map([['k', {value: 'state', shared: 'once'}]]),
})
const subject = {
  connection,
  stream: streamOf(
    requestOf({
      method: 'POST',
      path: '/a/b?q=1',
      headers: [
        ['x-c', 'yes'],
        ['x-m', 'a'],
        ['x-m', 'b'],
      ],
    }),
    {connection, metadata: new Map([['f', {n: 1, deep: {t: 'v'}, l: ['x']}]])},
  ),
}

const TRUE = flag(true)
const FALSE = flag(false)
const BROKEN = is(header('x-none'), text('y'))
const OPAQUE = is(select(request, 'time'), text('now'))

describe('matchCel', () => {
  test.each([
    {name: 'header', expression: is(header('x-c'), text('yes')), outcome: 'yes'},
    {name: 'header names in any case', expression: is(header('X-C'), text('yes')), outcome: 'yes'},
    {name: 'other value', expression: is(header('x-c'), text('no')), outcome: 'no'},
    {name: 'a missing header does not hold', expression: is(header('x-none'), text('yes')), outcome: 'no'},
    {name: 'a missing header does not differ either', expression: call('_!=_', header('x-none'), text('yes')), outcome: 'no'},
    {name: 'repeated lines are joined', expression: is(header('x-m'), text('a,b')), outcome: 'yes'},
    {name: 'in headers', expression: call('@in', text('x-c'), select(request, 'headers')), outcome: 'yes'},
    {name: 'not in headers', expression: call('!_', call('@in', text('x-none'), select(request, 'headers'))), outcome: 'yes'},
    {name: 'in a list', expression: call('@in', select(request, 'method'), list(text('GET'), text('POST'))), outcome: 'yes'},
    {name: 'request.path has the query', expression: is(select(request, 'path'), text('/a/b?q=1')), outcome: 'yes'},
    {name: 'request.url_path has not', expression: is(select(request, 'url_path'), text('/a/b')), outcome: 'yes'},
    {name: 'request.query', expression: is(select(request, 'query'), text('q=1')), outcome: 'yes'},
    {name: 'request.host', expression: is(select(request, 'host'), text('a.test')), outcome: 'yes'},
    {name: 'startsWith', expression: method(select(request, 'path'), 'startsWith', text('/a')), outcome: 'yes'},
    {name: 'endsWith', expression: method(select(request, 'path'), 'endsWith', text('/a')), outcome: 'no'},
    {name: 'contains', expression: method(select(request, 'path'), 'contains', text('b?')), outcome: 'yes'},
    {name: 'matches looks anywhere', expression: method(select(request, 'path'), 'matches', text('b.q')), outcome: 'yes'},
    {name: 'a pattern RE2 rejects', expression: method(select(request, 'path'), 'matches', text('(')), outcome: 'no'},
    {name: 'destination.port', expression: is(select(ident('destination'), 'port'), int(80)), outcome: 'yes'},
    {name: 'comparison', expression: call('_<_', select(ident('source'), 'port'), int('5000')), outcome: 'yes'},
    {name: 'source.address', expression: is(select(ident('source'), 'address'), text('10.1.2.3:4444')), outcome: 'yes'},
    {name: 'connection.mtls', expression: select(ident('connection'), 'mtls'), outcome: 'yes'},
    {
      name: 'peer URI',
      expression: is(select(ident('connection'), 'uri_san_peer_certificate'), text('spiffe://td/ns/a/sa/b')),
      outcome: 'yes',
    },
    {name: 'server name', expression: is(select(ident('connection'), 'requested_server_name'), text('s.test')), outcome: 'yes'},
    {
      name: 'metadata',
      expression: is(select(select(call('_[_]', select(ident('metadata'), 'filter_metadata'), text('f')), 'deep'), 't'), text('v')),
      outcome: 'yes',
    },
    {name: 'filter state', expression: is(call('_[_]', ident('filter_state'), text('k')), text('state')), outcome: 'yes'},
    {name: 'filter state that is not set', expression: is(call('_[_]', ident('filter_state'), text('z')), text('state')), outcome: 'no'},
    {name: 'has', expression: has(select(request, 'headers'), 'x-c'), outcome: 'yes'},
    {name: 'has not', expression: has(select(request, 'headers'), 'x-none'), outcome: 'no'},
    {name: 'conditional', expression: call('_?_:_', FALSE, OPAQUE, TRUE), outcome: 'yes'},
    {name: 'concatenation', expression: is(call('_+_', text('a'), text('b')), text('ab')), outcome: 'yes'},
    {name: 'size', expression: is(call('size', select(request, 'method')), int(4)), outcome: 'yes'},
    {name: 'list index', expression: is(call('_[_]', list(text('a'), text('b')), int(1)), text('b')), outcome: 'yes'},
    {name: 'a text is no condition', expression: text('true'), outcome: 'no'},
    {name: 'an attribute this tool does not have', expression: OPAQUE, outcome: 'undetermined'},
    {name: 'a function this tool does not have', expression: call('timestamp', text('x')), outcome: 'undetermined'},
    {name: 'different types', expression: is(text('1'), int(1)), outcome: 'undetermined'},
    {name: 'a root this tool does not have', expression: is(select(ident('upstream'), 'port'), int(1)), outcome: 'undetermined'},
    {name: 'an expression of unknown kind', expression: {comprehension_expr: {}}, outcome: 'undetermined'},
  ])('$name', ({expression, outcome}) => {
    expect(matchCel(view(expression), subject)).toBe(outcome)
  })

  test.each([
    {name: 'true && true', expression: call('_&&_', TRUE, TRUE), outcome: 'yes'},
    {name: 'false && unknown', expression: call('_&&_', FALSE, OPAQUE), outcome: 'no'},
    {name: 'unknown && false', expression: call('_&&_', OPAQUE, FALSE), outcome: 'no'},
    {name: 'true && unknown', expression: call('_&&_', TRUE, OPAQUE), outcome: 'undetermined'},
    {name: 'true || error', expression: call('_||_', BROKEN, TRUE), outcome: 'yes'},
    {name: 'false || error', expression: call('_||_', BROKEN, FALSE), outcome: 'no'},
    {name: 'true || unknown', expression: call('_||_', OPAQUE, TRUE), outcome: 'yes'},
    {name: '! of an error', expression: call('!_', BROKEN), outcome: 'no'},
  ])('$name', ({expression, outcome}) => {
    expect(matchCel(view(expression), subject)).toBe(outcome)
  })

  test('a connection without request has no request attributes', () => {
    expect(matchCel(view(is(select(request, 'path'), text('/'))), {connection})).toBe('no')
    expect(matchCel(view(is(header('x'), text('y'))), {connection})).toBe('no')
  })

  test('an internal address is not compared as text', () => {
    expect(matchCel(view(is(select(ident('source'), 'address'), text('x'))), {connection: internalConnection()})).toBe('undetermined')
  })

  test('an endless expression is undetermined, not a crash', () => {
    let expression = TRUE
    for (let depth = 0; depth < 5000; depth++) expression = call('!_', expression)
    expect(matchCel(view(expression), subject)).toBe('undetermined')
  })
})

describe('matchCelMatcher', () => {
  const expr = is(header('x-c'), text('yes'))

  test.each([
    {name: 'parsed', matcher: {expr_match: {cel_expr_parsed: {expr}}}, outcome: 'yes'},
    {name: 'checked', matcher: {expr_match: {cel_expr_checked: {expr}}}, outcome: 'yes'},
    {name: 'older parsed', matcher: {expr_match: {parsed_expr: {expr}}}, outcome: 'yes'},
    {name: 'source text', matcher: {expr_match: {cel_expr_string: 'true'}}, outcome: 'undetermined'},
  ])('$name', ({matcher, outcome}) => {
    expect(matchCelMatcher(view(matcher), subject)).toBe(outcome)
  })
})
