import {z} from 'zod'
import {parseEnvoyVersion, type EnvoyVersion} from '../flow/envoy-version.js'
import type {ExpectedVerdict, PlacePattern} from './expectation.js'
import {parseExpectedVerdict, VERDICT_SYNTAX} from './expected-verdict.js'
import {parsePlacePattern, PLACE_SYNTAX} from './place-pattern.js'

const text = z.string({error: 'a text'}).min(1, {error: 'a text that is not empty'})
const texts = oneOrMore(text)

const verdict = text.transform((value, context): ExpectedVerdict => {
  const parsed = parseExpectedVerdict(value)
  if (parsed !== undefined) return parsed
  context.addIssue({code: 'custom', message: `a verdict: ${VERDICT_SYNTAX}`})
  return z.NEVER
})

const place = text.transform((value, context): PlacePattern => {
  const parsed = parsePlacePattern(value)
  if (parsed !== undefined) return parsed
  context.addIssue({code: 'custom', message: `a hop: ${PLACE_SYNTAX}`})
  return z.NEVER
})

/** YAML reads 1.40 without quotes as the number 1.4. */
const envoyVersion = z.string({error: 'a version in quotes, such as "1.24"'}).transform((value, context): EnvoyVersion => {
  const parsed = parseEnvoyVersion(value)
  if (parsed !== undefined) return parsed
  context.addIssue({code: 'custom', message: 'an Envoy version, such as "1.24"'})
  return z.NEVER
})

const headers = z
  .record(text, texts, {error: 'a mapping of header names to texts'})
  .transform((lines) => Object.entries(lines).flatMap(([name, values]) => values.map((value) => [name.toLowerCase(), value] as const)))

const sources = {
  snapshot: texts.exactOptional(),
  file: texts.exactOptional(),
  demo: text.exactOptional(),
  namespace: text.exactOptional(),
  'envoy-version': envoyVersion.exactOptional(),
}

const question = {
  from: text,
  to: text,
  protocol: z.enum(['http', 'tcp', 'tls'], {error: 'http, tcp or tls'}).exactOptional(),
  method: text.exactOptional(),
  path: text.exactOptional(),
  host: text.exactOptional(),
  headers: headers.exactOptional(),
  sni: text.exactOptional(),
  'from-kind': z
    .enum(['ambient', 'sidecar', 'gateway', 'uncaptured', 'outside'], {error: 'ambient, sidecar, gateway, uncaptured or outside'})
    .exactOptional(),
}

const wishes = {
  expect: oneOrMore(verdict).exactOptional(),
  via: oneOrMore(place).exactOptional(),
  'not-via': oneOrMore(place).exactOptional(),
  'expect-minimal': text.exactOptional(),
  'expect-json': text.exactOptional(),
}

const WISHES = Object.keys(wishes)

const entryShape = {name: text.exactOptional(), ...question, ...wishes, ...sources}

const entry = z
  .strictObject(entryShape, {error: strictError('a mapping with from, to and what is expected', Object.keys(entryShape))})
  .refine((value) => WISHES.some((wish) => wish in value), {error: `one of ${WISHES.join(', ')}`})

const fileShape = {...sources, checks: z.array(entry, {error: 'a list of checks'}).min(1, {error: 'at least one check'})}

/** The content of a check file: the checks, and the sources for those that name none. */
export const checkFileSchema = z.strictObject(fileShape, {
  error: strictError('a list of checks, or a mapping with checks', Object.keys(fileShape)),
})

export type CheckFileContent = z.infer<typeof checkFileSchema>
export type CheckEntry = CheckFileContent['checks'][number]

/** A single value counts as a list of one. */
function oneOrMore<T extends z.ZodType>(item: T): z.ZodPreprocess<z.ZodArray<T>> {
  return z.preprocess(
    (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]),
    z.array(item).min(1, {error: 'at least one'}),
  )
}

function strictError(expected: string, keys: readonly string[]): (issue: z.core.$ZodRawIssue) => string {
  return ({code}) => (code === 'unrecognized_keys' ? `one of the keys ${keys.join(', ')}` : expected)
}
