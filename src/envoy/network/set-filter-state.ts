import type {FilterStateValue} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {Connection, Stream} from '../connection.js'
import type {EngineContext} from '../context.js'
import {formatSubstitution} from '../format/substitute.js'

const SHARING: ReadonlyMap<string, FilterStateValue['shared']> = new Map([['ONCE', 'once'], ['TRANSITIVE', 'transitive']])

/**
 * Applies the values of a set_filter_state filter (listener, network or HTTP form).
 * A value that cannot be evaluated is set but unknown; `skip_if_empty` leaves the object unset when the text is empty.
 * Source: envoy-2022 D6; set_filter_state filter_config.cc.
 */
export function setFilterState(input: {
  context: EngineContext; config: View; field: string; connection: Connection; stream?: Stream
}): {filterState: ReadonlyMap<string, FilterStateValue>; effect: string} {
  const state = new Map(input.stream?.filterState ?? input.connection.filterState)
  const effects: string[] = []
  for (const value of input.config.list(input.field)) {
    const key = value.str('object_key') ?? value.str('factory_key')
    if (key === undefined) continue
    const format = value.path('format_string', 'text_format_source')?.str('inline_string') ?? value.get('format_string')?.str('text_format')
    const text = format === undefined ? undefined : formatSubstitution(format, {
      connection: input.connection, ...(input.stream === undefined ? {} : {stream: input.stream}),
    })
    if (value.bool('skip_if_empty') === true && text?.complete === true && ['', '-'].includes(text.text)) continue
    state.set(key, {
      value: text?.complete === true ? text.text : undefined,
      shared: SHARING.get(value.str('shared_with_upstream') ?? '') ?? 'none',
    })
    effects.push(`${key} = ${text?.complete === true ? text.text : '(unknown)'}`)
  }
  return {filterState: state, effect: effects.length === 0 ? 'sets nothing' : `sets ${effects.join(', ')}`}
}
