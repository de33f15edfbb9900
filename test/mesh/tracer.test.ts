import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {addShares, formatShare, fraction, NOTHING, oneOf, type Share} from '../../src/flow/share.js'
import {outlookOf, type Verdict} from '../../src/flow/verdict.js'
import {traceFlow, type TraceGraph} from '../../src/mesh/tracer.js'
import {visitOf, type FakeExit, type FakeWorld} from './fakes.js'

const DENIED: Verdict = {kind: 'denied', layer: 'l4', reason: 'test'}
const UNKNOWN: Verdict = {kind: 'undetermined', missing: [{what: 'dump of b'}]}

describe('traceFlow', () => {
  it('numbers hops in visiting order and ends at the outcome', () => {
    const trace = traceFlow({start: visitOf({a: [{to: 'b'}], b: [{}]}, 'a')})
    expect(trace.start).toBe('h1')
    expect(path(trace)).toEqual(['a', 'b'])
    expect(summary(trace)).toEqual([['o1', 'delivered', '1']])
    expect(trace.verdict).toEqual({kind: 'delivered'})
  })

  it('stores an equal hop once and adds the shares of the ways to it', () => {
    const world = {
      a: [
        {to: 'b', share: fraction(9, 10)},
        {to: 'c', share: fraction(1, 10)},
      ],
      b: [{to: 'd'}],
      c: [{to: 'd'}],
      d: [{}],
    }
    const trace = traceFlow({start: visitOf(world, 'a')})
    expect(path(trace)).toEqual(['a', 'b', 'd', 'c'])
    expect(summary(trace)).toEqual([['o1', 'delivered', '1']])
  })

  it('multiplies exact shares along a path and takes the worst outcome that traffic reaches', () => {
    const world = {
      a: [
        {to: 'b', share: fraction(9, 10)},
        {to: 'c', share: fraction(1, 10)},
      ],
      b: [{share: fraction(2, 3)}, {ends: UNKNOWN, share: fraction(1, 3)}],
      c: [{ends: DENIED}],
    }
    const trace = traceFlow({start: visitOf(world, 'a')})
    expect(summary(trace)).toEqual([
      ['o1', 'delivered', '3/5'],
      ['o2', 'undetermined', '3/10'],
      ['o3', 'denied', '1/10'],
    ])
    expect(trace.verdict).toEqual(DENIED)
    expect(trace.missing).toEqual([{what: 'dump of b'}])
  })

  it('calls an undetermined branch worse than a delivered one', () => {
    const trace = traceFlow({start: visitOf({a: [{share: oneOf(2)}, {ends: UNKNOWN, share: oneOf(2)}]}, 'a')})
    expect(trace.verdict).toEqual(UNKNOWN)
  })

  it('ends a branch that comes back to a hop of its path as a loop', () => {
    const trace = traceFlow({start: visitOf({a: [{to: 'b'}], b: [{to: 'a'}]}, 'a')})
    expect(trace.verdict).toEqual({kind: 'loop', reason: 'the same connection reaches a at 10.0.0.1:80 a second time'})
    expect(path(trace)).toEqual(['a', 'b'])
  })

  it('does not call a second passage with another arrival a loop', () => {
    const trace = traceFlow({
      start: visitOf({a: [{to: 'b', port: 81}], b: [{to: 'c'}], c: [{to: 'b', port: 82, share: oneOf(2)}, {share: oneOf(2)}]}, 'a'),
    })
    expect(path(trace)).toEqual(['a', 'b', 'c', 'b'])
    expect(
      Object.values(trace.outcomes)
        .map(({verdict}) => verdict.kind)
        .toSorted(),
    ).toEqual(['delivered', 'loop'])
  })

  it('follows a mirrored copy, but lets it decide nothing', () => {
    const world = {a: [{to: 'b'}, {to: 'shadow', mirror: true as const}], b: [{}], shadow: [{ends: DENIED}]}
    const trace = traceFlow({start: visitOf(world, 'a')})
    expect(trace.verdict).toEqual({kind: 'delivered'})
    expect(summary(trace)).toEqual([
      ['o1', 'delivered', '1'],
      ['o2', 'denied', '0'],
    ])
    expect(trace.hops['h1']?.next.map(({mirror}) => mirror)).toEqual([undefined, true])
  })

  it('reports the branch limit instead of stopping silently', () => {
    const world: FakeWorld = {a: [1, 2, 3].map((port) => ({to: 'b', port, share: oneOf(3)})), b: [{}]}
    const trace = traceFlow({start: visitOf(world, 'a'), limits: {maxBranches: 4}})
    expect(trace.warnings).toEqual(['not followed to the end: more than 4 branches (--max-branches)'])
    expect(trace.verdict.kind).toBe('undetermined')
  })

  it('reports the depth limit', () => {
    const world = Object.fromEntries(Array.from({length: 10}, (_, index) => [`n${index}`, [{to: `n${index + 1}`}]]))
    const trace = traceFlow({start: visitOf(world, 'n0'), limits: {maxDepth: 5}})
    expect(Object.keys(trace.hops)).toHaveLength(5)
    expect(trace.missing).toEqual([{what: 'what follows after a path of more than 5 hops'}])
  })

  it('follows only the pinned target where there is a choice', () => {
    const world = {
      a: [
        {to: 'b', share: fraction(1, 4)},
        {to: 'c', share: fraction(3, 4)},
      ],
      b: [{ends: DENIED}],
      c: [{}],
    }
    const trace = traceFlow({start: visitOf(world, 'a'), pins: ['b']})
    expect(path(trace)).toEqual(['a', 'b'])
    expect(summary(trace)).toEqual([['o1', 'denied', '1']])
  })

  it.each(['blue', 'outbound|80||web'])('follows only the pinned route or cluster %s', (pin) => {
    const world = {
      a: [
        {to: 'b', share: fraction(1, 4), log: {route: 'blue', cluster: 'outbound|80||web'}},
        {to: 'c', share: fraction(3, 4), log: {route: 'green', cluster: 'outbound|80||web-2'}},
      ],
      b: [{}],
      c: [{}],
    }
    expect(path(traceFlow({start: visitOf(world, 'a'), pins: [pin]}))).toEqual(['a', 'b'])
  })

  it('ignores a pin that no exit names', () => {
    const trace = traceFlow({
      start: visitOf(
        {
          a: [
            {to: 'bb', share: oneOf(2)},
            {to: 'c', share: oneOf(2)},
          ],
          bb: [{}],
          c: [{}],
        },
        'a',
      ),
      pins: ['b'],
    })
    expect(path(trace)).toEqual(['a', 'bb', 'c'])
  })
})

describe('traces of any world', () => {
  const exits = (names: readonly string[]): fc.Arbitrary<FakeExit[]> =>
    fc
      .array(
        fc.record({
          target: fc.constantFrom(...names, 'delivered', 'denied', 'unknown'),
          weight: fc.integer({min: 1, max: 9}),
          mirror: fc.boolean(),
          port: fc.integer({min: 80, max: 82}),
        }),
        {minLength: 1, maxLength: 4},
      )
      .map((drawn) => drawn.map((each, index) => ({...each, mirror: each.mirror && index > 0})))
      .map((drawn) => {
        const total = drawn.filter(({mirror}) => !mirror).reduce((sum, {weight}) => sum + weight, 0)
        return drawn.map(
          ({target, weight, mirror, port}): FakeExit => ({
            ...targetOf(target),
            port,
            share: fraction(weight, total),
            ...(mirror ? {mirror: true as const} : {}),
          }),
        )
      })
  const names = ['a', 'b', 'c', 'd', 'e']
  const worlds: fc.Arbitrary<FakeWorld> = fc.record(Object.fromEntries(names.map((name) => [name, exits(names)])))

  it('has outcomes whose shares add up to one', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const trace = traceFlow({start: visitOf(world, 'a')})
        expect(formatShare(total(Object.values(trace.outcomes).map(({share}) => share)))).toBe('1')
      }),
    )
  })

  it('leads every branch to a hop or an outcome that exists', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const trace = traceFlow({start: visitOf(world, 'a')})
        const branches = Object.values(trace.hops).flatMap(({next}) => next)
        expect(branches.filter(({to}) => !Object.hasOwn(trace.hops, to) && !Object.hasOwn(trace.outcomes, to))).toEqual([])
      }),
    )
  })

  it('does not depend on the order in which a forwarder lists its exits', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const reversed = Object.fromEntries(Object.entries(world).map(([name, list]) => [name, list.toReversed()]))
        expect(traceFlow({start: visitOf(reversed, 'a')})).toEqual(traceFlow({start: visitOf(world, 'a')}))
      }),
    )
  })

  it('has a verdict no better than any outcome that traffic reaches', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const trace = traceFlow({start: visitOf(world, 'a')})
        const reached = Object.values(trace.outcomes)
          .filter(({share}) => share.numerator > 0n)
          .map(({verdict}) => outlookOf(verdict))
        const worst = ['negative', 'undetermined', 'positive'].find((outlook) => reached.some((each) => each === outlook))
        expect(outlookOf(trace.verdict)).toBe(worst)
      }),
    )
  })
})

function targetOf(target: string): FakeExit {
  switch (target) {
    case 'delivered':
      return {}
    case 'denied':
      return {ends: DENIED}
    case 'unknown':
      return {ends: UNKNOWN}
    default:
      return {to: target}
  }
}

function path(trace: TraceGraph): readonly string[] {
  return Object.values(trace.hops).map(({place}) => place.name)
}

function summary(trace: TraceGraph): readonly (readonly [string, string, string])[] {
  return Object.values(trace.outcomes).map(({id, verdict, share}) => [id, verdict.kind, formatShare(share)])
}

function total(shares: readonly Share[]): Share {
  return shares.reduce(addShares, NOTHING)
}
