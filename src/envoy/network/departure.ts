import type {Departure, ExpectedName, Payload} from '../../flow/connection.js'
import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {Verdict} from '../../flow/verdict.js'
import {boundSource} from '../cluster/bind-source.js'
import type {Upstream, UpstreamSocket, UpstreamTls} from '../cluster/upstream.js'
import type {Connection} from '../connection.js'
import type {EngineContext} from '../context.js'

type Host = Extract<Upstream, {kind: 'host'}>

interface Leaving {
  readonly context: EngineContext
  readonly host: Host
  readonly connection: Connection
  readonly payload: Payload
}

/** The connection an upstream host gets: transport socket wrapped around the payload, source kept or replaced. */
export function departTo(input: Leaving): {
  departure: Departure
  steps: Step[]
  /** Set when the host cannot be dialled. */
  failure?: Verdict
} {
  const {context, host, connection} = input
  const tls = tlsOf(host.socket)
  const encrypted = tls === undefined ? input.payload : wrapTls(context, {tls, payload: input.payload})
  const payload = announces(host.socket) ? withProxyHeader(connection, encrypted) : encrypted
  const departure: Departure = {
    to: host.address,
    payload,
    source: sourceOf(input),
    ...(host.internal === undefined ? {} : {internal: host.internal}),
  }
  const waiting = tls === undefined ? undefined : undeliveredSecret(context, tls)
  return {
    departure,
    steps: tls === undefined ? [] : [tlsStep(context, {tls, host})],
    ...(waiting === undefined
      ? {}
      : {failure: {kind: 'tls-failure', reason: `secret "${waiting}" was not delivered: TLS cannot be dialled`}}),
  }
}

/** original_src on the listener wins over what the cluster binds to: its socket option is applied last. */
function sourceOf({context, host, connection}: Pick<Leaving, 'context' | 'host' | 'connection'>): Departure['source'] {
  const bind = host.cluster.view.get('upstream_bind_config') ?? context.config.upstreamBind
  const address = host.address.kind === 'socket' ? (connection.keptSource ?? boundSource(bind, host.address)) : undefined
  return address === undefined ? {kind: 'own'} : {kind: 'kept', address}
}

/** client_ssl_socket.cc createTransportSocket, NotReadySslSocket: without its secrets a cluster fails every connection it opens. */
function undeliveredSecret({config}: EngineContext, {secrets, validationSecret}: UpstreamTls): string | undefined {
  const names = [...secrets, ...(validationSecret === undefined ? [] : [validationSecret])]
  return names.find((name) => config.secret(name)?.state === 'warming')
}

/** The TLS layer of a transport socket, also inside internal_upstream and other wrappers. */
function tlsOf(socket: UpstreamSocket): UpstreamTls | undefined {
  return socket.tls ?? (socket.inner === undefined ? undefined : tlsOf(socket.inner))
}

/** Whether a proxy_protocol transport socket writes a PROXY header before everything else. */
function announces(socket: UpstreamSocket): boolean {
  return socket.kind === 'proxy-protocol' || (socket.inner !== undefined && announces(socket.inner))
}

/** Without addresses to tell the header says LOCAL, and the receiver keeps its own. */
function withProxyHeader({remote, local}: Connection, payload: Payload): Payload {
  return remote === undefined || local === undefined
    ? payload
    : {kind: 'proxy-protocol', source: remote, destination: local, tlvs: {}, payload}
}

function wrapTls(context: EngineContext, input: {tls: UpstreamTls; payload: Payload}): Payload {
  const identity = identityOf(context, input.tls)
  return {
    kind: 'tls',
    alpn: input.tls.alpn,
    trusted: true,
    payload: input.payload,
    ...(input.tls.sni === undefined ? {} : {sni: input.tls.sni}),
    ...(identity === undefined ? {} : {peer: {uriSans: [identity], dnsSans: []}}),
    ...expectation(input),
  }
}

/**
 * Identities that a tunnel's far end must present one of. Only exact names and prefixes are told on; with any other matcher
 * nobody is refused here. Source: ambient-ga D.6.
 */
function expectation({tls, payload}: {tls: UpstreamTls; payload: Payload}): {expects?: readonly ExpectedName[]} {
  const isTunnel = payload.kind === 'http' && payload.request.method === 'CONNECT'
  if (!isTunnel || !tls.validates || tls.sanMatchers.length === 0) return {}
  const names = tls.sanMatchers.flatMap((matcher) => expectedName(matcher.get('matcher') ?? matcher) ?? [])
  return names.length === tls.sanMatchers.length ? {expects: names} : {}
}

function expectedName(matcher: View): ExpectedName | undefined {
  const exact = matcher.str('exact')
  if (exact !== undefined) return {match: 'exact', value: exact}
  const prefix = matcher.str('prefix')
  return prefix === undefined ? undefined : {match: 'prefix', value: prefix}
}

/**
 * The identity behind the client certificate: a SPIFFE secret name (also `<identity>~<pod>~<uid>` before 2022-10-21),
 * else the proxy's own. Source: envoy-2022 A.3, A.8.
 */
export function identityOf(context: EngineContext, tls: UpstreamTls): string | undefined {
  const [secret] = tls.secrets
  if (secret === undefined) return tls.inlineCertificate ? context.config.node.identity : undefined
  return secret.startsWith('spiffe://') ? (secret.split('~')[0] ?? secret) : (context.config.node.identity ?? `(secret ${secret})`)
}

function tlsStep(context: EngineContext, input: {tls: UpstreamTls; host: Host}): Step {
  const {tls, host} = input
  const identity = identityOf(context, tls)
  return {
    kind: 'tls',
    side: 'upstream',
    ...(identity === undefined ? {} : {identity}),
    expected: tls.expectedSans,
    alpn: tls.alpn,
    ...(tls.sni === undefined ? {} : {sni: tls.sni}),
    effect: tls.validates ? 'originates TLS' : 'originates TLS, does not verify the server',
    because: tls.secrets.map((name) => `certificate ${name}`),
    evidence: [context.evidence(host.socket.view ?? host.cluster.view)],
  }
}
