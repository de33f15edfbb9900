import type {View} from '../../json/view.js'
import {headerLines, type Stream} from '../connection.js'
import {pathOnly} from '../match/path.js'
import {rewriteByRegex} from '../match/regex.js'
import {isFrom} from '../match/version.js'
import type {Semantics} from '../semantics.js'
import {portStart} from './authority.js'
import type {RouteContext} from './context.js'
import {formatValue, setHeader, type Prepared} from './header-mutation.js'
import {ORIGINAL_CONNECT_PORT} from './normalize-request.js'

/** The authority as host_rewrite_literal, _header, _path_regex or host_rewrite leave it. Source: envoy-2022 D5 (finalizeHostHeader). */
export function rewriteHost(prepared: Prepared, {action, context}: {action: View; context: RouteContext}): Prepared {
  const {host, notes} = hostOf(prepared.stream, {action, context})
  const stream = host === '' ? prepared.stream : withHost(prepared.stream, {host, action, semantics: context.semantics})
  return {stream, notes: [...prepared.notes, ...notes]}
}

/** Sets the authority; also for auto_host_rewrite, once the endpoint is known. x-envoy-original-host exists since 1.35. */
export function withHost(
  stream: Stream,
  {host, action, semantics}: {host: string; action: View; semantics: Pick<Semantics, 'version'>},
): Stream {
  const {authority, headers} = stream.request
  const forwarded = action.bool('append_x_forwarded_host') === true && host !== authority ? appendForwardedHost(stream) : headers
  const keepsOriginal = isFrom(semantics, {major: 1, minor: 35}) && headerLines(stream.request, 'x-envoy-original-host').length === 0
  return {
    ...stream,
    request: {
      ...stream.request,
      authority: host,
      headers: keepsOriginal ? setHeader(forwarded, ['x-envoy-original-host', authority]) : forwarded,
    },
  }
}

/** A CONNECT gets back the port that was taken off for routing. */
export function restoreConnectPort(stream: Stream): Stream {
  const port = stream.filterState.get(ORIGINAL_CONNECT_PORT)?.value
  const {authority} = stream.request
  return port === undefined || portStart(authority) >= 0
    ? stream
    : {...stream, request: {...stream.request, authority: `${authority}:${port}`}}
}

/** An empty result leaves the host alone. */
function hostOf(stream: Stream, {action, context}: {action: View; context: RouteContext}): {host: string; notes: readonly string[]} {
  const header = action.str('host_rewrite_header')
  const regex = action.get('host_rewrite_path_regex')
  if (header !== undefined) return {host: headerLines(stream.request, header)[0] ?? '', notes: []}
  if (regex !== undefined) {
    const host = rewriteByRegex(regex, pathOnly(stream.request.path ?? ''))
    return {host: host ?? '', notes: host === undefined ? ['the regex of host_rewrite_path_regex does not compile'] : []}
  }
  const {text, complete} = formatValue(action.str('host_rewrite') ?? '', {stream, context})
  return {host: action.str('host_rewrite_literal') ?? text, notes: complete ? [] : ['host_rewrite is not fully known']}
}

function appendForwardedHost({request}: Stream): Stream['request']['headers'] {
  const known = headerLines(request, 'x-forwarded-host')
  return setHeader(request.headers, ['x-forwarded-host', [...known, request.authority].join(',')])
}
