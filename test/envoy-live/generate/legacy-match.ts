import fc from 'fast-check'
import {field, type Message} from '../message.js'
import {port, protocol, range, SOURCE_PORT_LIST, type Range} from './words.js'

/** What a filter chain asks for; a field that is absent asks for nothing. */
interface Match {
  readonly destination_port: number | undefined
  readonly prefix_ranges: readonly Range[]
  readonly server_names: readonly string[]
  readonly transport_protocol: string | undefined
  readonly application_protocols: readonly string[]
  readonly direct_source_prefix_ranges: readonly Range[]
  readonly source_type: string | undefined
  readonly source_prefix_ranges: readonly Range[]
  readonly source_ports: readonly number[]
}

const NAMES = ['a.example.com', 'example.com', '*.example.com', '*.a.example.com', '*.com', 'other.org'] as const

const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, {nil: undefined, freq: 1})
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({weight: 3, arbitrary: fc.constant(undefined)}, {weight: 1, arbitrary})

function some<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  const filled = fc.uniqueArray(arbitrary, {minLength: 1, maxLength: 2, selector: (value) => JSON.stringify(value)})
  return rarely(filled).map((list) => list ?? [])
}

const match: fc.Arbitrary<Match> = fc.record({
  destination_port: sometimes(port),
  prefix_ranges: some(range),
  server_names: some(fc.constantFrom(...NAMES)),
  transport_protocol: rarely(fc.constantFrom('tls', 'raw_buffer')),
  application_protocols: some(protocol),
  direct_source_prefix_ranges: some(range),
  source_type: rarely(fc.constantFrom('SAME_IP_OR_LOOPBACK', 'EXTERNAL', 'ANY')),
  source_prefix_ranges: some(range),
  source_ports: some(fc.constantFrom(...SOURCE_PORT_LIST)),
})

/** Chain matches that can stand in one listener: Envoy refuses two chains that ask for the same somewhere. */
export function chainMatches(count: number): fc.Arbitrary<readonly (Message | undefined)[]> {
  return fc.array(match, {minLength: count, maxLength: count}).map((matches) => {
    const taken = new Set<string>()
    return matches.map((one) => {
      const wanted = combinations(one)
      if (wanted.some((key) => taken.has(key))) return undefined
      for (const key of wanted) taken.add(key)
      return toMessage(one)
    })
  })
}

/** Every combination of single values a match stands for, as Envoy stores them. */
function combinations(one: Match): string[] {
  const levels: readonly (readonly string[])[] = [
    [String(one.destination_port ?? '')],
    one.prefix_ranges.map(rangeText),
    one.server_names,
    [one.transport_protocol ?? ''],
    one.application_protocols,
    one.direct_source_prefix_ranges.map(rangeText),
    [one.source_type ?? 'ANY'],
    one.source_prefix_ranges.map(rangeText),
    one.source_ports.map(String),
  ]
  return levels.reduce<string[]>((keys, values) => keys.flatMap((key) => orNone(values).map((value) => `${key}|${value}`)), [''])
}

function orNone(values: readonly string[]): readonly string[] {
  return values.length === 0 ? [''] : values
}

function rangeText({address_prefix, prefix_len}: Range): string {
  return `${address_prefix}/${prefix_len}`
}

function toMessage(one: Match): Message {
  const lists = Object.entries(one).filter(([, value]) => !(Array.isArray(value) && value.length === 0) && value !== undefined)
  return {...Object.fromEntries(lists), ...field('destination_port', one.destination_port)}
}
