import {expect, expectTypeOf, test} from 'vitest'
import type {z} from 'zod'
import type {Coverage} from '../../src/app/coverage.js'
import {coverageJsonSchema, coverageSchema} from '../../src/render/coverage-schema.js'

type Published = z.infer<typeof coverageSchema>

test('the compiler finds the fields of the types in the schema, and no others', () => {
  expectTypeOf<keyof Published>().toEqualTypeOf<keyof Coverage>()
  expectTypeOf<keyof Published['questions']>().toEqualTypeOf<keyof Coverage['questions']>()
  expectTypeOf<keyof Published['questions']['unwished'][number]>().toEqualTypeOf<keyof Coverage['questions']['unwished'][number]>()
  expectTypeOf<Published['kinds'][number]>().toEqualTypeOf<Writable<Coverage['kinds'][number]>>()
  expectTypeOf<keyof Published['proxies'][number]>().toEqualTypeOf<keyof Coverage['proxies'][number]>()
  expectTypeOf<keyof Kind<Published>>().toEqualTypeOf<keyof Kind<Coverage>>()
  expectTypeOf<keyof Kind<Published>['untouched'][number]>().toEqualTypeOf<keyof Kind<Coverage>['untouched'][number]>()
})

type Writable<T> = {-readonly [K in keyof T]: T[K]}
type Kind<T extends {readonly proxies: readonly {readonly kinds: readonly unknown[]}[]}> = T['proxies'][number]['kinds'][number]

test('a percentage that is not rounded down to a number is refused', () => {
  const kinds = [{kind: 'routes', total: 3, touched: 1, percent: '33 %'}]
  const questions = {total: 0, verdicts: {}, failed: 0, unwished: []}
  const document = {schemaVersion: 'ambientctl.coverage/1', questions, total: {total: 3, touched: 1, percent: 33.3}, kinds: [], proxies: []}
  expect(coverageSchema.parse(document)).toEqual(document)
  expect(coverageSchema.safeParse({...document, kinds}).success).toBe(false)
})

test('the published JSON Schema is the one of the code', async () => {
  await expect(`${JSON.stringify(coverageJsonSchema(), undefined, 2)}\n`).toMatchFileSnapshot('../../docs/schema/coverage-1.schema.json')
})
