import type {PeerCertificate} from '../../flow/connection.js'
import type {Step} from '../../flow/step.js'
import {anyOf} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import type {Connection} from '../connection.js'
import {NOT_ACCEPTED, stop, undetermined, type EngineContext, type Stop} from '../context.js'
import {matchString} from '../match/string.js'

export type TlsOutcome =
  | {readonly kind: 'accepted'; readonly connection: Connection; readonly steps: readonly Step[]}
  | {readonly kind: 'failed'; readonly stop: Stop; readonly steps: readonly Step[]}

interface TlsInput {
  readonly context: EngineContext
  readonly chain: View
  readonly connection: Connection
}

type TlsPayload = Extract<Connection['payload'], {kind: 'tls'}>

/** Runs the chain's transport socket: terminates TLS or leaves the bytes alone. Source: envoy-2022 D3, I.13. */
export function terminateTls(input: TlsInput): TlsOutcome {
  const config = input.chain.path('transport_socket', 'typed_config')
  const {connection} = input
  switch (config?.typeName()) {
    case undefined:
    case 'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer':
      return {kind: 'accepted', connection, steps: []}
    case 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext':
      return handshake(input, config)
    default:
      return {
        kind: 'failed',
        steps: [],
        stop: undetermined({what: `transport socket ${config?.typeName() ?? '(none)'} of the filter chain is not understood`}),
      }
  }
}

function handshake(input: TlsInput, config: View): TlsOutcome {
  const {payload} = input.connection
  const [waiting] = secretNames(config).filter((name) => input.context.config.secret(name)?.state === 'warming')
  // server_ssl_socket.cc createDownstreamTransportSocket, NotReadySslSocket: without its secret a chain closes every connection at the first read or write, plaintext ones too.
  if (waiting !== undefined) {
    const reason = `secret "${waiting}" was not delivered: TLS cannot be served`
    return failed(input, {config, stop: stop({kind: 'tls-failure', reason})})
  }
  switch (payload.kind) {
    case 'tls':
      return checkCertificate({...input, config, payload})
    case 'unknown':
      return failed(input, {config, stop: undetermined({what: 'whether the client speaks TLS', collect: 'ask with --protocol tls'})})
    // Recorded: a plaintext client reads the TLS alert as data.
    default:
      return failed(input, {
        config,
        stop: stop({kind: 'tls-failure', reason: 'the chain terminates TLS, the client sends plaintext'}, {kind: 'data'}),
      })
  }
}

interface HandshakeInput extends TlsInput {
  readonly config: View
  readonly payload: TlsPayload
}

/** I.13: SAN matchers make the client certificate mandatory, as require_client_certificate does. */
function checkCertificate(input: HandshakeInput): TlsOutcome {
  const {config, payload} = input
  const validation = validationContext(config)
  const sanMatchers = validation.flatMap((view) => sanMatchersOf(view))
  if (payload.peer === undefined) {
    const mandatory = config.bool('require_client_certificate') === true || sanMatchers.length > 0
    return mandatory
      ? failed(input, {config, stop: stop({kind: 'tls-failure', reason: 'the chain demands a client certificate, the client sends none'})})
      : accepted(input)
  }
  if (!payload.trusted && validation.length > 0) {
    return failed(input, {
      config,
      stop: stop({kind: 'tls-failure', reason: 'the client certificate is signed by an authority the chain does not trust'}),
    })
  }
  return checkNames(input, {sanMatchers, peer: payload.peer})
}

function checkNames(input: HandshakeInput, names: {sanMatchers: readonly SanMatcher[]; peer: PeerCertificate}): TlsOutcome {
  const {sanMatchers, peer} = names
  const presented = [...peer.uriSans, ...peer.dnsSans]
  const match = anyOf(
    sanMatchers.flatMap(({type, matcher}) => namesOf(peer, type)?.map((name) => matchString(matcher, name)) ?? 'undetermined'),
  )
  if (sanMatchers.length === 0 || match === 'yes') return accepted(input)
  if (match === 'undetermined') {
    return failed(input, {
      config: input.config,
      stop: undetermined({what: 'whether the SAN matchers of the chain accept the client certificate'}),
    })
  }
  const expected = sanMatchers.map(({matcher}) => JSON.stringify(matcher.value))
  return failed(input, {
    config: input.config,
    stop: stop({kind: 'tls-failure', reason: 'no name of the client certificate is accepted', expected, presented}),
  })
}

function accepted(input: HandshakeInput): TlsOutcome {
  const {payload, connection, config, context} = input
  const sni = payload.sni?.toLowerCase()
  const secrets = certificateSecrets(config)
  const step: Step = {
    kind: 'tls',
    side: 'downstream',
    effect: 'terminates TLS',
    because: secrets.map((name) => certificateText(name, context)),
    ...ownIdentity(secrets, context),
    peer: payload.peer?.uriSans ?? [],
    alpn: payload.alpn,
    ...(sni === undefined ? {} : {sni}),
    evidence: [context.evidence(config)],
  }
  const agreed = agreedProtocol(config, payload.alpn)
  const tls = {
    ...(payload.peer === undefined ? {} : {peer: payload.peer}),
    ...(sni === undefined ? {} : {sni}),
    ...(agreed === undefined ? {} : {agreed}),
  }
  return {kind: 'accepted', connection: {...connection, tls, payload: spokenAfter(payload, agreed)}, steps: [step]}
}

/** The server's order decides; without a protocol in common the handshake goes on without one (context_impl.cc alpnSelectCallback). */
function agreedProtocol(config: View, offered: readonly string[]): string | undefined {
  const known = config.get('common_tls_context')?.list('alpn_protocols') ?? []
  return known.map((protocol) => protocol.text()).find((protocol) => protocol !== undefined && offered.includes(protocol))
}

/** A client that offers both versions of HTTP speaks HTTP/2 only where it was agreed (RFC 9113, 3.2). */
function spokenAfter({alpn, payload}: TlsPayload, agreed: string | undefined): Connection['payload'] {
  const isOpen = payload.kind === 'http' && alpn.includes('h2') && alpn.includes('http/1.1')
  return isOpen ? {...payload, version: agreed === 'h2' ? 'h2' : 'h1'} : payload
}

/** A dump that does not list a secret does not tell whether it was delivered. */
function certificateText(name: string, {config}: TlsInput['context']): string {
  return `certificate ${name}${config.secret(name) === undefined ? ', which is not in the dump' : ''}`
}

/** envoy-2022 B.4: the secret `default` holds the certificate of the proxy itself. */
function ownIdentity(secrets: readonly string[], {config}: TlsInput['context']): {readonly identity?: string} {
  const {identity} = config.node
  return identity === undefined || !secrets.includes('default') ? {} : {identity}
}

function failed(input: TlsInput, found: {config: View; stop: Stop}): TlsOutcome {
  const reason = found.stop.verdict.kind === 'tls-failure' ? found.stop.verdict.reason : 'cannot tell'
  const step: Step = {
    kind: 'tls',
    side: 'downstream',
    effect: `handshake fails: ${reason}`,
    because: [],
    evidence: [input.context.evidence(found.config)],
  }
  const answer = found.stop.answer.kind === 'closed' ? NOT_ACCEPTED : found.stop.answer
  return {kind: 'failed', stop: {...found.stop, answer}, steps: [step]}
}

/** Every secret the chain waits for: its certificates, and what it trusts. */
function secretNames(config: View): string[] {
  const common = config.get('common_tls_context')
  const trusted = (common?.get('combined_validation_context') ?? common)?.get('validation_context_sds_secret_config')?.str('name')
  return [...certificateSecrets(config), ...(trusted === undefined ? [] : [trusted])]
}

function certificateSecrets(config: View): string[] {
  return (
    config
      .get('common_tls_context')
      ?.list('tls_certificate_sds_secret_configs')
      .flatMap((secret) => secret.str('name') ?? []) ?? []
  )
}

function validationContext(config: View): View[] {
  const common = config.get('common_tls_context')
  const combined = common?.get('combined_validation_context')
  return [
    common?.get('validation_context'),
    common?.get('validation_context_sds_secret_config'),
    combined?.get('default_validation_context'),
    combined?.get('validation_context_sds_secret_config'),
  ].filter((view) => view !== undefined)
}

const ANY_TYPE = 'ANY'

interface SanMatcher {
  readonly type: string
  readonly matcher: View
}

function sanMatchersOf(validation: View): SanMatcher[] {
  const typed = validation.list('match_typed_subject_alt_names').flatMap((entry) => {
    const matcher = entry.get('matcher')
    return matcher === undefined ? [] : [{type: entry.str('san_type') ?? ANY_TYPE, matcher}]
  })
  return [...typed, ...validation.list('match_subject_alt_names').map((matcher) => ({type: ANY_TYPE, matcher}))]
}

/** The names of this kind; undefined for kinds (e-mail, address) that a peer's description leaves out. */
function namesOf(peer: PeerCertificate, type: string): readonly string[] | undefined {
  switch (type) {
    case 'URI':
      return peer.uriSans
    case 'DNS':
      return peer.dnsSans
    case ANY_TYPE:
      return [...peer.uriSans, ...peer.dnsSans]
    default:
      return undefined
  }
}
