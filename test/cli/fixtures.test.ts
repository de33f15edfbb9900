import {expect, test} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {CHECK_FILES, pinnedQuestions} from '../fixtures/pinned.js'
import {runProgram} from './run-program.js'

test.each(CHECK_FILES)('every question of fixtures/$file has its verdict, its hops and its goldens', async ({file, flags}) => {
  const names = pinnedQuestions()
    .filter(({check}) => check.file === file)
    .map(({check}) => check.name)
  const {code, stdout} = await runProgram(['check', `fixtures/${file}`, ...flags])
  expect(stdout).toBe([...names.map((name) => `ok    ${name}`), `${names.length} ok, 0 failed`, ''].join('\n'))
  expect(code).toBe(EXIT_CODES.ok)
})
