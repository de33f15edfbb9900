import {describe, expect, test} from 'vitest'
import type {Payload} from '../../../src/flow/connection.js'
import {arrive, cluster, dump, forwarder, listener, onlyExit, tcpProxy} from '../engine/dump.js'

// envoy-2022 A.6, I.13: when a chain's TLS handshake succeeds.
const CLIENT = {uriSans: ['spiffe://cluster.local/ns/default/sa/sleep'], dnsSans: []}
const VALIDATED = {validation_context: {trusted_ca: {filename: 'ca.pem'}}}
const SAN_CHECKED = {
  combined_validation_context: {
    default_validation_context: {match_subject_alt_names: [{prefix: 'spiffe://cluster.local/'}]},
    validation_context_sds_secret_config: {name: 'ROOTCA'},
  },
}

const tls = (changes: Partial<Extract<Payload, {kind: 'tls'}>> = {}): Payload => ({
  kind: 'tls',
  alpn: ['h2'],
  trusted: true,
  payload: {kind: 'opaque'},
  ...changes,
})

const CASES: readonly {rule: string; common: object; context?: object; payload: Payload; ends: string}[] = [
  {rule: 'a client certificate of the trust domain is accepted', common: SAN_CHECKED, payload: tls({peer: CLIENT}), ends: 'depart'},
  {rule: 'SAN matchers make the certificate mandatory', common: SAN_CHECKED, payload: tls(), ends: 'tls-failure'},
  {
    rule: 'a name outside the trust domain fails',
    common: SAN_CHECKED,
    payload: tls({peer: {uriSans: ['spiffe://other/ns/a/sa/b'], dnsSans: []}}),
    ends: 'tls-failure',
  },
  {
    rule: 'require_client_certificate fails without certificate',
    common: VALIDATED,
    context: {require_client_certificate: true},
    payload: tls(),
    ends: 'tls-failure',
  },
  {rule: 'validation alone lets a client without certificate in', common: VALIDATED, payload: tls(), ends: 'depart'},
  {
    rule: 'validation refuses a certificate of another authority',
    common: VALIDATED,
    payload: tls({peer: CLIENT, trusted: false}),
    ends: 'tls-failure',
  },
  {rule: 'without validation any certificate is fine', common: {}, payload: tls({peer: CLIENT, trusted: false}), ends: 'depart'},
  {rule: 'plaintext into a TLS chain fails', common: {}, payload: {kind: 'opaque'}, ends: 'tls-failure'},
  {rule: 'an unknown payload leaves it undetermined', common: {}, payload: {kind: 'unknown'}, ends: 'undetermined'},
]

describe('the transport socket of a filter chain', () => {
  test.each(CASES)('$rule', ({common, context = {}, payload, ends}) => {
    const socket = {
      name: 'tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
        common_tls_context: common,
        ...context,
      },
    }
    const proxy = forwarder(
      dump({
        listeners: [listener({filter_chains: [{name: 'only', transport_socket: socket, filters: [tcpProxy({cluster: 'up'})]}]})],
        clusters: [cluster('up', '10.50.0.1:80')],
      }),
    )
    const exit = onlyExit(proxy.forward(arrive('10.0.0.1:80', {payload})))
    expect(exit.kind === 'stop' ? exit.verdict.kind : exit.kind).toBe(ends)
  })
})
