import {describe, expect, test} from 'vitest'
import {ends, exitsWith, typed, type Message} from './filter-request.js'

const STATE = 'envoy.extensions.http.stateful_session.'
const session = (state: Message, fields: Message = {}): Message =>
  typed('stateful_session.v3.StatefulSession', {session_state: {name: 'state', typed_config: state}, ...fields})
const byHeader = (fields: Message = {}): Message => session(typed(`${STATE}header.v3.HeaderBasedSessionState`, {name: 'x-session'}), fields)
const byCookie = (path?: string): Message =>
  session(typed(`${STATE}cookie.v3.CookieBasedSessionState`, {cookie: {name: 'sticky', ...(path === undefined ? {} : {path})}}), {
    strict: true,
  })

const OTHER = '10.9.9.9:80'
const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64')
/** Field 1 is the address, field 2 the time. */
const message = (address: string, expires = ''): string =>
  base64(Buffer.concat([Buffer.from([10, address.length]), Buffer.from(address), Buffer.from(expires, 'hex')]))

/** The cluster has another host than the session names: a strict session then ends with 503. */
const REFUSED = ['1 503 no_healthy_upstream']
const FORWARDED = ['1 forwarded']

// Envoy stateful_session.cc, header.cc, cookie.cc.
describe('stateful_session', () => {
  test.each<{rule: string; filter: Message; headers: [string, string][]; expected: string[]; path?: string}>([
    {rule: 'a header names a host that is not there', filter: byHeader(), headers: [['x-session', base64(OTHER)]], expected: FORWARDED},
    {rule: 'a strict session takes no other', filter: byHeader({strict: true}), headers: [['x-session', base64(OTHER)]], expected: REFUSED},
    {
      rule: 'a strict session takes its own',
      filter: byHeader({strict: true}),
      headers: [['x-session', base64('10.0.0.1:80')]],
      expected: FORWARDED,
    },
    {rule: 'no header', filter: byHeader({strict: true}), headers: [], expected: FORWARDED},
    {rule: 'text that is not base64', filter: byHeader({strict: true}), headers: [['x-session', OTHER]], expected: FORWARDED},
    {rule: 'a cookie names a host', filter: byCookie(), headers: [['cookie', `a=b; sticky=${message(OTHER)}`]], expected: REFUSED},
    {rule: 'another cookie', filter: byCookie(), headers: [['cookie', `other=${message(OTHER)}`]], expected: FORWARDED},
    {
      rule: 'a cookie that holds the address itself',
      filter: byCookie(),
      headers: [['cookie', `sticky=${base64('10.99.9.9:80')}`]],
      expected: REFUSED,
    },
    {rule: 'a cookie that holds nothing', filter: byCookie(), headers: [['cookie', 'sticky=']], expected: FORWARDED},
    {
      rule: 'a message without address',
      filter: byCookie(),
      headers: [['cookie', `sticky=${base64(Buffer.from([16, 1]))}`]],
      expected: FORWARDED,
    },
    {
      rule: 'a cookie of another path',
      filter: byCookie('/a'),
      headers: [['cookie', `sticky=${message(OTHER)}`]],
      expected: FORWARDED,
      path: '/ab',
    },
    {
      rule: 'a cookie of this path',
      filter: byCookie('/a'),
      headers: [['cookie', `sticky=${message(OTHER)}`]],
      expected: REFUSED,
      path: '/a/b?c',
    },
    {
      rule: 'a cookie that expires some time',
      filter: byCookie(),
      headers: [['cookie', `sticky=${message(OTHER, '10aa01')}`]],
      expected: ['one of 2 503 no_healthy_upstream', 'one of 2 forwarded'],
    },
  ])('$rule', ({filter, headers, expected, path}) => {
    expect(ends({filter, request: {headers, ...(path === undefined ? {} : {path})}})).toEqual(expected)
  })

  test('a route can switch it off', () => {
    const route = typed('stateful_session.v3.StatefulSessionPerRoute', {disabled: true})
    expect(ends({filter: byHeader({strict: true}), route, request: {headers: [['x-session', base64(OTHER)]]}})).toEqual(FORWARDED)
  })

  test('a route can have its own', () => {
    const own = {...byHeader({strict: true}), '@type': undefined}
    const route = typed('stateful_session.v3.StatefulSessionPerRoute', {stateful_session: own})
    const filter = typed('stateful_session.v3.StatefulSession')
    expect(ends({filter, route, request: {headers: [['x-session', base64(OTHER)]]}})).toEqual(REFUSED)
  })

  test('a state of another kind is a condition', () => {
    const [exit] = exitsWith({filter: session(typed('x.y.Unknown'))})
    expect(exit?.requires).toEqual([{what: 'session state envoy.extensions.filters.http.x.y.Unknown must name no host'}])
  })
})
