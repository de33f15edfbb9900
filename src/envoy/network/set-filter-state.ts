import {formatSocket} from '../../flow/address.js'
import type {FilterStateValue} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {Connection, Stream} from '../connection.js'
import type {EngineContext} from '../context.js'
import {ADDRESS_KEYS} from '../format/filter-state-command.js'
import {formatSubstitution} from '../format/substitute.js'
import {readSocketText} from '../match/socket-text.js'

const SHARING: ReadonlyMap<string, FilterStateValue['shared']> = new Map([
  ['ONCE', 'once'],
  ['TRANSITIVE', 'transitive'],
])

/**
 * Applies the values of a set_filter_state filter (listener, network or HTTP form).
 * A value that cannot be evaluated is set but unknown; `skip_if_empty` leaves the object unset when the text is empty.
 * Seen on Envoy 1.40.0: a command without value prints `-`, which is not empty, unless the format says omit_empty_values.
 * Source: envoy-2022 D6; set_filter_state filter_config.cc.
 */
export function setFilterState(input: {context: EngineContext; config: View; field: string; connection: Connection; stream?: Stream}): {
  filterState: ReadonlyMap<string, FilterStateValue>
  effect: string
} {
  const filterState = new Map(input.stream?.filterState ?? input.connection.filterState)
  const told: string[] = []
  for (const value of input.config.list(input.field)) {
    // Each value is formatted when the ones before it are set.
    const subject =
      input.stream === undefined ? {connection: {...input.connection, filterState}} : {...input, stream: {...input.stream, filterState}}
    for (const [key, object] of objectOf(value, subject)) {
      filterState.set(key, object)
      told.push(`${key} = ${object.value ?? '(unknown)'}`)
    }
  }
  return {filterState, effect: told.length === 0 ? 'sets nothing' : `sets ${told.join(', ')}`}
}

function objectOf(value: View, subject: {connection: Connection; stream?: Stream}): (readonly [string, FilterStateValue])[] {
  const key = value.str('object_key') ?? value.str('factory_key')
  const text = valueText(value, subject)
  if (key === undefined || (value.bool('skip_if_empty') === true && text === '')) return []
  const made = madeBy(value.str('factory_key') ?? key, text)
  return made === undefined ? [] : [[key, {...made, shared: SHARING.get(value.str('shared_with_upstream') ?? '') ?? 'none'}]]
}

/** An address is kept in its canonical form; a text that is none makes no object (filter_config.cc updateFilterState). */
function madeBy(factory: string, text: string | undefined): Pick<FilterStateValue, 'value'> | undefined {
  if (text === undefined || !ADDRESS_KEYS.has(factory)) return {value: text}
  const socket = readSocketText(text)
  return socket === undefined ? undefined : {value: formatSocket(socket)}
}

/** Undefined when the format cannot be evaluated from the data. */
function valueText(value: View, {connection, stream}: {connection: Connection; stream?: Stream}): string | undefined {
  const format = value.get('format_string')
  const template = format?.get('text_format_source')?.str('inline_string') ?? format?.str('text_format')
  const formatted =
    template === undefined
      ? undefined
      : formatSubstitution(template, {
          connection,
          omitEmptyValues: format?.bool('omit_empty_values') === true,
          ...(stream === undefined ? {} : {stream}),
        })
  return formatted?.complete === true ? formatted.text : undefined
}
