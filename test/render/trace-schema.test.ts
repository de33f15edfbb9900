import {expect, expectTypeOf, test} from 'vitest'
import type {z} from 'zod'
import type {Arrival} from '../../src/flow/connection.js'
import type {Place} from '../../src/flow/forwarder.js'
import type {Share} from '../../src/flow/share.js'
import type {Branch, Flow, Hop, Outcome, Question, Trace} from '../../src/flow/trace.js'
import {renderJson, traceDocument} from '../../src/render/trace-json.js'
import {traceJsonSchema, traceSchema} from '../../src/render/trace-schema.js'
import {canary} from './recorded-path.js'
import {stepExamples, verdictExamples} from './step-examples.js'
import {captured, endingIn, hop, outcome, places, to, trace} from './trace-builders.js'

/** What the JSON of a value looks like to the compiler. */
type JsonOf<T> = T extends Share
  ? {fraction: string; exact: boolean}
  : T extends ReadonlyMap<string, infer Value>
    ? Record<string, JsonOf<Value>>
    : T extends undefined
      ? null
      : T extends string | number | boolean | null
        ? T
        : T extends readonly [infer A, infer B]
          ? [JsonOf<A>, JsonOf<B>]
          : T extends readonly (infer Item)[]
            ? JsonOf<Item>[]
            : T extends object
              ? {-readonly [K in keyof T]: object extends Pick<T, K> ? JsonOf<Exclude<T[K], undefined>> | undefined : JsonOf<T[K]>}
              : never

type Published = z.infer<typeof traceSchema>

test('the compiler finds the fields of the types in the schema, and no others', () => {
  expectTypeOf<Published['question']>().toEqualTypeOf<JsonOf<Question>>()
  expectTypeOf<Published['flow']>().toEqualTypeOf<JsonOf<Flow>>()
  expectTypeOf<Published['hops'][string]['arrival']>().toEqualTypeOf<JsonOf<Arrival>>()
  expectTypeOf<Published['hops'][string]['place']>().toEqualTypeOf<JsonOf<Place>>()
  expectTypeOf<Omit<Published['hops'][string]['next'][number], 'steps'>>().toEqualTypeOf<JsonOf<Omit<Branch, 'steps'>>>()
  expectTypeOf<Omit<Published['outcomes'][string], 'verdict'>>().toEqualTypeOf<JsonOf<Omit<Outcome, 'verdict'>>>()
  expectTypeOf<keyof Published['hops'][string]>().toEqualTypeOf<keyof Hop>()
  expectTypeOf<keyof Published>().toEqualTypeOf<keyof Trace>()
  const document: unknown = JSON.parse(renderJson(canary))
  expect(traceSchema.parse(document)).toEqual(document)
})

test.each(Object.values(stepExamples))('the schema keeps every field of a $kind step', (step) => {
  const withStep = trace({
    hops: [hop({id: 'h1', place: places.ztunnelA, arrival: captured, steps: [step], next: [to('o1', {steps: [step]})]})],
    outcomes: [outcome({id: 'o1', place: places.ztunnelA})],
  })
  const document: unknown = JSON.parse(renderJson(withStep))
  expect(traceSchema.parse(document)).toEqual(document)
})

test.each(Object.values(verdictExamples))('the schema keeps every field of a $kind verdict', (verdict) => {
  const document: unknown = JSON.parse(renderJson(endingIn(verdict)))
  expect(traceSchema.parse(document)).toEqual(document)
})

test('the schema refuses a share that is a float, and an unknown kind of step', () => {
  const document = JSON.stringify(traceDocument(canary))
  expect(traceSchema.safeParse(JSON.parse(document.replace('"fraction":"9/20"', '"fraction":"0.45"'))).success).toBe(false)
  expect(traceSchema.safeParse(JSON.parse(document.replace('"kind":"listener"', '"kind":"listens"'))).success).toBe(false)
})

test('the published JSON Schema is the one of the code', async () => {
  await expect(`${JSON.stringify(traceJsonSchema(), undefined, 2)}\n`).toMatchFileSnapshot('../../docs/schema/trace-1.schema.json')
})
