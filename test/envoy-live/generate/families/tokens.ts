import {createHmac} from 'node:crypto'
import fc from 'fast-check'
import {extension, TYPE, type Message} from '../../message.js'
import {sink, type Scenario} from '../../scenario.js'
import {plainRequests} from '../connections.js'
import {requestWith} from '../http-request.js'
import {manager, ROUTER} from '../manager.js'
import type {Family} from './family.js'

const KEY = 'generated-key-for-tokens-of-tests'
const JWKS = JSON.stringify({keys: [{kty: 'oct', alg: 'HS256', kid: 'k', k: Buffer.from(KEY).toString('base64url')}]})

/** A token of issuer `gen`; one that is signed with another key does not verify. */
function token(key: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${part({alg: 'HS256', kid: 'k', typ: 'JWT'})}.${part({iss: 'gen', sub: 'me'})}`
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`
}

const requirement = fc.constantFrom<Message>(
  {provider_name: 'p'},
  {allow_missing: {}},
  {allow_missing_or_failed: {}},
  {requires_any: {requirements: [{provider_name: 'p'}, {allow_missing: {}}]}},
  {requires_any: {requirements: [{provider_name: 'p'}, {provider_name: 'q'}]}},
  {requires_all: {requirements: [{provider_name: 'p'}, {allow_missing: {}}]}},
)

const rule = fc
  .tuple(
    fc.constantFrom('/', '/a', '/b'),
    fc.oneof(
      {weight: 3, arbitrary: requirement.map((requires): Message => ({requires}))},
      {weight: 1, arbitrary: fc.constant<Message>({requirement_name: 'named'})},
      {weight: 1, arbitrary: fc.constant<Message>({})},
    ),
  )
  .map(([prefix, what]) => ({match: {prefix}, ...what}))

const override = fc.constantFrom<Message | undefined>(
  undefined,
  undefined,
  {disabled: true},
  {requirement_name: 'named'},
  {requirement_name: 'absent'},
)

/** jwt_authn with keys in its config, asked with a good token, a bad one, something else, and none. */
const tokens: fc.Arbitrary<Scenario> = fc
  .record({
    rules: fc.array(rule, {minLength: 1, maxLength: 3}),
    named: requirement,
    override,
    bypass: fc.boolean(),
    probes: plainRequests(
      requestWith({
        authorization: [`Bearer ${token(KEY)}`, `Bearer ${token('another')}`, 'Bearer nonsense', 'Basic eDp5'],
        'x-token': [token(KEY)],
        origin: ['http://a.test'],
        'access-control-request-method': ['GET'],
      }),
    ),
  })
  .map(({rules, named, override: own, bypass, probes}) => {
    const provider = {issuer: 'gen', local_jwks: {inline_string: JWKS}}
    const jwt = extension('jwt', 'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', {
      providers: {p: provider, q: {...provider, from_headers: [{name: 'x-token'}]}},
      rules,
      requirement_map: {named},
      bypass_cors_preflight: bypass,
    })
    const perRoute = {'@type': `${TYPE}envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig`, ...own}
    const entry = own === undefined ? {} : {typed_per_filter_config: {jwt: perRoute}}
    const routes = [
      {name: 'a', match: {prefix: '/a'}, route: {cluster: sink(0)}, ...entry},
      {name: 'rest', match: {prefix: '/'}, route: {cluster: sink(1)}},
    ]
    const table = {name: 'table', virtual_hosts: [{name: 'v', domains: ['*'], routes}]}
    const filter = manager({route_config: table, http_filters: [jwt, ROUTER]})
    return {listener: {filter_chains: [{name: 'http', filters: [filter]}]}, clusters: [], behind: [], probes}
  })

/** Lua that answers itself: what it does is not in the engine, so that everything behind it is open. */
const scripts: fc.Arbitrary<Scenario> = plainRequests(requestWith({'x-t': ['1']})).map((probes) => {
  const code = 'function envoy_on_request(h) if h:headers():get("x-t") then h:respond({[":status"] = "418"}, "no") end end'
  const lua = extension('lua', 'envoy.extensions.filters.http.lua.v3.Lua', {default_source_code: {inline_string: code}})
  const table = {
    name: 'table',
    virtual_hosts: [{name: 'v', domains: ['*'], routes: [{name: 'r', match: {prefix: '/'}, route: {cluster: sink(0)}}]}],
  }
  const filter = manager({route_config: table, http_filters: [lua, ROUTER]})
  return {listener: {filter_chains: [{name: 'http', filters: [filter]}]}, clusters: [], behind: [], probes}
})

export const TOKENS: readonly Family[] = [
  {name: 'tokens', scenarios: tokens, portion: 0.5, conditional: 0.8},
  {name: 'opaque filters', scenarios: scripts, portion: 0.2, open: 1},
]
