import type {Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {matchString} from './string.js'

/** An envoy.type.matcher.v3.PathMatcher; a request without path never matches. Source: envoy-2022 D7 (url_path). */
export function matchPath(matcher: View, path: string | undefined): Tri {
  if (path === undefined) return 'no'
  const text = matcher.get('path')
  return text === undefined ? 'undetermined' : matchString(text, pathOnly(path))
}

/** The path without query and fragment: envoy-2022 D5. */
export function pathOnly(path: string): string {
  const end = path.search(/[?#]/)
  return end < 0 ? path : path.slice(0, end)
}

/** What follows the first `?`, fragment included: envoy-2022 D5. */
export function queryOf(path: string): string | undefined {
  const start = path.indexOf('?')
  return start < 0 ? undefined : path.slice(start + 1)
}
