import fc from 'fast-check'
import type {Message} from '../message.js'

/** A StringMatcher for values like these: whole ones, pieces of them, and patterns over them. */
export function stringMatcher(values: fc.Arbitrary<string>): fc.Arbitrary<Message> {
  const piece = fc.tuple(values, fc.nat(), fc.nat()).map(([value, start, length]) => slice(value, {start, length}))
  const plain = fc.oneof(fc.record({exact: values}), fc.record({prefix: piece}), fc.record({suffix: piece}), fc.record({contains: piece}))
  const folded = fc
    .tuple(plain, fc.boolean(), fc.boolean())
    .map(([matcher, upper, fold]): Message => ({...(upper ? uppercase(matcher) : matcher), ...(fold ? {ignore_case: true} : {})}))
  return fc.oneof({weight: 4, arbitrary: folded}, {weight: 1, arbitrary: regexMatcher(values)})
}

/** Never empty: Envoy refuses empty pieces. */
function slice(value: string, {start, length}: {start: number; length: number}): string {
  const from = start % value.length
  return value.slice(from, from + 1 + (length % (value.length - from)))
}

function uppercase(matcher: Message): Message {
  return Object.fromEntries(Object.entries(matcher).map(([kind, text]) => [kind, String(text).toUpperCase()]))
}

/** Patterns Envoy matches as a whole: with the value inside, with classes, with alternatives. */
function regexMatcher(values: fc.Arbitrary<string>): fc.Arbitrary<Message> {
  const literal = values.map(escapeRegex)
  return fc
    .oneof(
      literal,
      literal.map((text) => `${text}.*`),
      literal.map((text) => `.*${text}`),
      fc.tuple(literal, literal).map(([one, other]) => `${one}|${other}`),
      fc.tuple(literal, literal).map(([one, other]) => `(${one}|${other})+`),
      literal.map((text) => `(?i)${text}`),
      fc.constantFrom('[0-9.]+', '\\d+', '[a-z]+(\\.[a-z]+)*', '.+', '.*', '[^/]*', '/[^/]+(/.*)?'),
    )
    .map((regex) => ({safe_regex: {google_re2: {}, regex}}))
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
