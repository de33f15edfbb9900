import {describe, expect, test} from 'vitest'
import type {PeerCertificate} from '../../../src/flow/connection.js'
import {inputName, isLocalSource, readInput, type InputValue, type MatcherSubject} from '../../../src/envoy/matcher/inputs.js'
import {connectionOf, internalConnection, requestOf, streamOf, view} from '../match/samples.js'

const NETWORK = 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.'
const SSL = 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.'
const HEADER = 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput'

const read = (type: string, subject: MatcherSubject, fields: object = {}): InputValue =>
  readInput(view({name: 'i', typed_config: {'@type': type, ...fields}}), subject)

const text = (value: string): InputValue => ({kind: 'text', text: value})
const ABSENT: InputValue = {kind: 'absent'}
const PLAIN: MatcherSubject = {
  connection: connectionOf({
    local: {ip: '10.96.0.1', port: 80},
    remote: {ip: '10.1.2.3', port: 4444},
    directRemote: {ip: '127.0.0.1', port: 5555},
    serverName: 'api.test',
    transportProtocol: 'tls',
    applicationProtocols: ['h2', 'http/1.1'],
  }),
}
const INTERNAL: MatcherSubject = {connection: internalConnection()}

// envoy-2022 D2: the text each network input gives; an internal connection has no addresses.
describe('network inputs', () => {
  test.each([
    {input: 'DestinationIPInput', value: text('10.96.0.1'), internal: ABSENT},
    {input: 'DestinationPortInput', value: text('80'), internal: ABSENT},
    {input: 'SourceIPInput', value: text('10.1.2.3'), internal: ABSENT},
    {input: 'SourcePortInput', value: text('4444'), internal: ABSENT},
    {input: 'DirectSourceIPInput', value: text('127.0.0.1'), internal: ABSENT},
    {input: 'SourceTypeInput', value: ABSENT, internal: ABSENT},
    {input: 'ServerNameInput', value: text('api.test'), internal: ABSENT},
    {input: 'TransportProtocolInput', value: text('tls'), internal: text('raw_buffer')},
    {input: 'ApplicationProtocolInput', value: text("'h2','http/1.1'"), internal: ABSENT},
  ])('$input', ({input, value, internal}) => {
    expect(read(NETWORK + input, PLAIN)).toEqual(value)
    expect(read(NETWORK + input, INTERNAL)).toEqual(internal)
  })

  test('addresses are read in canonical form, without zone, and not at all where they are no IP', () => {
    const at = (ip: string): MatcherSubject => ({connection: connectionOf({local: {ip, port: 1}})})
    expect(read(`${NETWORK}DestinationIPInput`, at('2001:DB8:0:0::1'))).toEqual(text('2001:db8::1'))
    expect(read(`${NETWORK}DestinationIPInput`, at('envoy'))).toEqual(ABSENT)
  })

  test('empty names are absent', () => {
    const subject = {connection: connectionOf({serverName: '', transportProtocol: ''})}
    expect(read(`${NETWORK}ServerNameInput`, subject)).toEqual(ABSENT)
    expect(read(`${NETWORK}TransportProtocolInput`, subject)).toEqual(ABSENT)
  })
})

// envoy-2022 I.5; recorded: stype-* of matchers-matcher-predicates, source-* of matchers-legacy-chain-match.
describe('a local source', () => {
  test.each([
    {remote: '10.96.0.1', local: true},
    {remote: '127.0.0.1', local: true},
    {remote: '::1', local: true},
    {remote: '127.0.0.9', local: false},
    {remote: '10.96.0.2', local: false},
  ])('$remote to 10.96.0.1: $local', ({remote, local}) => {
    const connection = connectionOf({local: {ip: '10.96.0.1', port: 80}, remote: {ip: remote, port: 1}})
    expect(isLocalSource(connection)).toBe(local)
    expect(read(`${NETWORK}SourceTypeInput`, {connection})).toEqual(local ? text('local') : ABSENT)
  })

  test('is never one without addresses', () => {
    expect(isLocalSource(internalConnection())).toBe(false)
  })
})

describe('filter state and metadata', () => {
  const connection = connectionOf({
    filterState: new Map([
      ['set', {value: 'from the connection', shared: 'once'}],
      ['opaque', {value: undefined, shared: 'none'}],
    ]),
    metadata: new Map([['tunnel', {target: 'a', port: 80}]]),
  })
  const stream = streamOf(requestOf(), {
    connection,
    filterState: new Map([['set', {value: 'from the request', shared: 'none'}]]),
    metadata: new Map([['tunnel', {target: 'b'}]]),
  })
  const path = (key: string): object => ({filter: 'tunnel', path: [{key}]})

  test.each([
    {what: 'an object of the connection', fields: {key: 'set'}, subject: {connection}, value: text('from the connection')},
    {what: 'the request may overrule it', fields: {key: 'set'}, subject: {connection, stream}, value: text('from the request')},
    {
      what: 'a request inherits it',
      fields: {key: 'set'},
      subject: {connection, stream: streamOf(requestOf(), {connection})},
      value: text('from the connection'),
    },
    {what: 'not set', fields: {key: 'other'}, subject: {connection, stream}, value: ABSENT},
    {what: 'no key', fields: {}, subject: {connection}, value: ABSENT},
    {what: 'of unknown content', fields: {key: 'opaque'}, subject: {connection}, value: {kind: 'unknown', why: 'filter state opaque'}},
  ] as const)('FilterStateInput: $what', ({fields, subject, value}) => {
    expect(read(`${NETWORK}FilterStateInput`, subject, fields)).toEqual(value)
  })

  test.each([
    {what: 'of the connection', fields: path('target'), subject: {connection}, value: text('a')},
    {what: 'of the request', fields: path('target'), subject: {connection, stream}, value: text('b')},
    {what: 'not there', fields: path('other'), subject: {connection}, value: ABSENT},
    {what: 'no string', fields: path('port'), subject: {connection}, value: {kind: 'unknown', why: 'dynamic metadata that is no string'}},
    {what: 'no path', fields: {filter: 'tunnel'}, subject: {connection}, value: ABSENT},
    {what: 'a path segment without key', fields: {filter: 'tunnel', path: [{}]}, subject: {connection}, value: ABSENT},
    {what: 'no filter', fields: {path: [{key: 'target'}]}, subject: {connection}, value: ABSENT},
  ] as const)('DynamicMetadataInput: $what', ({fields, subject, value}) => {
    expect(read(`${NETWORK}DynamicMetadataInput`, subject, fields)).toEqual(value)
  })
})

// envoy-2022 D2 and I.4; recorded: uri-san-* of matchers-rbac-matcher.
describe('TLS inputs', () => {
  const peer = (change: Partial<PeerCertificate> = {}): MatcherSubject => ({
    connection: connectionOf({tls: {peer: {uriSans: [], dnsSans: [], ...change}}}),
  })

  test.each([
    {input: 'UriSanInput', subject: peer({uriSans: ['spiffe://a', 'spiffe://b']}), value: text('spiffe://a,spiffe://b')},
    {input: 'DnsSanInput', subject: peer({dnsSans: ['a.test', 'b.test']}), value: text('a.test,b.test')},
    {input: 'SubjectInput', subject: peer({subject: 'CN=a'}), value: text('CN=a')},
  ])('$input', ({input, subject, value}) => {
    expect(read(SSL + input, subject)).toEqual(value)
    expect(read(SSL + input, peer())).toEqual(ABSENT)
    expect(read(SSL + input, {connection: connectionOf({tls: {}})})).toEqual(ABSENT)
    expect(read(SSL + input, PLAIN)).toEqual({kind: 'undecided', why: 'TLS input on a plaintext connection'})
  })
})

describe('request headers', () => {
  const stream = streamOf(
    requestOf({
      method: 'PUT',
      headers: [
        ['x-a', '1'],
        ['x-a', '2'],
      ],
    }),
  )

  test.each([
    {name: 'X-A', value: text('1,2')},
    {name: ':method', value: text('PUT')},
    {name: 'x-b', value: ABSENT},
    {name: undefined, value: ABSENT},
  ])('$name', ({name, value}) => {
    expect(read(HEADER, {connection: stream.connection, stream}, name === undefined ? {} : {header_name: name})).toEqual(value)
  })

  test('a connection has none to look at', () => {
    expect(read(HEADER, PLAIN, {header_name: 'x-a'})).toEqual({kind: 'unknown', why: 'request header input without a request'})
  })
})

describe('an input this tool does not know', () => {
  test('is unknown, by its type', () => {
    expect(read('type.googleapis.com/x.v3.MoonInput', PLAIN)).toEqual({kind: 'unknown', why: 'matcher input x.v3.MoonInput'})
    expect(readInput(view({name: 'i'}), PLAIN)).toEqual({kind: 'unknown', why: 'matcher input (no type)'})
    expect(readInput(undefined, PLAIN)).toEqual({kind: 'unknown', why: 'matcher input (no type)'})
  })

  test('one inside a TypedStruct is read from its value', () => {
    const config = {'@type': 'type.googleapis.com/xds.type.v3.TypedStruct', type_url: HEADER, value: {header_name: ':method'}}
    const stream = streamOf(requestOf({method: 'PUT'}))
    expect(readInput(view({name: 'i', typed_config: config}), {connection: stream.connection, stream})).toEqual(text('PUT'))
  })
})

describe('the name of an input', () => {
  const type = `${NETWORK}DestinationIPInput`

  test.each([
    {what: 'what the generator calls it', input: {name: 'destination-ip', typed_config: {'@type': type}}, name: 'destination-ip'},
    {
      what: 'the type, where the name is only the extension',
      input: {name: 'envoy.matching.inputs.destination_ip', typed_config: {'@type': type}},
      name: 'DestinationIPInput',
    },
    {what: 'the type, without a name', input: {typed_config: {'@type': type}}, name: 'DestinationIPInput'},
    {what: 'with the header it reads', input: {name: 'h', typed_config: {'@type': HEADER, header_name: ':path'}}, name: 'h(:path)'},
    {
      what: 'with the filter state it reads',
      input: {name: 'f', typed_config: {'@type': `${NETWORK}FilterStateInput`, key: 'peer'}},
      name: 'f(peer)',
    },
    {what: 'a type without dots', input: {typed_config: {'@type': 'Bare'}}, name: 'Bare'},
    {what: 'nothing to name it by', input: {}, name: 'unknown input'},
  ])('$what', ({input, name}) => {
    expect(inputName(view(input))).toBe(name)
  })

  test('of no input', () => {
    expect(inputName(undefined)).toBe('unknown input')
  })
})
