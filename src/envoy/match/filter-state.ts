import type {FilterStateValue} from '../../flow/connection.js'
import type {Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {matchString} from './string.js'

/**
 * An envoy.type.matcher.v3.FilterStateMatcher. An object that is not set does not match; one whose content cannot be
 * evaluated, and an `address_match` (it needs the object, not its text), are `undetermined`. Source: envoy-2022 D7.
 */
export function matchFilterState(matcher: View, filterState: ReadonlyMap<string, FilterStateValue>): Tri {
  const object = filterState.get(matcher.str('key') ?? '')
  if (object === undefined) return 'no'
  const text = matcher.get('string_match')
  return text === undefined || object.value === undefined ? 'undetermined' : matchString(text, object.value)
}
