import {expect, test} from 'vitest'
import {fitsPlace, formatPlacePattern, parsePlacePattern} from '../../src/audit/place-pattern.js'
import type {Place} from '../../src/flow/forwarder.js'

const waypoint: Place = {kind: 'waypoint', name: 'reviews-waypoint-75d3205990-836e1', namespace: 'default'}

test.each([
  {pattern: 'waypoint', fits: true},
  {pattern: 'ztunnel', fits: false},
  {pattern: 'waypoint default/reviews-waypoint-75d3205990-836e1', fits: true},
  {pattern: 'default/reviews-waypoint', fits: true},
  {pattern: 'reviews-waypoint', fits: true},
  {pattern: 'reviews', fits: false},
  {pattern: 'waypoint other/reviews-waypoint', fits: false},
  {pattern: 'reviews-*-836e1', fits: true},
  {pattern: '*way*', fits: true},
  {pattern: 'reviews-*-836e1-*', fits: false},
  {pattern: 'default/*', fits: true},
  {pattern: 'gateway *', fits: false},
])('"$pattern"', ({pattern, fits}) => {
  const parsed = parsePlacePattern(pattern)
  expect(parsed && fitsPlace(waypoint, parsed)).toBe(fits)
  expect(parsed && formatPlacePattern(parsed)).toBe(pattern)
})

test.each([
  {pod: 'ztunnel-hptxk', owner: 'ztunnel'},
  {pod: 'mysql-0', owner: 'mysql'},
  {pod: 'productpage-v1-7d4d8b6b55-qp6xk', owner: 'productpage-v1'},
])('$owner stands for its pod $pod', ({pod, owner}) => {
  expect(fitsPlace({kind: 'app', name: pod}, {name: owner})).toBe(true)
})

test('overlapping pieces are no match', () => {
  expect(fitsPlace({kind: 'app', name: 'aba'}, {name: 'ab*ba'})).toBe(false)
})

test.each(['', 'a b c', 'pod default/x'])('"%s" is no pattern', (text) => {
  expect(parsePlacePattern(text)).toBeUndefined()
})
