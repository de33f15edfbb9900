import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {askedAnswers, firstLines, renderAnswers, says} from '../tools/answers.js'
import {runInside} from './run-inside.js'
import {runProgram} from './run-program.js'

const answers = askedAnswers()

describe.each(answers)('$pain: $asks', (asked) => {
  test.each([80, 110])('is answered in the first five lines of %i columns', async (columns) => {
    const lines = await firstLines(asked, columns)
    expect(says(lines, asked.phrase) ? asked.phrase : lines.join('\n')).toBe(asked.phrase)
  })
})

test('docs/answers.md holds what the program prints; test/tools/answers-write.ts renews it', async () => {
  const answered = []
  for (const asked of answers) answered.push({asked, lines: await firstLines(asked)})
  expect(readFileSync('docs/answers.md', 'utf8')).toBe(renderAnswers(answered))
})

const sampled = answers.filter(({distrolessCluster}, at) => distrolessCluster === undefined && at % 8 === 0)

test.each(sampled)('$pain: prints the same in a process of its own', async ({command}) => {
  const [, ...args] = command.split(' ')
  const ended = await runProgram(args)
  expect(await runInside(args)).toEqual(ended)
  expect(ended.stdout).not.toBe('')
})

test('a phrase is found across line breaks, and nothing else is', () => {
  expect(says(['a title', '! one phrase', '  over two lines'], 'phrase over two')).toBe(true)
  expect(says(['a title', '! one phrase'], 'phrase over two')).toBe(false)
})
