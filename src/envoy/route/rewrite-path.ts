import type {View} from '../../json/view.js'
import type {Stream} from '../connection.js'
import {pathOnly} from '../match/path.js'
import {rewriteByRegex} from '../match/regex.js'
import {asciiLower} from '../match/text.js'
import {rewriteByUriTemplate} from '../match/uri-template.js'
import type {RouteContext} from './context.js'
import {formatValue, setHeader, type Prepared} from './header-mutation.js'

/**
 * The path as prefix_rewrite, regex_rewrite or path_rewrite_policy leave it; the query stays. A rewrite that does not apply keeps the path,
 * and x-envoy-original-path is set all the same. Source: envoy-2022 D5 (currentUrlPathAfterRewriteWithMatchedPath).
 */
export function rewritePath(prepared: Prepared, {route, context}: {route: View; context: RouteContext}): Prepared {
  const {stream} = prepared
  const {path} = stream.request
  if (path === undefined) return prepared
  const rewritten = rewrittenPath(path, {route, stream, context})
  if (rewritten === undefined) return prepared
  const headers = setHeader(stream.request.headers, ['x-envoy-original-path', path])
  return {stream: {...stream, request: {...stream.request, path: rewritten.path, headers}}, notes: [...prepared.notes, ...rewritten.notes]}
}

interface Rewritten {
  readonly path: string
  readonly notes: readonly string[]
}

function rewrittenPath(
  path: string,
  {route, stream, context}: {route: View; stream: Stream; context: RouteContext},
): Rewritten | undefined {
  const action = route.get('redirect') ?? route.get('route')
  if (action === undefined) return undefined
  const regex = action.get('regex_rewrite')
  if (regex !== undefined) return byRegex(path, regex)
  const policy = action.get('path_rewrite_policy')
  if (policy !== undefined) return byPolicy(path, {policy, route})
  const prefix = action.str('prefix_rewrite') ?? ''
  if (prefix !== '') return {path: byPrefix(path, {prefix, route}), notes: []}
  return byFormat(path, {template: action.str('path_rewrite') ?? '', stream, context})
}

function byFormat(
  path: string,
  {template, stream, context}: {template: string; stream: Stream; context: RouteContext},
): Rewritten | undefined {
  if (template === '') return undefined
  const {text, complete} = formatValue(template, {stream, context})
  return {path: replacePath(path, text), notes: complete ? [] : ['path_rewrite is not fully known']}
}

function byRegex(path: string, rewrite: View): Rewritten {
  const replaced = rewriteByRegex(rewrite, pathOnly(path))
  return replaced === undefined
    ? {path, notes: ['the regex of regex_rewrite does not compile']}
    : {path: replacePath(path, replaced), notes: []}
}

function byPolicy(path: string, {policy, route}: {policy: View; route: View}): Rewritten {
  const rewrite = policy.get('typed_config')?.message().str('path_template_rewrite')
  const match = matchTemplate(route)
  if (rewrite === undefined || match === undefined) {
    return {path, notes: [`path_rewrite_policy ${policy.get('typed_config')?.typeName() ?? ''} is not evaluated`]}
  }
  return {path: replacePath(path, rewriteByUriTemplate(path, {match, rewrite}) ?? pathOnly(path)), notes: []}
}

/**
 * The new prefix takes the place of what the match covers: literals their own length, everything else the whole path without query.
 * A path that was matched without its parameters, and does not itself begin so, is left as it is (seen on Envoy 1.40.0).
 */
function byPrefix(path: string, {prefix, route}: {prefix: string; route: View}): string {
  const match = route.get('match')
  const literal = ['prefix', 'path', 'path_separated_prefix'].map((field) => match?.str(field)).find((text) => text !== undefined)
  if (literal === undefined) return prefix + path.slice((matchTemplate(route) ?? pathOnly(path)).length)
  return asciiLower(path).startsWith(asciiLower(literal)) ? prefix + path.slice(literal.length) : path
}

function matchTemplate(route: View): string | undefined {
  return route.path('match', 'path_match_policy', 'typed_config')?.message().str('path_template')
}

function replacePath(path: string, replacement: string): string {
  return replacement + path.slice(pathOnly(path).length)
}
