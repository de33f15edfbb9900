import type {HttpRequest} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {Stream} from '../connection.js'
import type {Semantics} from '../semantics.js'
import {isFrom} from '../match/version.js'
import {pathOnly} from '../match/path.js'
import {portStart, withoutPort} from './authority.js'
import {hasGrpcContentType} from './grpc.js'
import {canonicalPath, dropDotSegmentParameters, hasDotSegmentParameters, mergeSlashes, unescapeSlashes} from './normalize-path.js'

/** Filter state under which Envoy remembers the port it took off a CONNECT authority. */
export const ORIGINAL_CONNECT_PORT = 'envoy.router.original_connect_port'

export type NormalizedRequest =
  | {readonly kind: 'request'; readonly stream: Stream}
  /** Envoy answers itself, before any HTTP filter; its log still shows virtual host and route of `stream`. */
  | {readonly kind: 'response'; readonly status: number; readonly location?: string; readonly details: string; readonly stream: Stream}
  | {readonly kind: 'undetermined'; readonly missing: string; readonly stream: Stream}

/**
 * What a connection manager does to path and authority before routing: sanity of the path, fragment, escaped slashes, canonical form,
 * merged slashes, then trailing dot and port of the host.
 * Source: envoy-2022 D5, I.7; conn_manager_impl.cc decodeHeaders, conn_manager_utility.cc maybeNormalizePath and maybeNormalizeHost.
 */
export function normalizeRequest({manager, stream, semantics}: {manager: View; stream: Stream; semantics: Semantics}): NormalizedRequest {
  const {path, method} = stream.request
  if (path === '' || (path === undefined && method !== 'CONNECT')) return reply(stream, {status: 404, details: 'missing_path_rejected'})
  if (path !== undefined && !path.startsWith('/')) return reply(stream, {status: 404, details: 'absolute_path_rejected'})
  if (path === undefined) return {kind: 'request', stream: normalizeHost(stream, manager)}
  const outcome = normalizePath(path, {manager, semantics})
  const changed = withRequest(stream, {path: outcome.path})
  switch (outcome.kind) {
    case 'continue':
      return {kind: 'request', stream: normalizeHost(changed, manager)}
    case 'reject':
      return reply(changed, {status: 400, details: 'path_normalization_failed'})
    case 'redirect':
      return redirect(changed)
    case 'undetermined':
      return {kind: 'undetermined', missing: outcome.missing, stream}
    default:
      return outcome satisfies never
  }
}

function reply(stream: Stream, answer: {status: number; details: string}): NormalizedRequest {
  return {kind: 'response', ...answer, stream}
}

/** gRPC clients follow no redirects, so they are refused. */
function redirect(stream: Stream): NormalizedRequest {
  const details = 'path_normalization_failed'
  return hasGrpcContentType(stream.request)
    ? reply(stream, {status: 400, details})
    : {kind: 'response', status: 307, location: stream.request.path ?? '/', details, stream}
}

type PathOutcome =
  | {readonly kind: 'continue' | 'reject' | 'redirect'; readonly path: string}
  | {readonly kind: 'undetermined'; readonly path: string; readonly missing: string}

/** A fragment is refused; a path that changed by unescaping may be refused or redirected; an encoded NUL is refused. */
function normalizePath(original: string, {manager, semantics}: {manager: View; semantics: Semantics}): PathOutcome {
  if (original.includes('#')) return {kind: 'reject', path: original}
  const path = pathOnly(original)
  const query = original.slice(path.length)
  const unescaped = unescapePath(path, manager)
  if (unescaped.kind === 'reject') return {kind: 'reject', path: unescaped.path + query}
  const canonical = canonicalize(unescaped.path, {manager, semantics})
  if (canonical.kind === 'undetermined') return {...canonical, path: original}
  if (canonical.kind === 'reject') return {kind: 'reject', path: canonical.path + query}
  return {kind: unescaped.kind, path: (manager.bool('merge_slashes') === true ? mergeSlashes(canonical.path) : canonical.path) + query}
}

function unescapePath(path: string, manager: View): Extract<PathOutcome, {kind: 'continue' | 'reject' | 'redirect'}> {
  const onChange = ESCAPE_ACTIONS.get(manager.str('path_with_escaped_slashes_action') ?? '')
  const unescaped = unescapeSlashes(path)
  return onChange === undefined || unescaped === path ? {kind: 'continue', path} : {kind: onChange, path: unescaped}
}

/** What happens when unescaping changed the path; other values keep the path as it is. */
const ESCAPE_ACTIONS = new Map<string, 'reject' | 'redirect' | 'continue'>([
  ['REJECT_REQUEST', 'reject'],
  ['UNESCAPE_AND_REDIRECT', 'redirect'],
  ['UNESCAPE_AND_FORWARD', 'continue'],
])

/**
 * `/..;x=1/` resolves like `/../` since 1.40 and since security releases of older lines, which the minor version does not tell apart
 * (strip_dotdot_segments_with_parameters).
 */
function canonicalize(path: string, {manager, semantics}: {manager: View; semantics: Semantics}): PathOutcome {
  if (manager.bool('normalize_path') !== true) return {kind: 'continue', path}
  if (hasDotSegmentParameters(path) && !isFrom(semantics, {major: 1, minor: 40})) {
    return {kind: 'undetermined', path, missing: 'what a dot segment with parameters turns into: patch releases differ'}
  }
  const canonical = canonicalPath(dropDotSegmentParameters(path))
  return canonical === undefined ? {kind: 'reject', path} : {kind: 'continue', path: canonical}
}

function normalizeHost(stream: Stream, manager: View): Stream {
  const dropsDot = manager.bool('strip_trailing_host_dot') === true
  const dotless = dropsDot ? withRequest(stream, {authority: withoutTrailingDot(stream.request.authority)}) : stream
  const {authority} = dotless.request
  const port = authority.slice(portStart(authority) + 1)
  return portStart(authority) >= 0 && stripsPort(manager, {port, local: stream.connection.local?.port}) ? stripPort(dotless, port) : dotless
}

function stripsPort(manager: View, {port, local}: {port: string; local: number | undefined}): boolean {
  if (!/^\d{1,10}$/.test(port)) return false
  return (
    manager.bool('strip_any_host_port') === true || (manager.bool('strip_matching_host_port') === true && Number(port) === (local ?? 0))
  )
}

/** A CONNECT is routed without its port, and gets it back before it leaves. */
function stripPort(stream: Stream, port: string): Stream {
  const stripped = withRequest(stream, {authority: withoutPort(stream.request.authority)})
  if (stream.request.method !== 'CONNECT') return stripped
  return {...stripped, filterState: new Map([...stripped.filterState, [ORIGINAL_CONNECT_PORT, {value: port, shared: 'none'}]])}
}

function withoutTrailingDot(authority: string): string {
  return authority.replace(/\.(:[^:.\]]*)?$/, '$1')
}

function withRequest(stream: Stream, change: Partial<HttpRequest>): Stream {
  return {...stream, request: {...stream.request, ...change}}
}
