import {expect, test} from 'vitest'
import {fraction} from '../../src/flow/share.js'
import {renderMinimal} from '../../src/render/minimal.js'
import {renderTree} from '../../src/render/tree.js'
import {toJson} from '../../src/render/trace-json.js'
import {captured, hop, outcome, places, to, trace} from './trace-builders.js'

/** As many hops in a row as a trace may have, each with a second way that ends at once. */
const LENGTH = 1000
const long = trace({
  hops: Array.from({length: LENGTH}, (_, index) =>
    hop({
      id: `h${index}`,
      place: {kind: 'envoy', name: `proxy-${index}`},
      arrival: captured,
      next: index === LENGTH - 1 ? 'o' : [to(`h${index + 1}`, {share: fraction(1, 2)}), to('o', {share: fraction(1, 2)})],
    }),
  ),
  outcomes: [outcome({id: 'o', place: places.ztunnelA})],
})

test('the longest paths do not fill the stack', () => {
  expect(renderTree(long, {width: 100, verbose: true})).toContain(`${LENGTH} paths`)
  expect(renderMinimal(long)).toContain(`envoy proxy-${LENGTH - 1} at`)
  expect(toJson(long)).toContain(`"name":"proxy-${LENGTH - 1}"`)
})

test('ways that part and meet again a hundred times stay short', () => {
  const knots = Array.from({length: 100}, (_, index) => index)
  const woven = trace({
    hops: knots.flatMap((index) => {
      const on = index === 99 ? 'o' : `a${index + 1}`
      const place = (name: string): {kind: 'envoy'; name: string} => ({kind: 'envoy', name: `${name}${index}`})
      return [
        hop({
          id: `a${index}`,
          place: place('a'),
          arrival: captured,
          next: [to(`b${index}`, {share: fraction(1, 2)}), to(`c${index}`, {share: fraction(1, 2)})],
        }),
        hop({id: `b${index}`, place: place('b'), arrival: captured, next: on}),
        hop({id: `c${index}`, place: place('c'), arrival: captured, next: on}),
      ]
    }),
    outcomes: [outcome({id: 'o', place: places.ztunnelA})],
  })
  expect(renderTree(woven, {width: 100, verbose: true})).toContain(` ${2n ** 100n} paths`)
  expect(renderMinimal(woven).split('\n').length).toBeLessThan(1000)
})
