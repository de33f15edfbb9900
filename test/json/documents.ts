import fc from 'fast-check'

/** Characters that parsers trip over: quotes, escapes, brackets, controls, 2 to 4 byte UTF-8. */
const text = fc.oneof(
  fc.string({maxLength: 8}),
  fc.string({
    unit: fc.constantFrom('"', '\\', '/', '{', '}', '[', ']', ',', ':', '\n', '\u0000', '\u007f', 'é', '€', '😀', '~', 'u', 'a'),
    maxLength: 8,
  }),
)

const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'name', 'configs', '@type', '', '0', '12'))

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  text,
  fc.integer(),
  fc.double({noNaN: true, noDefaultInfinity: true}),
  fc.constantFrom(0, -0, 1e21, 5e-324, 2 ** 53 - 1),
)

/** Any JSON value without integers beyond 2^53 - 1, which are read differently on purpose. */
export const jsonValue: fc.Arbitrary<unknown> = fc
  .letrec<{value: unknown}>((tie) => ({
    value: fc.oneof(
      {maxDepth: 4, depthSize: 'small'},
      scalar,
      fc.array(tie('value'), {maxLength: 4}),
      fc.dictionary(key, tie('value'), {maxKeys: 4, noNullPrototype: true}),
    ),
  }))
  .value.filter((value) => !JSON.stringify(value).match(/\d{16}/))

const section = fc.constantFrom('dynamic_listeners', 'dynamicActiveClusters', 'static_clusters', 'bootstrap', 'version_info', '@type', 'x')
const config = fc.oneof(
  {weight: 6, arbitrary: fc.dictionary(section, jsonValue, {maxKeys: 4, noNullPrototype: true})},
  {weight: 1, arbitrary: jsonValue},
)

/** Documents that look like dumps of either kind, and objects that look like none. */
export const document: fc.Arbitrary<unknown> = fc.oneof(
  fc
    .tuple(fc.dictionary(key, jsonValue, {maxKeys: 2, noNullPrototype: true}), fc.array(config, {maxLength: 4}))
    .map(([rest, configs]) => ({...rest, configs})),
  fc.dictionary(key, jsonValue, {maxKeys: 5, noNullPrototype: true}),
)

/** Numbers that steer how a value is printed. */
export const printing = fc.array(fc.nat({max: 255}), {minLength: 1, maxLength: 40})

/** Prints a value with white space and escapes chosen by `choices`, which repeat. */
export function printVariant(value: unknown, choices: readonly number[]): string {
  let next = 0
  const choose = (count: number): number => (choices[next++ % choices.length] ?? 0) % count
  const space = (): string => ['', '', ' ', '\n', '\t\r\n  '][choose(5)] ?? ''
  const string = (content: string): string =>
    `"${Array.from(content)
      .map((character) => escapeCharacter(character, choose(4)))
      .join('')}"`
  const print = (item: unknown): string => {
    if (typeof item === 'string') return space() + string(item) + space()
    if (Array.isArray(item)) return `${space()}[${item.length === 0 ? space() : item.map(print).join(',')}]${space()}`
    if (typeof item !== 'object' || item === null) return space() + JSON.stringify(item) + space()
    const members = Object.entries(item).map(([name, member]) => `${space()}${string(name)}${space()}:${print(member)}`)
    return `${space()}{${members.length === 0 ? space() : members.join(',')}}${space()}`
  }
  return print(value)
}

function escapeCharacter(character: string, choice: number): string {
  if (choice === 0) {
    return Array.from({length: character.length}, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
  }
  return choice === 1 && character === '/' ? '\\/' : JSON.stringify(character).slice(1, -1)
}
