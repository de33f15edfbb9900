import {z} from 'zod'
import {VERDICT_KINDS} from '../flow/verdict.js'

const text = z.string()
const natural = z.int().min(0)
const kind = z.enum(['listeners', 'filter-chains', 'virtual-hosts', 'routes', 'services', 'workloads', 'policies', 'rules', 'clusters'])

const count = {
  total: natural,
  touched: natural,
  percent: z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .describe('rounded down to one decimal, so that 100 means all; null when there is nothing to touch'),
}

const untouched = z
  .object({
    name: text.describe('where it belongs, then what it is called: `listener / chain`'),
    match: text.describe('of a route: what it asks for').optional(),
    pointer: text.describe('where it stands in the dump (RFC 6901); absent of a cluster').optional(),
  })
  .meta({id: 'Untouched'})

const proxy = z
  .object({proxy: text, dump: text, kinds: z.array(z.object({kind, ...count, untouched: z.array(untouched)}))})
  .meta({id: 'ProxyCoverage', description: 'one proxy that was asked'})

const questions = z
  .object({
    total: natural,
    verdicts: z.record(text, natural).describe('how many answers ended so'),
    failed: natural.describe('lines that could not be answered'),
    unwished: z
      .array(
        z.object({
          line: natural,
          got: text.describe('the verdict, or why there is none'),
          expected: z.enum(VERDICT_KINDS).optional(),
        }),
      )
      .describe('answers that are neither positive nor as expected'),
  })
  .meta({id: 'CoverageQuestions'})

/** The published form of a coverage. Readers accept more fields than these: the form only grows. */
export const coverageSchema = z
  .object({
    schemaVersion: z.literal('ambientctl.coverage/1'),
    questions,
    total: z.object(count).describe('all kinds together'),
    kinds: z.array(z.object({kind, ...count})),
    proxies: z.array(proxy),
  })
  .meta({title: 'ambientctl.coverage/1', description: 'Which resources of proxies a batch of questions touched.'})

/** JSON Schema (draft 2020-12) of `ambientctl.coverage/1`, as published in docs/schema. */
export function coverageJsonSchema(): object {
  return z.toJSONSchema(coverageSchema, {io: 'input'})
}
