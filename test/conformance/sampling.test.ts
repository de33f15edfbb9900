import {describe, expect, test} from 'vitest'
import {ENVOY_SLACK, isWithinSample, ZTUNNEL_SLACK} from './sampling.js'

describe('the test of measured shares', () => {
  test.each([
    {name: 'what a fair draw shows', share: 1 / 2, seen: 0.4873, of: 4000, slack: ZTUNNEL_SLACK, expected: true},
    {name: 'just inside 4.5 standard deviations', share: 1 / 2, seen: 0.535, of: 4000, slack: ZTUNNEL_SLACK, expected: true},
    {name: 'just outside', share: 1 / 2, seen: 0.536, of: 4000, slack: ZTUNNEL_SLACK, expected: false},
    {name: 'a third taken for a half', share: 1 / 2, seen: 1 / 3, of: 4000, slack: ZTUNNEL_SLACK, expected: false},
    {name: 'a small sample tells less', share: 1 / 2, seen: 1 / 3, of: 40, slack: ZTUNNEL_SLACK, expected: true},
    {name: 'certainty leaves no room but rounding', share: 1, seen: 0.9998, of: 4000, slack: ZTUNNEL_SLACK, expected: false},
    {name: 'Envoy goes round', share: 1, seen: 0.96, of: 50, slack: ENVOY_SLACK, expected: true},
  ])('$name', ({expected, ...sampled}) => {
    expect(isWithinSample(sampled)).toBe(expected)
  })
})
