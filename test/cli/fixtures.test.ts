import {expect, test} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {pinnedQuestions} from '../fixtures/pinned.js'
import {runProgram} from './run-program.js'

test('every question of fixtures/check.yaml has its verdict, its hops and its goldens', async () => {
  const names = pinnedQuestions().map(({check}) => check.name)
  const {code, stdout} = await runProgram(['check', 'fixtures/check.yaml'])
  expect(stdout).toBe([...names.map((name) => `ok    ${name}`), `${names.length} ok, 0 failed`, ''].join('\n'))
  expect(code).toBe(EXIT_CODES.ok)
})
