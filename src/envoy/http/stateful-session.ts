import type {View} from '../../json/view.js'
import {either, single, type Branch} from '../branch.js'
import {headerLines, type Stream} from '../connection.js'
import {pathOnly} from '../match/path.js'
import {httpStep, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'
import {readSessionCookie} from './session-cookie.js'

const STATE = 'envoy.extensions.http.stateful_session.'

/** What a session names: the host of earlier requests, perhaps only until some time. */
interface Session {
  readonly address: string
  readonly expires?: true
}

/**
 * stateful_session: a header or cookie brings back the host that answered before; the cluster then takes it before it balances.
 * Source: Envoy stateful_session.cc, header.cc, cookie.cc.
 */
export function rememberHost(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  if (call.perRoute?.bool('disabled') === true) return pass(call, 'switched off for this route')
  const config = call.perRoute?.get('stateful_session') ?? call.config
  const state = config.path('session_state', 'typed_config')
  if (state === undefined) return pass(call, 'no session state is configured')
  const session = readSession(state, call.stream)
  if (session === 'unknown') return unknownState(call, state.typeName() ?? '')
  if (session === undefined) return pass(call, 'the request belongs to no session')
  const taken = withHost(call, {address: session.address, strict: config.bool('strict') === true})
  return session.expires === true
    ? either(`the session cookie for ${session.address} has not expired`, {yes: taken, no: pass(call, 'the session has expired')})
    : taken
}

function withHost(call: HttpFilterCall, overrideHost: NonNullable<Stream['overrideHost']>): Branch<HttpResult>[] {
  const step = httpStep(call, `the session asks for host ${overrideHost.address}`)
  return single<HttpResult>({kind: 'continue', stream: {...call.stream, overrideHost}}, [step])
}

function unknownState(call: HttpFilterCall, type: string): Branch<HttpResult>[] {
  return pass(call, 'not understood').map((branch) => ({...branch, requires: [{what: `session state ${type} must name no host`}]}))
}

function readSession(state: View, stream: Stream): Session | 'unknown' | undefined {
  const config = state.message()
  switch (state.typeName()) {
    case `${STATE}header.v3.HeaderBasedSessionState`:
      return fromHeader(headerLines(stream.request, config.str('name') ?? '')[0])
    case `${STATE}cookie.v3.CookieBasedSessionState`:
      return fromCookie(config.get('cookie'), stream)
    default:
      return 'unknown'
  }
}

function fromHeader(value = ''): Session | undefined {
  const address = decodeBase64(value).toString('latin1')
  return address === '' ? undefined : {address}
}

function fromCookie(cookie: View | undefined, {request}: Stream): Session | undefined {
  if (!pathBelongs(pathOnly(request.path ?? ''), cookie?.str('path') ?? '')) return undefined
  const value = cookieValue(headerLines(request, 'cookie'), cookie?.str('name') ?? '')
  const bytes = decodeBase64(value ?? '')
  return bytes.length === 0 ? undefined : readSessionCookie(bytes)
}

/** A cookie of `/a` belongs to `/a` and all below it. */
function pathBelongs(path: string, of: string): boolean {
  if (of === '' || of === '/') return true
  return path.startsWith(of) && (of.endsWith('/') || path.length === of.length || path[of.length] === '/')
}

function cookieValue(lines: readonly string[], name: string): string | undefined {
  const pairs = lines.flatMap((line) => line.split(';')).map((pair) => pair.trim())
  const found = pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
  return found?.replace(/^"(.*)"$/, '$1')
}

/** Envoy wants padding and no other letters; else it finds nothing. */
function decodeBase64(text: string): Buffer {
  return Buffer.from(/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? text : '', 'base64')
}
