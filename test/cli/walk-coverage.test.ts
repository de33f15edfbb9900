import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {coverageSchema} from '../../src/render/coverage-schema.js'
import {traceSchema} from '../../src/render/trace-schema.js'
import {runInside} from './run-inside.js'
import {runProgram, type Ended} from './run-program.js'

const WAYPOINT = ['walk', 'bookinfo-productpage-waypoint-proxy', '--snapshot', 'fixtures/clusters/waypoint-l7']
const ZTUNNEL = ['walk', 'ztunnel-row-2', '--snapshot', 'fixtures/clusters/ga-orchard']

const request = {
  port: 15006,
  alpn: ['h2'],
  identity: 'spiffe://cluster.local/ns/default/sa/sleep',
  method: 'CONNECT',
  authority: '10.8.4.226:9080',
}
const get = {...request, inner: {method: 'GET', authority: 'productpage:9080', path: '/'}}
const post = {...request, inner: {method: 'POST', authority: 'productpage:9080', path: '/'}, expect: 'denied'}
const dialled = {port: 15001, source: {ip: '10.12.2.2', port: 40_000}, destination: {ip: '10.92.1.4', port: 3306}}

const scratch = mkdtempSync(path.join(tmpdir(), 'coverage-'))
afterAll(() => {
  rmSync(scratch, {recursive: true})
})

function cover(args: readonly string[], questions: readonly object[], columns = 80): Promise<Ended> {
  const file = path.join(scratch, 'questions.ndjson')
  writeFileSync(file, questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
  return runInside([...args, '--batch', file, '--coverage'], {env: {COLUMNS: String(columns)}})
}

it.each([{columns: 80}, {columns: 200}])('tells what a batch touched, at $columns columns', async ({columns}) => {
  const {code, stdout, stderr} = await cover(WAYPOINT, [get, post], columns)
  expect({code, stderr}).toEqual({code: EXIT_CODES.ok, stderr: ''})
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^COVERAGE of bookinfo-productpage-waypoint-proxy-/)
  expect(lines[1]).toBe('2 questions: 1 delivered, 1 denied')
  expect(lines.filter((line) => line.length > columns)).toEqual([])
  expect(stdout).toMatch(/^routes +4 +\d+ +\d+\.\d %$/m)
  expect(stdout).not.toContain('\u001B')
})

it('prints the answers and the coverage as lines of JSON', async () => {
  const {code, stdout} = await cover([...WAYPOINT, '-o', 'json'], [get, post])
  const documents = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(code).toBe(EXIT_CODES.ok)
  expect(documents).toHaveLength(3)
  expect(documents.slice(0, 2).map((document) => traceSchema.safeParse(document).success)).toEqual([true, true])
  expect(coverageSchema.parse(documents[2])).toEqual(documents[2])
})

it('has the coverage beside the answers with --json', async () => {
  const {stdout} = await cover([...ZTUNNEL, '--json'], [dialled])
  expect(JSON.parse(stdout)).toMatchObject({answers: [{verdict: {kind: 'delivered'}}], coverage: {questions: {total: 1}}})
})

it('has a line per kind with -o minimal', async () => {
  const {stdout} = await cover([...ZTUNNEL, '-o', 'minimal'], [dialled])
  expect(stdout).toBe('coverage services 1/11\ncoverage workloads 1/11\ncoverage policies 0/2\n')
})

it.each([
  {goals: ['1'], code: EXIT_CODES.ok, says: undefined},
  {goals: ['services=9', 'workloads=9'], code: EXIT_CODES.ok, says: undefined},
  {goals: ['90'], code: EXIT_CODES.negative, says: 'coverage is below --fail-under 90: 8.3 % of all kinds touched'},
  {goals: ['1', 'policies=50'], code: EXIT_CODES.negative, says: 'coverage is below --fail-under policies=50: 0.0 % of policies touched'},
  {goals: ['routes=1'], code: EXIT_CODES.negative, says: 'coverage is below --fail-under routes=1: there are none in the dump'},
])('--fail-under $goals ends with $code', async ({goals, code, says}) => {
  const ended = await cover([...ZTUNNEL, ...goals.flatMap((goal) => ['--fail-under', goal])], [dialled])
  expect(ended.code).toBe(code)
  if (says === undefined) expect(ended.stdout).not.toContain('--fail-under')
  else expect(ended.stdout).toContain(says)
})

it('an answer that is not wished for weighs as without coverage, and so does a line that fails', async () => {
  const unwished = await cover(WAYPOINT, [{...post, expect: 'delivered'}])
  expect(unwished.code).toBe(EXIT_CODES.negative)
  expect(unwished.stdout).toContain('line 1: denied, expected delivered')
  const failed = await cover(ZTUNNEL, [{port: 15001}])
  expect(failed.code).toBe(EXIT_CODES.usage)
  expect(failed.stdout).toContain('1 question: 1 not answered')
})

it.each([['101'], ['routs=5'], ['much']])('refuses --fail-under %s', async (goal) => {
  expect(await cover([...ZTUNNEL, '--fail-under', goal], [dialled])).toMatchObject({code: EXIT_CODES.usage, stdout: ''})
})

it('prints one question and then what it touched', async () => {
  const asked = ['--port', '15001', '--src', '10.12.2.2', '--dst', '10.92.1.4:3306', '--fail-under', '1']
  const {code, stdout} = await runProgram([...ZTUNNEL, ...asked])
  expect(code).toBe(EXIT_CODES.ok)
  expect(stdout).toMatch(/\n\nCOVERAGE of ztunnel-row-2\n1 question: 1 delivered\n/)
})

it('prints what docs/coverage.md shows', async () => {
  const [, command = '', shown = ''] = /^```\n\$ ambientctl (.*)\n([\s\S]*?)^```$/m.exec(readFileSync('docs/coverage.md', 'utf8')) ?? []
  expect(await runProgram(command.split(' '), {env: {COLUMNS: '100'}})).toEqual({code: EXIT_CODES.ok, stdout: shown, stderr: ''})
})

it('counts of the measured run what docs/coverage.md says of its first seven questions', async () => {
  const questions = readFileSync('docs/examples/bookinfo-waypoint.ndjson', 'utf8').split('\n')
  const args = [
    'walk',
    'waypoint-fa2e18eaf9-75ac7',
    '--snapshot',
    'fixtures/clusters/ga-bookinfo',
    '--batch',
    '-',
    '--coverage',
    '-o',
    'minimal',
  ]
  const {stdout} = await runProgram(args, {input: questions.slice(0, 7).join('\n')})
  expect(stdout).toContain('coverage routes 8/14\n')
})
