import {expect, test} from 'vitest'
import {readCheckFile} from '../../src/audit/check-file.js'
import {InputError} from '../../src/flow/errors.js'

const read = (text: string): ReturnType<typeof readCheckFile> => readCheckFile({text, file: 'checks.yaml'})

test('a list of checks', () => {
  expect(
    read(`
- from: deploy/sleep
  to: productpage:9080
  expect: delivered
- name: viewers only
  from: sleep
  to: productpage:9080
  method: POST
  path: /login
  host: productpage
  headers: {X-User: jane, Accept: [a, b]}
  protocol: http
  from-kind: uncaptured
  expect: [denied(default/viewer), delivered 1/10]
  via: waypoint default/reviews
  not-via: [gateway, sidecar]
  expect-minimal: golden.txt
`),
  ).toEqual([
    {
      name: 'deploy/sleep to productpage:9080',
      file: 'checks.yaml',
      line: 2,
      question: {source: 'deploy/sleep', destination: 'productpage:9080'},
      expectation: {verdicts: [{kind: 'delivered'}], via: [], notVia: []},
      goldens: {},
      sources: {paths: [], files: []},
    },
    {
      name: 'viewers only',
      file: 'checks.yaml',
      line: 5,
      question: {
        source: 'sleep',
        destination: 'productpage:9080',
        method: 'POST',
        path: '/login',
        host: 'productpage',
        protocol: 'http',
        headers: [
          ['x-user', 'jane'],
          ['accept', 'a'],
          ['accept', 'b'],
        ],
        fromKind: 'uncaptured',
      },
      expectation: {
        verdicts: [
          {kind: 'denied', detail: 'default/viewer'},
          {kind: 'delivered', share: {numerator: 1n, denominator: 10n, exact: true}},
        ],
        via: [{kind: 'waypoint', namespace: 'default', name: 'reviews'}],
        notVia: [{kind: 'gateway'}, {kind: 'sidecar'}],
      },
      goldens: {minimal: 'golden.txt'},
      sources: {paths: [], files: []},
    },
  ])
})

test('sources of the file hold for entries that name none', () => {
  const checks = read(`
snapshot: recorded
namespace: shop
checks:
  - {from: a, to: b, expect: delivered}
  - {from: a, to: b, expect: delivered, demo: bookinfo, namespace: default}
  - {from: a, to: b, expect: delivered, file: [x.json, y.json=y]}
`)
  expect(checks.map(({sources}) => sources)).toEqual([
    {paths: ['recorded'], files: [], namespace: 'shop'},
    {paths: [], files: [], demo: 'bookinfo', namespace: 'default'},
    {paths: [], files: ['x.json', 'y.json=y'], namespace: 'shop'},
  ])
})

test('an Envoy version holds for the file, or for one check', () => {
  const checks = read(`
envoy-version: '1.40'
checks:
  - {from: a, to: b, expect: delivered}
  - {from: a, to: b, expect: delivered, demo: bookinfo, envoy-version: v1.24.1}
`)
  expect(checks.map(({sources}) => sources)).toEqual([
    {paths: [], files: [], envoyVersion: {major: 1, minor: 40}},
    {paths: [], files: [], demo: 'bookinfo', envoyVersion: {major: 1, minor: 24}},
  ])
})

test('an alias is what it stands for', () => {
  const [, second] = read('- &base {from: a, to: b, expect: delivered}\n- *base\n')
  expect(second?.question).toEqual({source: 'a', destination: 'b'})
})

const entry = '- from: a\n  to: b\n'
const malformed = [
  {
    name: 'a verdict nobody knows',
    text: `${entry}  expect: delivred\n`,
    where: 'checks.yaml:3:11',
    expected: /^a verdict: delivered, /,
    got: '"delivred"',
  },
  {
    name: 'a verdict in a list',
    text: `${entry}  expect: [delivered, x]\n`,
    where: 'checks.yaml:3:23',
    expected: /^a verdict: /,
    got: '"x"',
  },
  {name: 'no hop', text: `${entry}  via: a b c\n`, where: 'checks.yaml:3:8', expected: /^a hop: KIND/, got: '"a b c"'},
  {name: 'nothing expected', text: entry, where: 'checks.yaml:1:3', expected: /^one of expect, via, not-via, /, got: 'a mapping'},
  {
    name: 'a key nobody knows',
    text: `${entry}  expct: delivered\n`,
    where: 'checks.yaml:3:10',
    expected: /^one of the keys name, from, to, /,
    got: 'the key "expct"',
  },
  {name: 'a number for a name', text: '- {from: 5, to: b, expect: delivered}\n', where: 'checks.yaml:1:10', expected: /^a text/, got: '5'},
  {
    name: 'a missing key',
    text: '- {from: a, expect: delivered}\n',
    where: 'checks.yaml:1:3',
    expected: /^a text \(at 0\.to\)/,
    got: 'nothing',
  },
  {
    name: 'a version that YAML reads as another number',
    text: `${entry}  expect: delivered\n  envoy-version: 1.40\n`,
    where: 'checks.yaml:4:18',
    expected: /^a version in quotes, such as "1.24"/,
    got: '1.4',
  },
  {
    name: 'a version that is none',
    text: `${entry}  expect: delivered\n  envoy-version: latest\n`,
    where: 'checks.yaml:4:18',
    expected: /^an Envoy version, such as "1.24"/,
    got: '"latest"',
  },
  {name: 'no checks', text: 'snapshot: x\nchecks: []\n', where: 'checks.yaml:2:9', expected: /^at least one check/, got: 'a list'},
  {name: 'an empty file', text: '', where: 'checks.yaml:1:1', expected: /^a list of checks/, got: 'nothing'},
  {
    name: 'a key of objects',
    text: '- {from: a, to: b, expect: delivered, __proto__: {x: 1}}\n',
    where: 'checks.yaml:1:50',
    expected: /^one of the keys/,
    got: 'the key "__proto__"',
  },
  {name: 'no YAML', text: '- [a\n', where: 'checks.yaml:2:1', expected: undefined, got: /./},
  {name: 'a key twice', text: `${entry}  to: c\n`, where: 'checks.yaml:3:3', expected: undefined, got: 'Map keys must be unique'},
  {name: 'an alias for nothing', text: 'a: *nope\n', where: 'checks.yaml:1:4', expected: undefined, got: /^Unresolved alias/},
]

test.each(malformed)('$name: where, what was expected, what came', ({text, where, expected, got}) => {
  const problem = problemOf(text)
  expect({where: problem.where, exitCode: problem.exitCode}).toEqual({where, exitCode: 65})
  expect(problem.expected).toEqual(expected === undefined ? undefined : expect.stringMatching(expected))
  expect(problem.got).toEqual(typeof got === 'string' ? got : expect.stringMatching(got))
})

test('aliases that multiply are refused, quickly', () => {
  const levels = Array.from({length: 12}, (_, index) => `l${index + 1}: &l${index + 1} [${Array(10).fill(`*l${index}`).join(', ')}]`)
  const text = ['l0: &l0 [x, x]', ...levels].join('\n')
  expect(problemOf(text).got).toMatch(/^Excessive alias count/)
})

test('absurd nesting is an error, not a crash', () => {
  expect(problemOf('['.repeat(50_000))).toBeInstanceOf(InputError)
})

function problemOf(text: string): InputError {
  try {
    read(text)
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown
    throw thrown
  }
  throw new Error('the text was read')
}
