import {expect, test} from 'vitest'
import type {Trace} from '../../src/flow/trace.js'
import {renderTree} from '../../src/render/tree.js'
import {endingIn, evidence} from './trace-builders.js'

const trace: Trace = {
  ...endingIn({kind: 'delivered'}),
  findings: [
    {kind: 'first', text: 'the first finding says more than one line of forty columns', evidence: [evidence('/services/0')]},
    {kind: 'second', text: 'the second \u001b[31mone\u001b[0m → goes below', evidence: []},
  ],
}

test('findings stand right below the verdict, each with its sign', () => {
  const lines = renderTree(trace, {width: 100}).split('\n')
  const verdict = lines.findIndex((line) => line.startsWith('DELIVERED'))
  expect(lines.slice(verdict + 1, verdict + 3)).toEqual([
    '! the first finding says more than one line of forty columns',
    '! the second \\x1b[31mone\\x1b[0m → goes below',
  ])
})

test('a finding wraps below its own text, and has an ASCII form', () => {
  const lines = renderTree(trace, {width: 40, unicode: false}).split('\n')
  const first = lines.findIndex((line) => line.startsWith('! the first'))
  expect(lines.slice(first, first + 2)).toEqual(['! the first finding says more than one', '  line of forty columns'])
  expect(lines.join('\n')).toContain('-> goes')
})
