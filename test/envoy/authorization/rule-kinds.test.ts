import {describe, expect, test} from 'vitest'
import type {Subject} from '../../../src/envoy/authorization/subject.js'
import {connectionOf, internalConnection, requestOf, streamOf, view} from '../match/samples.js'
import {OPEN, wordsFor} from './judge.js'

const FRONT = 'spiffe://mesh.test/ns/web/sa/front'
const CONNECTION = connectionOf({
  serverName: 'a.ok.test',
  tls: {peer: {uriSans: [FRONT], dnsSans: ['front.test'], subject: 'CN=front'}},
  filterState: new Map([['io.peer', {value: FRONT, shared: 'once'}]]),
  metadata: new Map([['tunnel', {target: 'yes'}]]),
})
const REQUEST: Subject = {
  connection: CONNECTION,
  stream: streamOf(requestOf({path: '/ok?x=1', headers: [['x-a', '1']]}), {
    connection: CONNECTION,
    remote: {ip: '8.8.8.8', port: 0},
    metadata: CONNECTION.metadata,
  }),
}
const metadata = (value: object): object => ({filter: 'tunnel', path: [{key: 'target'}], value})
const template = (path_template: string): object => ({name: 't', typed_config: {'@type': 'x/envoy.Template', path_template}})

// envoy-2022 D7: every kind of permission, with the words a reader gets when it holds and when it fails.
describe('permissions', () => {
  test.each([
    {permission: {any: true}, words: 'yes: anything'},
    {permission: {destination_port: 80}, words: 'yes: destination port 80'},
    {permission: {destination_port: 81}, words: 'no: destination port 81'},
    {permission: {destination_port_range: {start: 80, end: 90}}, words: 'yes: destination port in [80, 90)'},
    {permission: {destination_port_range: {start: 70, end: 80}}, words: 'no: destination port in [70, 80)'},
    {permission: {destination_port_range: {start: 81, end: 90}}, words: 'no: destination port in [81, 90)'},
    {permission: {destination_port_range: {end: 90}}, words: 'yes: destination port in [0, 90)'},
    {permission: {destination_port_range: {start: 80}}, words: 'no: destination port in [80, 0)'},
    {permission: {destination_ip: {address_prefix: '10.96.0.0', prefix_len: 16}}, words: 'yes: destination ip 10.96.0.0/16'},
    {permission: {destination_ip: {address_prefix: '10.97.0.0', prefix_len: 16}}, words: 'no: destination ip 10.97.0.0/16'},
    {permission: {destination_ip: {address_prefix: 'ten'}}, words: 'undetermined: p: destination ip ten/0'},
    {permission: {requested_server_name: {suffix: '.ok.test'}}, words: 'yes: requested server name suffix ".ok.test"'},
    {permission: {requested_server_name: {exact: 'b'}}, words: 'no: requested server name exact "b"'},
    {permission: {header: {name: 'x-a', string_match: {exact: '1'}}}, words: 'yes: header x-a exact "1"'},
    {permission: {header: {name: 'x-b', present_match: true}}, words: 'no: header x-b present'},
    {permission: {url_path: {path: {exact: '/ok'}}}, words: 'yes: path exact "/ok"'},
    {permission: {url_path: {path: {prefix: '/no'}}}, words: 'no: path prefix "/no"'},
    {permission: {url_path: {}}, words: 'undetermined: p: path any value'},
    {permission: {uri_template: template('/{v}')}, words: 'yes: path template /{v}'},
    {permission: {uri_template: template('/x/{v}')}, words: 'no: path template /x/{v}'},
    {
      permission: {uri_template: {name: 't', typed_config: {'@type': 'x/envoy.Template'}}},
      words: 'undetermined: p: uri_template envoy.Template',
    },
    {permission: {uri_template: {name: 't'}}, words: 'undetermined: p: uri_template t'},
    {permission: {metadata: metadata({string_match: {exact: 'yes'}})}, words: 'yes: metadata tunnel/target exact "yes"'},
    {permission: {metadata: metadata({string_match: {exact: 'no'}})}, words: 'no: metadata tunnel/target exact "no"'},
    {
      permission: {matcher: {name: 'm', typed_config: {'@type': 'x/envoy.UpstreamPort'}}},
      words: 'undetermined: p: permission matcher envoy.UpstreamPort',
    },
    {permission: {matcher: {name: 'm'}}, words: 'undetermined: p: permission matcher m'},
    {permission: {matcher: {}}, words: 'undetermined: p: permission matcher of unknown type'},
    {permission: OPEN, words: 'undetermined: p: permission phase_of_moon'},
    {permission: {}, words: 'undetermined: p: permission of no kind'},
    {permission: {not_rule: {destination_port: 81}}, words: 'yes: not (destination port 81)'},
    {permission: {not_rule: {destination_port: 80}}, words: 'no: not (destination port 80)'},
    {permission: {not_rule: OPEN}, words: 'undetermined: p: permission phase_of_moon'},
  ])('$words', ({permission, words}) => {
    expect(wordsFor({permission}, {subject: REQUEST})).toBe(words)
  })

  test('destination rules of a connection without addresses', () => {
    const subject = {connection: internalConnection()}
    expect(wordsFor({permission: {destination_ip: {address_prefix: '0.0.0.0'}}}, {subject})).toBe('no: destination ip 0.0.0.0/0')
    expect(wordsFor({permission: {destination_port: 80}}, {subject})).toBe('no: destination port 80')
    expect(wordsFor({permission: {destination_port_range: {start: 0, end: 65536}}}, {subject})).toBe('no: destination port in [0, 65536)')
  })

  // envoy-2022 I.9; recorded: sni-plain of matchers-rbac-network.
  test('without tls_inspector the server name is empty', () => {
    const subject = {connection: connectionOf()}
    expect(wordsFor({permission: {requested_server_name: {exact: ''}}}, {subject})).toBe('yes: requested server name exact ""')
  })

  test('paths and templates of a connection without request fail', () => {
    const subject = {connection: connectionOf()}
    expect(wordsFor({permission: {uri_template: template('/{v}')}}, {subject})).toBe('no: path template /{v}')
    expect(wordsFor({permission: {url_path: {path: {prefix: ''}}}}, {subject})).toBe('no: path prefix ""')
  })

  test('a CONNECT has no path, also where parameters are passed over', () => {
    const stream = streamOf({method: 'CONNECT', authority: 'a:1', headers: []})
    const subject = {connection: stream.connection, stream, ignorePathParameters: true}
    expect(wordsFor({permission: {url_path: {path: {prefix: ''}}}}, {subject})).toBe('no: path prefix ""')
  })
})

describe('principals', () => {
  test.each([
    {principal: {any: true}, words: 'yes: anything'},
    {principal: {authenticated: {}}, words: 'yes: any TLS peer'},
    {principal: {authenticated: {principal_name: {exact: FRONT}}}, words: `yes: identity exact "${FRONT}"`},
    {principal: {authenticated: {principal_name: {exact: 'front.test'}}}, words: 'yes: identity exact "front.test"'},
    {principal: {authenticated: {principal_name: {exact: 'CN=front'}}}, words: 'yes: identity exact "CN=front"'},
    {principal: {authenticated: {principal_name: {prefix: 'spiffe://other'}}}, words: 'no: identity prefix "spiffe://other"'},
    {principal: {source_ip: {address_prefix: '10.1.0.0', prefix_len: 16}}, words: 'yes: source ip 10.1.0.0/16'},
    {principal: {source_ip: {address_prefix: '8.8.0.0', prefix_len: 16}}, words: 'no: source ip 8.8.0.0/16'},
    {principal: {direct_remote_ip: {address_prefix: '127.0.0.1', prefix_len: 32}}, words: 'yes: direct remote ip 127.0.0.1/32'},
    {principal: {direct_remote_ip: {address_prefix: '10.1.0.0', prefix_len: 16}}, words: 'no: direct remote ip 10.1.0.0/16'},
    {principal: {remote_ip: {address_prefix: '8.8.8.8', prefix_len: 32}}, words: 'yes: remote ip 8.8.8.8/32'},
    {principal: {remote_ip: {address_prefix: '10.1.0.0', prefix_len: 16}}, words: 'no: remote ip 10.1.0.0/16'},
    {principal: {filter_state: {key: 'io.peer', string_match: {exact: FRONT}}}, words: `yes: io.peer exact "${FRONT}"`},
    {principal: {filter_state: {key: 'io.other', string_match: {exact: FRONT}}}, words: `no: io.other exact "${FRONT}"`},
    {principal: {filter_state: {}}, words: 'no:  any value'},
    {principal: {header: {name: 'x-a', string_match: {exact: '2'}}}, words: 'no: header x-a exact "2"'},
    {principal: {url_path: {path: {exact: '/ok'}}}, words: 'yes: path exact "/ok"'},
    {principal: {metadata: metadata({string_match: {exact: 'yes'}})}, words: 'yes: metadata tunnel/target exact "yes"'},
    {principal: {custom: {name: 'mtls', typed_config: {'@type': 'x/envoy.Mtls'}}}, words: 'undetermined: p: custom principal envoy.Mtls'},
    {principal: OPEN, words: 'undetermined: p: principal phase_of_moon'},
    {principal: {not_id: {authenticated: {}}}, words: 'no: not (any TLS peer)'},
  ])('$words', ({principal, words}) => {
    expect(wordsFor({principal}, {subject: REQUEST})).toBe(words)
  })

  // envoy-2022 I.8; recorded: id-none, id-any-auth-none, id-not-none of matchers-rbac-network.
  test('a TLS peer without certificate has no name: an empty pattern meets its empty subject only', () => {
    const subject = {connection: connectionOf({tls: {}})}
    expect(wordsFor({principal: {authenticated: {principal_name: {prefix: 'S'}}}}, {subject})).toBe('no: identity prefix "S"')
    expect(wordsFor({principal: {authenticated: {principal_name: {exact: ''}}}}, {subject})).toBe('yes: identity exact ""')
  })

  test('remote_ip of a connection is its remote address, of one without addresses it is in no range', () => {
    const anywhere = {remote_ip: {address_prefix: '0.0.0.0'}}
    expect(wordsFor({principal: anywhere}, {subject: {connection: connectionOf()}})).toBe('yes: remote ip 0.0.0.0/0')
    expect(wordsFor({principal: anywhere}, {subject: {connection: internalConnection()}})).toBe('no: remote ip 0.0.0.0/0')
  })
})

describe('sourced_metadata', () => {
  const matcher = metadata({string_match: {exact: 'yes'}})
  const sourced = (metadata_source?: string): object => ({
    sourced_metadata: {metadata_matcher: matcher, ...(metadata_source === undefined ? {} : {metadata_source})},
  })
  const route = (value: unknown): Subject => ({...REQUEST, route: view({metadata: {filter_metadata: {tunnel: value}}})})

  test.each([
    {what: 'dynamic by default', permission: sourced(), subject: REQUEST, words: 'yes: metadata tunnel/target exact "yes"'},
    {what: 'dynamic', permission: sourced('DYNAMIC'), subject: route({target: 'no'}), words: 'yes: metadata tunnel/target exact "yes"'},
    {
      what: 'of the route',
      permission: sourced('ROUTE'),
      subject: route({target: 'yes'}),
      words: 'yes: route metadata tunnel/target exact "yes"',
    },
    {
      what: 'of the route, other',
      permission: sourced('ROUTE'),
      subject: route({target: 'no'}),
      words: 'no: route metadata tunnel/target exact "yes"',
    },
    {
      what: 'of a route without metadata',
      permission: sourced('ROUTE'),
      subject: {...REQUEST, route: view({})},
      words: 'no: route metadata tunnel/target exact "yes"',
    },
    {
      what: 'of a route nobody told',
      permission: sourced('ROUTE'),
      subject: REQUEST,
      words: 'undetermined: p: route metadata tunnel/target exact "yes"',
    },
    {
      what: 'without matcher',
      permission: {sourced_metadata: {}},
      subject: REQUEST,
      words: 'undetermined: p: sourced_metadata without a matcher',
    },
  ])('$what', ({permission, subject, words}) => {
    expect(wordsFor({permission}, {subject})).toBe(words)
  })

  test.each([
    {value: {bool_match: true}, held: true},
    {value: {double_match: {exact: 7}}, held: 7},
    {value: {null_match: {}}, held: null},
    {value: {list_match: {one_of: {string_match: {exact: 'b'}}}}, held: ['a', 'b']},
    {value: {list_match: {one_of: {double_match: {exact: 2}}}}, held: [1, 2]},
    {value: {present_match: true}, held: {deep: {er: 1}}},
  ])('route metadata keeps its type: $held', ({value, held}) => {
    const permission = {sourced_metadata: {metadata_matcher: metadata(value), metadata_source: 'ROUTE'}}
    expect(wordsFor({permission}, {subject: route({target: held})})).toBe('yes: route metadata tunnel/target')
    expect(wordsFor({permission}, {subject: route({target: 'text'})})).toBe(
      'present_match' in value ? 'yes: route metadata tunnel/target' : 'no: route metadata tunnel/target',
    )
  })

  test('a value inside objects and lists is reached; one nested 65 deep is cut', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 'bottom' : {k: nested(depth - 1)})
    const at = (depth: number): object => ({
      sourced_metadata: {
        metadata_matcher: {
          filter: 'tunnel',
          path: Array.from({length: depth}, () => ({key: 'k'})),
          value: {string_match: {exact: 'bottom'}},
        },
        metadata_source: 'ROUTE',
      },
    })
    const found = (depth: number): string => wordsFor({permission: at(depth)}, {subject: route(nested(depth))}).slice(0, 3)
    expect([found(2), found(64), found(65)]).toEqual(['yes', 'yes', 'no:'])
    const listed = {
      sourced_metadata: {
        metadata_matcher: metadata({list_match: {one_of: {list_match: {one_of: {bool_match: true}}}}}),
        metadata_source: 'ROUTE',
      },
    }
    expect(wordsFor({permission: listed}, {subject: route({target: [[false], [true]]})})).toBe('yes: route metadata tunnel/target')
  })

  test('a list that nests without end is cut, not followed', () => {
    let list: unknown = 'bottom'
    for (let depth = 0; depth < 5000; depth++) list = [list]
    const permission = {sourced_metadata: {metadata_matcher: metadata({present_match: true}), metadata_source: 'ROUTE'}}
    expect(wordsFor({permission}, {subject: route({target: list})})).toBe('yes: route metadata tunnel/target')
  })
})
