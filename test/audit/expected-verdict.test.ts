import {expect, test} from 'vitest'
import {fitsVerdict, formatExpectedVerdict, formatVerdict, parseExpectedVerdict} from '../../src/audit/expected-verdict.js'
import {fraction, oneOf} from '../../src/flow/share.js'
import type {Verdict} from '../../src/flow/verdict.js'
import {verdictExamples} from '../render/step-examples.js'

test.each(Object.values(verdictExamples))('$kind can be asked for the way it is printed', (verdict) => {
  const expected = parseExpectedVerdict(formatVerdict(verdict))
  expect(expected && fitsVerdict(verdict, expected)).toBe(true)
})

const readable = [
  {text: 'delivered 9/10', verdict: {kind: 'delivered', share: fraction(9, 10)}},
  {text: 'delivered 90 %', verdict: {kind: 'delivered', share: fraction(9, 10)}},
  {text: ' denied(default/viewer)   one of 3 ', verdict: {kind: 'denied', detail: 'default/viewer', share: oneOf(3)}},
  {text: 'responded(302)', verdict: {kind: 'responded', detail: '302'}},
] as const

test.each(readable)('reads "$text"', ({text, verdict}) => {
  expect(parseExpectedVerdict(text)).toEqual(verdict)
})

test.each(['delivred', 'delivered(x)', 'delivered 1/0', 'delivered a lot', 'denied()', '', 'Delivered', '__proto__', 'one of 3'])(
  '"%s" is no verdict',
  (text) => {
    expect(parseExpectedVerdict(text)).toBeUndefined()
  },
)

test('prints what it has read', () => {
  expect(readable.map(({verdict}) => formatExpectedVerdict(verdict))).toEqual([
    'delivered 9/10',
    'delivered 9/10',
    'denied(default/viewer) one of 3',
    'responded(302)',
  ])
})

const byRule: Verdict = {kind: 'denied', layer: 'l7', policy: 'ns[default]-policy[viewer]-rule[0]', reason: 'x'}

test.each([
  {detail: 'default/viewer', fits: true},
  {detail: 'ns[default]-policy[viewer]-rule[0]', fits: true},
  {detail: 'l7', fits: true},
  {detail: 'l4', fits: false},
  {detail: 'viewer', fits: false},
  {detail: 'default/view', fits: false},
])('a policy is named as people name it: $detail', ({detail, fits}) => {
  expect(fitsVerdict(byRule, {kind: 'denied', detail})).toBe(fits)
})
