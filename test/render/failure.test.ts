import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {Failure} from '../../src/flow/errors.js'
import {renderFailure, renderFailureJson, renderWarning} from '../../src/render/failure.js'
import {createTheme} from '../../src/render/theme.js'

const PLAIN = createTheme(0)
const FULL: Failure = {kind: 'input', message: 'm', where: 'w', expected: 'e', got: 'first\r\nsecond', help: 'h', exitCode: 65}

describe('a failure', () => {
  it('is printed part by part', () => {
    expect(renderFailure(FULL, PLAIN)).toBe(
      'error: m\n  where     w\n  expected  e\n  got       first\n            second\n  help      h\n',
    )
  })

  it('is printed without the parts that it lacks', () => {
    expect(renderFailure({kind: 'usage', message: 'm', exitCode: 64}, PLAIN)).toBe('error: m\n')
  })

  it('shows the frames of a stack once', () => {
    const stack = 'TypeError: m\n    at f (a.js:1:2)\n    at g (b.js:3:4)'
    expect(renderFailure({kind: 'bug', message: 'TypeError: m', exitCode: 70, stack}, PLAIN)).toBe(
      'internal error: TypeError: m\n  at f (a.js:1:2)\n  at g (b.js:3:4)\n',
    )
  })

  it('is the same as JSON', () => {
    expect(JSON.parse(renderFailureJson(FULL))).toEqual({error: {...FULL, got: 'first\nsecond'}})
  })

  it('never prints what a terminal would obey, whatever it is made of', () => {
    const text = fc.string({unit: 'binary'})
    fc.assert(
      fc.property(text, text, text, (message, got, stack) => {
        const failure: Failure = {kind: 'bug', message, got, stack, exitCode: 70}
        expect(renderFailure(failure, PLAIN).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(renderFailureJson(failure).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
    )
  })
})

it('a warning is one safe line', () => {
  expect(renderWarning('a\nb\u001B[31mc', PLAIN)).toBe('warning: a\\nbc\n')
})
