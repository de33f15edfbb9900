import {tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import type {Semantics} from '../semantics.js'
import {queryOf} from './path.js'
import {matchString} from './string.js'
import {isFrom} from './version.js'

/**
 * An envoy.config.route.v3.QueryParameterMatcher: names are case sensitive, nothing is percent-decoded, only the first value of a name
 * counts. `present_match: false` asks for absence since 1.34 and was read as presence before. Source: envoy-2022 D5 (config_utility.cc).
 */
export function matchQueryParameter(
  matcher: View,
  {path, semantics}: {readonly path: string | undefined; readonly semantics: Pick<Semantics, 'version'>},
): Tri {
  const value = firstValue(path ?? '', matcher.str('name') ?? '')
  const text = matcher.get('string_match')
  if (text !== undefined) return value === undefined ? 'no' : matchString(text, value)
  if (matcher.bool('present_match') !== false) return tri(value !== undefined)
  return matchAbsence(value, semantics)
}

function matchAbsence(value: string | undefined, semantics: Pick<Semantics, 'version'>): Tri {
  return semantics.version === undefined ? 'undetermined' : tri((value === undefined) === isFrom(semantics, {major: 1, minor: 34}))
}

function firstValue(path: string, name: string): string | undefined {
  for (const parameter of queryOf(path)?.split('&') ?? []) {
    const equals = parameter.indexOf('=')
    const [key, value] = equals < 0 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)]
    if (key === name) return value
  }
  return undefined
}
