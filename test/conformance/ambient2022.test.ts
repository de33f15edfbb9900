import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {z} from 'zod'
import {compare, predict} from './layers/ambient2022.js'
import {oracleRoot} from './oracle-path.js'

const caseFile = z.looseObject({cases: z.array(z.looseObject({id: z.string(), observed: z.unknown()}))})

const root = join(oracleRoot(), 'ambient2022')
const scenarios = existsSync(root) ? readdirSync(root).filter((name) => existsSync(join(root, name, 'cases.json'))) : []
const scratch = mkdtempSync(join(tmpdir(), 'ambient2022-'))
afterAll(() => {
  rmSync(scratch, {recursive: true})
})

/** The scenario as a blind tree has it: cases without `observed`. */
function blind(scenario: string): string {
  const dir = mkdtempSync(join(scratch, `${scenario}-`))
  for (const file of readdirSync(join(root, scenario))) if (file !== 'cases.json') symlinkSync(join(root, scenario, file), join(dir, file))
  const file = readCases(scenario)
  writeFileSync(join(dir, 'cases.json'), JSON.stringify({...file, cases: file.cases.map((one) => ({...one, observed: undefined}))}))
  return dir
}

function readCases(scenario: string): z.infer<typeof caseFile> {
  return caseFile.parse(JSON.parse(readFileSync(join(root, scenario, 'cases.json'), 'utf8')))
}

describe('look-ups of 2022 dumps', () => {
  it('have recordings', () => {
    expect(scenarios.length).toBeGreaterThan(0)
  })

  it.each(scenarios)('%s: every case as recorded', (scenario) => {
    const predicted = new Map([...predict(blind(scenario))].map((one) => [one.id, one.predicted]))
    const wrong = readCases(scenario)
      .cases.map(({id, observed}) => ({id, ...compare(predicted.get(id), observed)}))
      .filter(({ok}) => !ok)
    expect(wrong).toEqual([])
  })

  it('tells a wrong prediction', () => {
    expect(compare({facts: {key: 'a'}}, {facts: {key: 'b'}})).toEqual({ok: false, why: 'key: predicted "a", observed "b"'})
    expect(compare({undetermined: 'no dump'}, {facts: {key: 'b'}}).ok).toBe(false)
  })
})
