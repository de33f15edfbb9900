import {describe, expect, it} from 'vitest'
import {stages} from './stages.js'
import {addTallies, formatTally, tallyOutput, tallyVitest} from './tally.js'

const CLEAN = {numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: []}

describe('the tally of a vitest report', () => {
  it('counts tests', () => {
    expect(tallyVitest(JSON.stringify({...CLEAN, numFailedTests: 2}))).toEqual({passed: 3, failed: 2})
  })

  it('counts a skipped and a planned test as failed', () => {
    expect(tallyVitest(JSON.stringify({...CLEAN, numPendingTests: 1, numTodoTests: 1}))).toEqual({passed: 3, failed: 2})
  })

  it('counts a file that could not be loaded as failed', () => {
    const testResults = [{name: 'a.test.ts', status: 'failed', assertionResults: []}]
    expect(tallyVitest(JSON.stringify({...CLEAN, testResults}))).toEqual({passed: 3, failed: 1})
  })
})

describe('the tally of an output', () => {
  it('takes the last line of counts', () => {
    expect(tallyOutput('1 passed, 9 failed\nmore\n12 passed, 0 failed\n')).toEqual({passed: 12, failed: 0})
  })

  it('finds none inside a sentence', () => {
    expect(tallyOutput('so 12 passed, 0 failed today\n')).toBeUndefined()
  })
})

describe('stages', () => {
  const end = {succeeded: true, output: '', report: undefined}
  const count = (name: string, override: Partial<typeof end>) =>
    stages('report.json', {envoy: true, kernel: true})
      .flat()
      .find((stage) => stage.name === name)
      ?.count({...end, ...override})

  it('count a tool as one test', () => {
    expect(count('lint', {})).toEqual({passed: 1, failed: 0})
    expect(count('lint', {succeeded: false})).toEqual({passed: 0, failed: 1})
  })

  it('fail without a report or a line of counts', () => {
    expect(count('unit', {})).toEqual({passed: 0, failed: 1})
    expect(count('conformance', {})).toEqual({passed: 0, failed: 1})
    expect(count('conformance', {output: '0 passed, 0 failed\n'})).toEqual({passed: 0, failed: 1})
  })

  it('count nothing where the machine has no Envoy to compare with, unless the program failed', () => {
    const output = 'skipped: python3 is not installed\n0 passed, 0 failed, 1 skipped\n'
    expect(count('test:envoy', {output})).toEqual({passed: 0, failed: 0})
    expect(count('test:envoy', {succeeded: false, output})).toEqual({passed: 0, failed: 1})
    expect(count('test:envoy', {output: ''})).toEqual({passed: 0, failed: 1})
  })

  it('fail when the program failed although all its tests passed', () => {
    expect(count('conformance', {succeeded: false, output: '5 passed, 0 failed\n'})).toEqual({passed: 5, failed: 1})
  })
})

it('sums and prints tallies', () => {
  expect(
    formatTally(
      addTallies([
        {passed: 1, failed: 2},
        {passed: 3, failed: 0},
      ]),
    ),
  ).toBe('4 passed, 2 failed')
})
