import fc from 'fast-check'
import {extension, type Message} from '../message.js'
import {stringMatcher} from './string-matcher.js'
import {ip, port, prefixOf, protocol, range, serverName, sourcePort} from './words.js'

const INPUTS = 'envoy.extensions.matching.common_inputs.network.v3.'

/** A matcher input, and the texts it may give. */
interface Input {
  readonly type: string
  readonly values: fc.Arbitrary<string>
}

const IP_INPUTS: readonly Input[] = ['DestinationIPInput', 'SourceIPInput', 'DirectSourceIPInput'].map((type) => ({type, values: ip}))
const NAME_INPUT: Input = {type: 'ServerNameInput', values: serverName}
const INPUTS_OF_ALL_KINDS: readonly Input[] = [
  ...IP_INPUTS,
  NAME_INPUT,
  {type: 'DestinationPortInput', values: port.map(String)},
  {type: 'SourcePortInput', values: sourcePort.map(String)},
  {type: 'SourceTypeInput', values: fc.constantFrom('local', 'external')},
  {type: 'TransportProtocolInput', values: fc.constantFrom('tls', 'raw_buffer')},
  {type: 'ApplicationProtocolInput', values: fc.array(protocol, {minLength: 1, maxLength: 2}).map((list) => list.map(quoted).join(','))},
]

function quoted(name: string): string {
  return `'${name}'`
}

/**
 * A unified matcher over network inputs, as a filter_chain_matcher has it: all kinds of maps and predicates, nested up to `depth`,
 * with and without on_no_match at every level.
 */
export function networkMatcher(action: fc.Arbitrary<Message>, depth: number): fc.Arbitrary<Message> {
  const onMatch = depth <= 1 ? action : fc.oneof({weight: 4, arbitrary: action}, {weight: 3, arbitrary: nested(action, depth - 1)})
  const shape = fc.oneof(
    {weight: 3, arbitrary: exactMap(onMatch)},
    {weight: 2, arbitrary: prefixMap(onMatch)},
    {weight: 2, arbitrary: ipMatcher(onMatch)},
    {weight: 2, arbitrary: nameMatcher(onMatch)},
    {weight: 3, arbitrary: matcherList(onMatch)},
  )
  return fc
    .tuple(shape, fc.option(onMatch, {nil: undefined}))
    .map(([matcher, onNoMatch]) => (onNoMatch === undefined ? matcher : {...matcher, on_no_match: onNoMatch}))
}

function nested(action: fc.Arbitrary<Message>, depth: number): fc.Arbitrary<Message> {
  return networkMatcher(action, depth).map((matcher) => ({matcher}))
}

const anyInput = fc.constantFrom(...INPUTS_OF_ALL_KINDS)

function inputMessage({type}: Input): Message {
  return extension(type, `${INPUTS}${type}`)
}

function exactMap(onMatch: fc.Arbitrary<Message>): fc.Arbitrary<Message> {
  return anyInput.chain((input) =>
    fc
      .dictionary(input.values, onMatch, {minKeys: 1, maxKeys: 3})
      .map((map) => ({matcher_tree: {input: inputMessage(input), exact_match_map: {map}}})),
  )
}

function prefixMap(onMatch: fc.Arbitrary<Message>): fc.Arbitrary<Message> {
  return anyInput.chain((input) =>
    fc
      .dictionary(input.values.chain(prefixOf), onMatch, {minKeys: 1, maxKeys: 3})
      .map((map) => ({matcher_tree: {input: inputMessage(input), prefix_match_map: {map}}})),
  )
}

function ipMatcher(onMatch: fc.Arbitrary<Message>): fc.Arbitrary<Message> {
  const entry = fc
    .tuple(fc.array(range, {minLength: 1, maxLength: 2}), onMatch, fc.boolean())
    .map(([ranges, on_match, exclusive]) => ({ranges, on_match, ...(exclusive ? {exclusive} : {})}))
  return fc.tuple(fc.constantFrom(...IP_INPUTS), fc.array(entry, {minLength: 1, maxLength: 3})).map(([input, entries]) => ({
    matcher_tree: {
      input: inputMessage(input),
      custom_match: extension('ip', 'xds.type.matcher.v3.IPMatcher', {range_matchers: entries}),
    },
  }))
}

const DOMAINS = ['a.example.com', 'example.com', '*.example.com', '*.a.example.com', '*.com', '*', 'other.org', '*.org'] as const

/** Every domain once: Envoy refuses a matcher that has one twice. */
function nameMatcher(onMatch: fc.Arbitrary<Message>): fc.Arbitrary<Message> {
  return fc
    .tuple(fc.uniqueArray(fc.constantFrom(...DOMAINS), {minLength: 1, maxLength: 4}), fc.array(onMatch, {minLength: 4, maxLength: 4}))
    .map(([domains, matches]) => ({
      matcher_tree: {
        input: inputMessage(NAME_INPUT),
        custom_match: extension('name', 'xds.type.matcher.v3.ServerNameMatcher', {
          domain_matchers: domains.map((domain, index) => ({domains: [domain], on_match: matches[index]})),
        }),
      },
    }))
}

function matcherList(onMatch: fc.Arbitrary<Message>): fc.Arbitrary<Message> {
  const entry = fc.record({predicate: predicate(2), on_match: onMatch})
  return fc.array(entry, {minLength: 1, maxLength: 3}).map((matchers) => ({matcher_list: {matchers}}))
}

function predicate(depth: number): fc.Arbitrary<Message> {
  const single = anyInput.chain((input) =>
    stringMatcher(input.values).map((value_match) => ({single_predicate: {input: inputMessage(input), value_match}})),
  )
  if (depth === 0) return single
  const deeper = predicate(depth - 1)
  const group = fc.array(deeper, {minLength: 2, maxLength: 3}).map((children) => ({predicate: children}))
  return fc.oneof(
    {weight: 4, arbitrary: single},
    {weight: 1, arbitrary: group.map((or_matcher) => ({or_matcher}))},
    {weight: 1, arbitrary: group.map((and_matcher) => ({and_matcher}))},
    {weight: 1, arbitrary: deeper.map((not_matcher) => ({not_matcher}))},
  )
}
