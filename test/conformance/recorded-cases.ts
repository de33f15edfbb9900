import {readFileSync} from 'node:fs'
import {z} from 'zod'

const recordedCase = z.looseObject({
  id: z.string(),
  proxy: z.string().optional(),
  input: z.unknown().optional(),
  inner: z.unknown().optional(),
  observed: z.unknown().optional(),
})
const file = z.looseObject({
  scenario: z.string().optional(),
  cases: z.array(recordedCase).optional(),
  rows: z.array(recordedCase).optional(),
})

export type RecordedCase = z.infer<typeof recordedCase>

/** Reads `cases*.json` (`cases`) or `route_get*.json` (`rows`) of a recording; unknown fields are left alone. */
export function readCases(path: string): readonly RecordedCase[] {
  const {cases, rows} = file.parse(JSON.parse(readFileSync(path, 'utf8')))
  return cases ?? rows ?? []
}
