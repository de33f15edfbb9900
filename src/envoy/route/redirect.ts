import type {View} from '../../json/view.js'
import type {Stream} from '../connection.js'

const STATUS: ReadonlyMap<string, number> = new Map([
  ['FOUND', 302],
  ['SEE_OTHER', 303],
  ['TEMPORARY_REDIRECT', 307],
  ['PERMANENT_REDIRECT', 308],
])

/** 301 unless the redirect says otherwise. */
export function redirectStatus(redirect: View): number {
  return STATUS.get(redirect.str('response_code') ?? '') ?? 301
}

/**
 * The Location of a redirect, or of a direct response with a 3xx status (`redirect` absent), from the request after its path was rewritten.
 * Source: envoy-2022 D5 (http/utility.cc newUri); recordings matchers-http-actions.
 */
export function redirectLocation(redirect: View | undefined, stream: Stream): string {
  const scheme = redirectScheme(redirect, stream)
  const port = redirect?.num('port_redirect') ?? 0
  const portText = port === 0 ? '' : `:${port}`
  const named = redirect?.str('host_redirect') ?? ''
  const host = named === '' ? requestHost(stream, {scheme, changesPort: port !== 0}) : named
  return `${scheme}://${host}${portText}${redirectPath(redirect, stream.request.path ?? '')}`
}

/** The original URL's own scheme counts, not the security of the connection below. */
function redirectScheme(redirect: View | undefined, {request, scheme}: Stream): string {
  const named = redirect?.str('scheme_redirect') ?? ''
  if (named !== '') return named
  if (redirect?.bool('https_redirect') === true) return 'https'
  return request.scheme === 'http' || request.scheme === 'https' ? request.scheme : scheme
}

/** The port goes when a new one comes, and when it is the default one of a protocol that changes. */
function requestHost({request, scheme: protocol}: Stream, {scheme, changesPort}: {scheme: string; changesPort: boolean}): string {
  const {authority} = request
  const start = authority.startsWith('[') ? authority.lastIndexOf(']:') + 1 : authority.lastIndexOf(':')
  if (start <= 0) return authority
  const port = authority.slice(start)
  const isDefault = (protocol === 'https' && port === ':443') || (protocol === 'http' && port === ':80')
  return changesPort || (scheme !== protocol && isDefault) ? authority.slice(0, start) : authority
}

/** A query written in path_redirect replaces the request's and survives strip_query. */
function redirectPath(redirect: View | undefined, requestPath: string): string {
  const wanted = redirect?.str('path_redirect') ?? ''
  if (wanted.includes('?')) return wanted
  const queryStart = requestPath.indexOf('?')
  const [path, query] = queryStart < 0 ? [requestPath, ''] : [requestPath.slice(0, queryStart), requestPath.slice(queryStart)]
  return (wanted === '' ? path : wanted) + (redirect?.bool('strip_query') === true ? '' : query)
}
