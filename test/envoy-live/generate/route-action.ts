import fc from 'fast-check'
import {merged, type Message} from '../message.js'
import {sink} from '../scenario.js'

const regexRewrite = fc
  .constantFrom(['^/([^/]+)', '/x/\\1'], ['a', 'z'], ['/b(/.*)?$', '/q\\1'])
  .map(([regex, substitution]) => ({pattern: {google_re2: {}, regex}, substitution}))

const target: fc.Arbitrary<Message> = fc.oneof(
  {weight: 12, arbitrary: fc.constantFrom(0, 1, 2, 3).map((index) => ({cluster: sink(index)}))},
  {weight: 1, arbitrary: fc.constant({cluster: 'missing'})},
  {weight: 1, arbitrary: fc.constant({cluster: 'missing', cluster_not_found_response_code: 'NOT_FOUND'})},
  {weight: 1, arbitrary: fc.constant({cluster_header: 'x-t'})},
  {weight: 1, arbitrary: weighted().map((weighted_clusters) => ({weighted_clusters}))},
)

function weighted(): fc.Arbitrary<Message> {
  const entry = fc.record({name: fc.constantFrom(sink(0), sink(1), sink(2)), weight: fc.integer({min: 0, max: 3})})
  return fc
    .tuple(fc.array(entry, {minLength: 1, maxLength: 3}), fc.boolean())
    .filter(([clusters]) => clusters.some(({weight}) => weight > 0))
    .map(([clusters, named]) => ({clusters, ...(named ? {header_name: 'x-n'} : {})}))
}

/** What a route changes on the way; it shows at the upstream. */
const rewrite: fc.Arbitrary<Message> = fc.oneof(
  {weight: 5, arbitrary: fc.constant({})},
  {weight: 2, arbitrary: fc.constantFrom('/new', '/', '/n/', '').map((prefix_rewrite) => ({prefix_rewrite}))},
  {weight: 1, arbitrary: regexRewrite.map((regex_rewrite) => ({regex_rewrite}))},
  {weight: 1, arbitrary: fc.constant({host_rewrite_literal: 'new.test'})},
  {weight: 1, arbitrary: fc.constant({host_rewrite_header: 'x-t'})},
  {
    weight: 1,
    arbitrary: fc.constant({host_rewrite_path_regex: {pattern: {google_re2: {}, regex: '^/([a-z]+).*$'}, substitution: '\\1.test'}}),
  },
)

const redirect: fc.Arbitrary<Message> = fc
  .tuple(
    fc.constantFrom<Message>({}, {https_redirect: true}, {scheme_redirect: 'ftp'}),
    fc.constantFrom<Message>({}, {host_redirect: 'new.test'}, {port_redirect: 8443}),
    fc.oneof(
      fc.constantFrom<Message>({}, {path_redirect: '/new'}, {path_redirect: '/new?z=1'}, {prefix_rewrite: '/p'}),
      regexRewrite.map((regex_rewrite) => ({regex_rewrite})),
    ),
    fc.constantFrom<Message>({}, {strip_query: true}),
    fc.constantFrom<Message>({}, {response_code: 'FOUND'}, {response_code: 'TEMPORARY_REDIRECT'}, {response_code: 'SEE_OTHER'}),
  )
  .map(merged)

const DIRECT_RESPONSES: readonly Message[] = [
  {status: 204},
  ...[200, 403, 503].map((status) => ({status, body: {inline_string: 'direct'}})),
]

/** The action of a Route, and what belongs to it. */
export const routeAction: fc.Arbitrary<Message> = fc.oneof(
  {weight: 10, arbitrary: fc.tuple(target, rewrite).map(([to, change]) => ({route: {...to, ...change}}))},
  {weight: 2, arbitrary: redirect.map((message) => ({redirect: message}))},
  {weight: 2, arbitrary: fc.constantFrom(...DIRECT_RESPONSES).map((direct_response) => ({direct_response}))},
  {weight: 1, arbitrary: fc.constant({non_forwarding_action: {}})},
)

const ACTIONS = ['APPEND_IF_EXISTS_OR_ADD', 'ADD_IF_ABSENT', 'OVERWRITE_IF_EXISTS_OR_ADD', 'OVERWRITE_IF_EXISTS'] as const
const VALUES = ['1', '%REQ(x-t)%', '%REQ(:path)%', '%PROTOCOL%', '%REQ(x-absent?x-n):3%', 'is %REQ(:authority)%'] as const

/** request_headers_to_add and request_headers_to_remove of a route, a virtual host or a table. */
export const headerChanges: fc.Arbitrary<Message> = fc.oneof(
  {weight: 4, arbitrary: fc.constant({})},
  {
    weight: 1,
    arbitrary: fc
      .record({key: fc.constantFrom('x-gen-a', 'x-gen-b', 'x-t'), value: fc.constantFrom(...VALUES), action: fc.constantFrom(...ACTIONS)})
      .map(({key, value, action}) => ({request_headers_to_add: [{header: {key, value}, append_action: action}]})),
  },
  {weight: 1, arbitrary: fc.constant({request_headers_to_remove: ['x-t']})},
)
