import {describe, expect, test} from 'vitest'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import type {Payload} from '../../../src/flow/connection.js'
import {terminateTls} from '../../../src/envoy/filter-chain/downstream-tls.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {evidenceOf, view} from '../match/samples.js'
import {NEWER} from '../matcher/trees.js'
import {CONNECTION} from './connections.js'

const CONFIG = readEnvoyConfig(
  memoryStore({
    name: 'test.json',
    document: {
      configs: [
        {
          '@type': 'type.googleapis.com/envoy.admin.v3.SecretsConfigDump',
          dynamic_active_secrets: [{name: 'here', secret: {name: 'here'}}],
          dynamic_warming_secrets: [
            {name: 'late', secret: {name: 'late'}},
            {name: 'later', secret: {name: 'later'}},
          ],
        },
      ],
    },
  }),
)
const TLS: Payload = {kind: 'tls', alpn: [], trusted: true, payload: {kind: 'opaque'}}

function reasonOf(common: object, payload: Payload = TLS): string {
  const socket = {typed_config: {'@type': 'x/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', common_tls_context: common}}
  const context = {config: CONFIG, semantics: NEWER, place: {kind: 'envoy', name: 'test'}, evidence: evidenceOf} as const
  const outcome = terminateTls({context, chain: view({transport_socket: socket}), connection: {...CONNECTION, payload}})
  if (outcome.kind === 'accepted') return 'accepted'
  return outcome.stop.verdict.kind === 'tls-failure' ? outcome.stop.verdict.reason : outcome.stop.verdict.kind
}

const secret = (...names: readonly string[]): object => ({tls_certificate_sds_secret_configs: names.map((name) => ({name}))})
const trusting = (name: string): object => ({validation_context_sds_secret_config: {name}})
const LATE = 'secret "late" was not delivered: TLS cannot be served'

// ssl_socket.cc NotReadySslSocket; envoy-2022 D8: a secret that is only listed as warming was asked for and has not come.
describe('a chain whose secret was not delivered', () => {
  test.each([
    {what: 'its certificate', common: secret('late'), reason: LATE},
    {what: 'the second of its certificates', common: secret('here', 'late'), reason: LATE},
    {what: 'two of them: the first is named', common: secret('late', 'later'), reason: LATE},
    {what: 'what it trusts', common: trusting('late'), reason: LATE},
    {what: 'what it trusts, beside defaults', common: {combined_validation_context: trusting('late')}, reason: LATE},
    {what: 'a trust that the combined one replaces', common: {...trusting('late'), combined_validation_context: {}}, reason: 'accepted'},
    {what: 'none: all are there', common: {...secret('here'), ...trusting('here')}, reason: 'accepted'},
    {what: 'none: the dump does not list them', common: secret('file'), reason: 'accepted'},
  ])('$what', ({common, reason}) => {
    expect(reasonOf(common)).toBe(reason)
  })

  test('closes plaintext connections too', () => {
    expect(reasonOf(secret('late'), {kind: 'opaque'})).toBe(LATE)
  })
})
