import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, expect, test} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {scenarioDir} from '../app/scenario.js'
import {runProgram, type Ended} from './run-program.js'

const scratch = mkdtempSync(path.join(tmpdir(), 'check-'))
afterAll(() => {
  rmSync(scratch, {recursive: true})
})
const snapshot = scenarioDir('sep2022-bookinfo-waypoint')
const TO_PRODUCTPAGE = 'from: sleep, to: "productpage:9080", protocol: http'

function check(yaml: string, ...args: readonly string[]): Promise<Ended> {
  const file = path.join(scratch, 'checks.yaml')
  writeFileSync(file, yaml)
  return runProgram(['check', file, ...args])
}

test('assertions that hold: one line each, exit code 0', async () => {
  const yaml = `snapshot: ${snapshot}\nchecks:\n- {name: through the waypoint, ${TO_PRODUCTPAGE}, expect: delivered, via: [ztunnel, waypoint, ztunnel, app]}\n`
  expect(await check(yaml)).toEqual({code: EXIT_CODES.ok, stdout: 'ok    through the waypoint\n1 ok, 0 failed\n', stderr: ''})
})

test('an assertion that fails: what came, and the command that shows it', async () => {
  const ended = await check(`- {${TO_PRODUCTPAGE}, expect: denied, method: GET}\n`, '--snapshot', snapshot)
  expect(ended.code).toBe(EXIT_CODES.negative)
  expect(ended.stdout).toContain('      expected  denied\n      got       delivered\n')
  expect(ended.stdout.replaceAll(/\s+/g, ' ')).toContain(
    `see ambientctl trace sleep productpage:9080 --protocol http --method GET --snapshot ${snapshot}`,
  )
})

test('with --json the report is an object', async () => {
  const ended = await check(`- {${TO_PRODUCTPAGE}, expect: denied}\n`, '--snapshot', snapshot, '--json')
  expect(ended.code).toBe(EXIT_CODES.negative)
  expect(JSON.parse(ended.stdout)).toMatchObject({
    schemaVersion: 'ambientctl.check/1',
    counts: {ok: 0, failed: 1},
    outlook: 'negative',
    warnings: [],
  })
})

test('--update writes goldens, and the next run holds', async () => {
  const yaml = `- {${TO_PRODUCTPAGE}, expect-minimal: golden.txt}\n`
  expect((await check(yaml, '--snapshot', snapshot)).code).toBe(EXIT_CODES.negative)
  const golden = path.join(scratch, 'golden.txt')
  expect((await check(yaml, '--snapshot', snapshot, '--update')).stdout).toContain(`wrote ${golden}`)
  expect(readFileSync(golden, 'utf8').split('\n').at(-2)).toBe('verdict delivered')
  expect((await check(yaml, '--snapshot', snapshot)).code).toBe(EXIT_CODES.ok)
})

test('a malformed file: where, what was expected, what came, exit code 65', async () => {
  const ended = await check('- from: sleep\n  to: productpage\n  expect: yes please\n', '--snapshot', snapshot)
  expect(ended.code).toBe(EXIT_CODES.input)
  expect(ended.stdout).toBe('')
  expect(ended.stderr).toContain(`where     ${path.join(scratch, 'checks.yaml')}:3:11`)
  expect(ended.stderr).toContain('got       "yes please"')
})

test('a check file that is not there: exit code 65', async () => {
  const ended = await runProgram(['check', path.join(scratch, 'none.yaml')])
  expect({code: ended.code, stdout: ended.stdout}).toEqual({code: EXIT_CODES.input, stdout: ''})
  expect(ended.stderr).toContain('none.yaml')
})
