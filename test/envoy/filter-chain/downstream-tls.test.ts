import {describe, expect, test} from 'vitest'
import type {Payload, PeerCertificate} from '../../../src/flow/connection.js'
import type {EngineContext} from '../../../src/envoy/context.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {terminateTls, type TlsOutcome} from '../../../src/envoy/filter-chain/downstream-tls.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {dump} from '../engine/dump.js'
import {evidenceOf, view} from '../match/samples.js'
import {NEWER} from '../matcher/trees.js'
import {CONNECTION} from './connections.js'

const SOCKETS = 'type.googleapis.com/envoy.extensions.transport_sockets.'
const TLS = `${SOCKETS}tls.v3.DownstreamTlsContext`
/** Only the certificate of the proxy itself has been delivered. */
const SECRETS = {
  '@type': 'type.googleapis.com/envoy.admin.v3.SecretsConfigDump',
  dynamic_active_secrets: [{name: 'default', secret: {name: 'default'}}],
}
const CONTEXT: EngineContext = {
  config: readEnvoyConfig(memoryStore({name: 'test.json', document: dump({sections: [SECRETS]})})),
  semantics: NEWER,
  place: {kind: 'envoy', name: 'test'},
  evidence: evidenceOf,
}
const INSIDE: Payload = {kind: 'opaque'}
const SLEEP = 'spiffe://cluster.local/ns/default/sa/sleep'

function peerOf(change: Partial<PeerCertificate> = {}): PeerCertificate {
  return {uriSans: [SLEEP], dnsSans: ['sleep.test'], ...change}
}

function tls(change: Partial<Extract<Payload, {kind: 'tls'}>> = {}): Payload {
  return {kind: 'tls', alpn: ['h2'], trusted: true, payload: INSIDE, ...change}
}

function terminate(chain: object, payload: Payload): TlsOutcome {
  return terminateTls({context: CONTEXT, chain: view(chain, '/chain'), connection: {...CONNECTION, payload}})
}

const handshake = (config: object, payload: Payload): TlsOutcome =>
  terminate({transport_socket: {typed_config: {'@type': TLS, ...config}}}, payload)
const EVIDENCE = [{dump: 'sample', pointer: '/chain/transport_socket/typed_config', basis: 'recorded'}]

function reasonOf(outcome: TlsOutcome): string {
  if (outcome.kind === 'accepted') return 'accepted'
  const {verdict} = outcome.stop
  return verdict.kind === 'tls-failure'
    ? verdict.reason
    : verdict.kind === 'undetermined'
      ? `undetermined: ${verdict.missing.map(({what}) => what).join()}`
      : verdict.kind
}

/** A waypoint whose mesh is known. */
function identifiedConfig(): EngineContext['config'] {
  const metadata = {NAMESPACE: 'shop', SERVICE_ACCOUNT: 'wp'}
  const bootstrap = {
    '@type': 'type.googleapis.com/envoy.admin.v3.BootstrapConfigDump',
    bootstrap: {node: {id: 'waypoint~10.0.0.1~wp-1.shop~x', metadata}},
  }
  return readEnvoyConfig(memoryStore({name: 'test.json', document: {configs: [bootstrap]}}), {trustDomain: 'cluster.local'})
}

describe('a chain that terminates no TLS', () => {
  test.each([
    {what: 'no transport socket', chain: {}},
    {what: 'raw_buffer', chain: {transport_socket: {typed_config: {'@type': `${SOCKETS}raw_buffer.v3.RawBuffer`}}}},
  ])('$what leaves the bytes alone', ({chain}) => {
    const payload = tls()
    expect(terminate(chain, payload)).toEqual({kind: 'accepted', connection: {...CONNECTION, payload}, steps: []})
  })

  test('a transport socket of unknown kind is named', () => {
    const alts = terminate({transport_socket: {typed_config: {'@type': `${SOCKETS}alts.v3.Alts`}}}, tls())
    const what = 'transport socket envoy.extensions.transport_sockets.alts.v3.Alts of the filter chain is not understood'
    expect(alts).toEqual({
      kind: 'failed',
      steps: [],
      stop: {kind: 'stop', verdict: {kind: 'undetermined', missing: [{what}]}, answer: {kind: 'unknown'}},
    })
  })
})

describe('a successful handshake', () => {
  test('unwraps one layer and remembers what was negotiated', () => {
    const outcome = handshake({}, tls({sni: 'Web.Test', peer: peerOf()}))
    expect(outcome).toMatchObject({kind: 'accepted', connection: {payload: INSIDE, tls: {sni: 'web.test', peer: peerOf()}}})
  })

  test('without SNI and certificate none of them is remembered', () => {
    const outcome = handshake({}, tls())
    expect(outcome.kind === 'accepted' ? outcome.connection.tls : undefined).toStrictEqual({})
  })

  test('the step names certificate, peer, ALPN and SNI', () => {
    const secrets = {tls_certificate_sds_secret_configs: [{name: 'default'}, {}, {name: 'other'}]}
    expect(handshake({common_tls_context: secrets}, tls({sni: 'web.test', peer: peerOf()})).steps).toStrictEqual([
      {
        kind: 'tls',
        side: 'downstream',
        effect: 'terminates TLS',
        because: ['certificate default', 'certificate other, which is not in the dump'],
        peer: [SLEEP],
        alpn: ['h2'],
        sni: 'web.test',
        evidence: EVIDENCE,
      },
    ])
  })

  test.each([
    {secret: 'default', identity: 'spiffe://cluster.local/ns/shop/sa/wp'},
    {secret: 'kubernetes://tls', identity: undefined},
  ])('with the secret $secret the proxy shows itself as $identity', ({secret, identity}) => {
    const context = {...CONTEXT, config: identifiedConfig()}
    const common = {tls_certificate_sds_secret_configs: [{name: secret}]}
    const chain = view({transport_socket: {typed_config: {'@type': TLS, common_tls_context: common}}}, '/chain')
    const {steps} = terminateTls({context, chain, connection: {...CONNECTION, payload: tls()}})
    expect(steps.map((step) => (step.kind === 'tls' ? step.identity : 'no TLS'))).toEqual([identity])
  })

  test('the step leaves out what is not there', () => {
    const step = {kind: 'tls', side: 'downstream', effect: 'terminates TLS', because: [], peer: [], alpn: ['h2'], evidence: EVIDENCE}
    expect(handshake({}, tls()).steps).toStrictEqual([step])
    expect(handshake({common_tls_context: {}}, tls()).steps).toStrictEqual([step])
  })
})

describe('a handshake that fails', () => {
  const REQUIRED = 'the chain demands a client certificate, the client sends none'
  const UNTRUSTED = 'the client certificate is signed by an authority the chain does not trust'
  const SECRET = {name: 'ROOTCA'}

  // envoy-2022 I.13 for SAN matchers; require_client_certificate by Envoy's API.
  test.each([
    {what: 'a certificate is required', config: {require_client_certificate: true}, payload: tls(), reason: REQUIRED},
    {what: 'none is required', config: {require_client_certificate: false}, payload: tls(), reason: 'accepted'},
    {what: 'a required one is sent', config: {require_client_certificate: true}, payload: tls({peer: peerOf()}), reason: 'accepted'},
    ...[
      {validation_context: {}},
      {validation_context_sds_secret_config: SECRET},
      {combined_validation_context: {default_validation_context: {}}},
      {combined_validation_context: {validation_context_sds_secret_config: SECRET}},
    ].map((common) => ({
      what: `another authority, validated by ${Object.entries(common)
        .map(([field, value]) => [field, ...Object.keys(value)].join('.'))
        .join()}`,
      config: {common_tls_context: common},
      payload: tls({peer: peerOf(), trusted: false}),
      reason: UNTRUSTED,
    })),
    {
      what: 'another authority, not validated',
      config: {common_tls_context: {}},
      payload: tls({peer: peerOf(), trusted: false}),
      reason: 'accepted',
    },
    {what: 'no common context', config: {}, payload: tls({peer: peerOf(), trusted: false}), reason: 'accepted'},
    {
      what: 'the client speaks plaintext',
      config: {},
      payload: {kind: 'opaque'},
      reason: 'the chain terminates TLS, the client sends plaintext',
    },
    {
      what: 'nobody knows what the client speaks',
      config: {},
      payload: {kind: 'unknown'},
      reason: 'undetermined: whether the client speaks TLS',
    },
  ] as const)('$what: $reason', ({config, payload, reason}) => {
    expect(reasonOf(handshake(config, payload))).toBe(reason)
  })

  test('closes without an answer; a plaintext client reads the TLS alert as data', () => {
    const refused = handshake({require_client_certificate: true}, tls())
    const plain = handshake({}, {kind: 'opaque'})
    const open = handshake({}, {kind: 'unknown'})
    const answers = [refused, plain, open].map((outcome) => (outcome.kind === 'failed' ? outcome.stop.answer : undefined))
    expect(answers).toEqual([{kind: 'closed', accepted: false}, {kind: 'data'}, {kind: 'unknown'}])
  })

  test('the step says what failed, the undetermined one that it cannot tell and which question would help', () => {
    const step = {kind: 'tls', side: 'downstream', because: [], evidence: EVIDENCE}
    expect(handshake({require_client_certificate: true}, tls()).steps).toEqual([{...step, effect: `handshake fails: ${REQUIRED}`}])
    const open = handshake({}, {kind: 'unknown'})
    expect(open.steps).toEqual([{...step, effect: 'handshake fails: cannot tell'}])
    expect(open.kind === 'failed' ? open.stop.verdict : undefined).toEqual({
      kind: 'undetermined',
      missing: [{what: 'whether the client speaks TLS', collect: 'ask with --protocol tls'}],
    })
  })
})

describe('SAN matchers', () => {
  const REFUSED = 'no name of the client certificate is accepted'
  const typed = (san_type: string | undefined, matcher: object): object => ({
    match_typed_subject_alt_names: [{...(san_type === undefined ? {} : {san_type}), matcher}],
  })
  const any = (matcher: object): object => ({match_subject_alt_names: [matcher]})

  test.each([
    {what: 'a URI matcher looks at URIs', validation: typed('URI', {exact: SLEEP}), reason: 'accepted'},
    {what: 'a URI matcher does not look at DNS names', validation: typed('URI', {exact: 'sleep.test'}), reason: REFUSED},
    {what: 'a DNS matcher looks at DNS names', validation: typed('DNS', {exact: 'sleep.test'}), reason: 'accepted'},
    {what: 'a DNS matcher does not look at URIs', validation: typed('DNS', {exact: SLEEP}), reason: REFUSED},
    {what: 'an untyped one looks at URIs', validation: any({exact: SLEEP}), reason: 'accepted'},
    {what: 'an untyped one looks at DNS names', validation: any({exact: 'sleep.test'}), reason: 'accepted'},
    {what: 'one without type looks at both', validation: typed(undefined, {exact: 'sleep.test'}), reason: 'accepted'},
    {what: 'one of several is enough', validation: {match_subject_alt_names: [{exact: 'x'}, {prefix: 'spiffe://'}]}, reason: 'accepted'},
    {
      what: 'a kind of name that the question does not tell',
      validation: typed('EMAIL', {exact: 'a@test'}),
      reason: 'undetermined: whether the SAN matchers of the chain accept the client certificate',
    },
    {
      what: 'a pattern RE2 refuses',
      validation: any({safe_regex: {regex: '('}}),
      reason: 'undetermined: whether the SAN matchers of the chain accept the client certificate',
    },
    {
      what: 'an entry without matcher asks for nothing',
      validation: {match_typed_subject_alt_names: [{san_type: 'URI'}]},
      reason: 'accepted',
    },
  ])('$what', ({validation, reason}) => {
    const config = {common_tls_context: {validation_context: validation}}
    expect(reasonOf(handshake(config, tls({peer: peerOf()})))).toBe(reason)
  })

  test('stand beside those of the default validation context, and make a certificate mandatory', () => {
    const config = {common_tls_context: {combined_validation_context: {default_validation_context: any({exact: 'other'})}}}
    expect(reasonOf(handshake(config, tls({peer: peerOf()})))).toBe(REFUSED)
    expect(reasonOf(handshake(config, tls()))).toBe('the chain demands a client certificate, the client sends none')
  })

  test('the verdict tells what was expected and what was presented', () => {
    const config = {common_tls_context: {validation_context: any({exact: 'other'})}}
    const outcome = handshake(config, tls({peer: peerOf()}))
    expect(outcome.kind === 'failed' ? outcome.stop.verdict : undefined).toEqual({
      kind: 'tls-failure',
      reason: REFUSED,
      expected: ['{"exact":"other"}'],
      presented: [SLEEP, 'sleep.test'],
    })
  })
})
