import {expect, test} from 'vitest'
import {runCheck, type Ask, type CheckOptions, type CheckReport} from '../../src/app/check.js'
import {ExternalError, InputError, UsageError} from '../../src/flow/errors.js'
import {renderMinimal} from '../../src/render/minimal.js'
import {renderJson} from '../../src/render/trace-json.js'
import {waypointPath} from '../render/recorded-path.js'
import {verdictExamples} from '../render/step-examples.js'
import {endingIn} from '../render/trace-builders.js'

/** Text files in memory. */
function textsOf(files: Record<string, string>): CheckOptions['texts'] & {readonly written: Map<string, string>} {
  const written = new Map(Object.entries(files))
  return {
    written,
    has: (file) => written.has(file),
    read: (file) => Promise.resolve(written.get(file) ?? ''),
    write: (file, text) => {
      written.set(file, text)
      return Promise.resolve()
    },
  }
}

const answers: Ask = (question) => {
  if (question.destination === 'nobody') return Promise.reject(new UsageError({what: '"nobody" is unknown.', help: 'Did you mean nodejs?'}))
  return Promise.resolve(question.destination === 'unknown' ? endingIn(verdictExamples.undetermined) : waypointPath)
}

async function run(yaml: string, options: Partial<CheckOptions> & {readonly goldens?: Record<string, string>} = {}): Promise<CheckReport> {
  const texts = options.texts ?? textsOf({'ci/checks.yaml': yaml, ...options.goldens})
  return runCheck({files: ['ci/checks.yaml'], ask: answers, forms: {minimal: renderMinimal, json: renderJson}, ...options, texts})
}

const GOOD = '- {from: sleep, to: productpage, expect: delivered}\n'
const BAD = '- {from: sleep, to: productpage, expect: denied}\n'
const OPEN = '- {from: sleep, to: unknown, expect: delivered}\n'

test.each([
  {name: 'all hold', yaml: GOOD + GOOD, outlook: 'positive', counts: {ok: 2, failed: 0, undetermined: 0}},
  {name: 'one cannot be told', yaml: GOOD + OPEN, outlook: 'undetermined', counts: {ok: 1, failed: 0, undetermined: 1}},
  {name: 'one fails: worse than not to be told', yaml: OPEN + BAD + GOOD, outlook: 'negative', counts: {ok: 1, failed: 1, undetermined: 1}},
])('$name', async ({yaml, outlook, counts}) => {
  expect(await run(yaml)).toMatchObject({schemaVersion: 'ambientctl.check/1', outlook, counts})
})

test('an undetermined assertion tells what is missing', async () => {
  const {results} = await run(OPEN)
  expect(results[0]?.missing).toEqual(verdictExamples.undetermined.missing)
})

test('a name that does not resolve fails its own check only', async () => {
  const {results, outlook} = await run(`- {from: sleep, to: nobody, expect: delivered}\n${GOOD}`)
  expect(results.map(({status, findings}) => [status, findings.map(({got}) => got)])).toEqual([
    ['failed', ['"nobody" is unknown. Did you mean nodejs?']],
    ['ok', []],
  ])
  expect(outlook).toBe('negative')
})

test('a cluster that is away, or a dump that is damaged, ends the run', async () => {
  const away = new ExternalError({what: 'no cluster', command: ['kubectl']})
  await expect(run(GOOD, {ask: () => Promise.reject(away)})).rejects.toBe(away)
  const damaged = new InputError({what: 'damaged', file: 'x.json'})
  await expect(run(GOOD, {ask: () => Promise.reject(damaged)})).rejects.toBe(damaged)
})

test('no question is asked while a file is malformed', async () => {
  const texts = textsOf({'ci/checks.yaml': GOOD, 'bad.yaml': 'checks: 1\n'})
  const asked: string[] = []
  const ask: Ask = (question, sources) => {
    asked.push(question.source)
    return answers(question, sources)
  }
  await expect(run('', {files: ['ci/checks.yaml', 'bad.yaml'], texts, ask})).rejects.toBeInstanceOf(InputError)
  expect(asked).toEqual([])
})

const SOURCES = 'snapshot: [rec, /abs]\nfile: d.json=z\nnamespace: shop\nchecks:\n- {from: a, to: b, expect: delivered}\n'

test.each([
  {name: 'beside the check file', given: undefined, sources: {paths: ['ci/rec', '/abs'], files: ['ci/d.json=z'], namespace: 'shop'}},
  {
    name: 'flags stand in for them',
    given: {paths: ['other'], files: [], namespace: 'default'},
    sources: {paths: ['other'], files: [], namespace: 'default'},
  },
  {
    name: 'a namespace alone changes only that',
    given: {paths: [], files: [], namespace: 'x'},
    sources: {paths: ['ci/rec', '/abs'], files: ['ci/d.json=z'], namespace: 'x'},
  },
])('sources: $name', async ({given, sources}) => {
  const asked: unknown[] = []
  const ask: Ask = (question, from) => {
    asked.push(from)
    return answers(question, from)
  }
  await run(SOURCES, {ask, ...(given === undefined ? {} : {sources: given})})
  expect(asked).toEqual([sources])
})

test('the command asks the same again', async () => {
  const {results} = await run(
    'namespace: shop\nchecks:\n- {from: a b, to: c, protocol: http, headers: {X: "1"}, method: PUT, path: /p, host: h, sni: s, from-kind: sidecar, file: d.json, demo: books, expect: delivered}\n',
  )
  expect(results[0]?.command.join(' ')).toBe(
    'ambientctl trace a b c --protocol http --method PUT --path /p --host h --header x:1 --sni s --from-kind sidecar --namespace shop --file ci/d.json --demo books',
  )
})

const GOLDEN = '- {from: sleep, to: productpage, expect-minimal: g/min.txt, expect-json: g/trace.json}\n'
const written = {'ci/g/min.txt': `${renderMinimal(waypointPath)}\n`, 'ci/g/trace.json': `${renderJson(waypointPath)}\n`}

test('goldens that hold, also with the line ends of another system', async () => {
  const crlf = written['ci/g/min.txt'].replaceAll('\n', '\r\n')
  expect((await run(GOLDEN, {goldens: {...written, 'ci/g/min.txt': crlf}})).counts).toEqual({ok: 1, failed: 0, undetermined: 0})
})

test('a golden that differs shows the first line that does', async () => {
  const changed = written['ci/g/min.txt'].replace('=> delivered', '=> denied l4')
  const {results} = await run(GOLDEN, {goldens: {...written, 'ci/g/min.txt': changed}})
  expect(results[0]?.findings).toEqual([
    {
      aspect: 'golden',
      status: 'failed',
      expected: 'ci/g/min.txt:5: app default/productpage-v1-7d4d8b6b55-qp6xk at 10.4.0.5:9080 => denied l4',
      got: 'app default/productpage-v1-7d4d8b6b55-qp6xk at 10.4.0.5:9080 => delivered',
    },
  ])
})

test.each([
  {
    name: 'shorter',
    golden: written['ci/g/min.txt'].split('\n').slice(0, 5).join('\n'),
    expected: 'ci/g/min.txt:6: (no line)',
    got: 'verdict delivered',
  },
  {name: 'longer', golden: `${written['ci/g/min.txt']}more\n`, expected: 'ci/g/min.txt:7: more', got: '(no line)'},
])('a golden that is $name', async ({golden, expected, got}) => {
  const {results} = await run(GOLDEN, {goldens: {...written, 'ci/g/min.txt': golden}})
  expect(results[0]?.findings).toEqual([{aspect: 'golden', status: 'failed', expected, got}])
})

test('goldens are written only when asked for, and only where they differ', async () => {
  const texts = textsOf({'ci/checks.yaml': GOLDEN, 'ci/g/trace.json': written['ci/g/trace.json']})
  const compared = await run('', {texts})
  expect(compared).toMatchObject({outlook: 'negative', updated: []})
  expect(texts.has('ci/g/min.txt')).toBe(false)
  const updated = await run('', {texts, update: true})
  expect(updated).toMatchObject({outlook: 'positive', updated: ['ci/g/min.txt']})
  expect(texts.written.get('ci/g/min.txt')).toBe(written['ci/g/min.txt'])
})
