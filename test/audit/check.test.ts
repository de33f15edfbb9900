import {expect, test} from 'vitest'
import {checkTrace} from '../../src/audit/check.js'
import type {Expectation} from '../../src/audit/expectation.js'
import {parseExpectedVerdict} from '../../src/audit/expected-verdict.js'
import {parsePlacePattern} from '../../src/audit/place-pattern.js'
import {oneOf} from '../../src/flow/share.js'
import type {Trace} from '../../src/flow/trace.js'
import {splitPath, waypointPath} from '../render/recorded-path.js'
import {deniedMostly} from '../render/split-paths.js'
import {verdictExamples} from '../render/step-examples.js'
import {endingIn} from '../render/trace-builders.js'

interface Wish {
  readonly expect?: readonly string[]
  readonly via?: readonly string[]
  readonly notVia?: readonly string[]
}

function findings(trace: Trace, wish: Wish): readonly string[] {
  return checkTrace(trace, expectation(wish)).map(({aspect, status, got}) => `${aspect} ${status}: ${got}`)
}

function expectation(wish: Wish): Expectation {
  return {
    verdicts: (wish.expect ?? []).flatMap((text) => parseExpectedVerdict(text) ?? []),
    via: (wish.via ?? []).flatMap((text) => parsePlacePattern(text) ?? []),
    notVia: (wish.notVia ?? []).flatMap((text) => parsePlacePattern(text) ?? []),
  }
}

const unknown = endingIn(verdictExamples.undetermined)
const oneOfThree = splitPath([1, 2, 3].map((id) => ({pod: {id, ip: `10.4.0.${id}`, name: `v${id}`}, share: oneOf(3)})))
const cases: readonly {readonly name: string; readonly trace: Trace; readonly wish: Wish; readonly finds: readonly string[]}[] = [
  {name: 'the verdict holds', trace: waypointPath, wish: {expect: ['delivered']}, finds: []},
  {name: 'the verdict is another', trace: waypointPath, wish: {expect: ['denied']}, finds: ['verdict failed: delivered']},
  {
    name: 'one of the verdicts is missing',
    trace: waypointPath,
    wish: {expect: ['delivered', 'denied']},
    finds: ['verdict failed: delivered'],
  },
  {
    name: 'an end nobody asked for',
    trace: deniedMostly,
    wish: {expect: ['delivered']},
    finds: ['verdict failed: delivered 1/10, denied(default/viewer) 9/10'],
  },
  {name: 'all ends are asked for', trace: deniedMostly, wish: {expect: ['delivered', 'denied(default/viewer)']}, finds: []},
  {name: 'shares hold', trace: deniedMostly, wish: {expect: ['delivered 10 %', 'denied 9/10']}, finds: []},
  {
    name: 'a share is another',
    trace: deniedMostly,
    wish: {expect: ['delivered 2/10', 'denied']},
    finds: ['verdict failed: delivered 1/10, denied(default/viewer) 9/10'],
  },
  {name: 'shares of alike ends add up', trace: oneOfThree, wish: {expect: ['delivered 1/1']}, finds: []},
  {
    name: 'an unknown end is neither right nor wrong',
    trace: unknown,
    wish: {expect: ['delivered']},
    finds: ['verdict undetermined: undetermined'],
  },
  {name: 'an unknown end can be asked for', trace: unknown, wish: {expect: ['undetermined']}, finds: []},
  {name: 'hops in order', trace: waypointPath, wish: {via: ['ztunnel', 'waypoint', 'ztunnel', 'app']}, finds: []},
  {
    name: 'internal listeners are no further hops',
    trace: waypointPath,
    wish: {via: ['waypoint', 'waypoint']},
    finds: ['via failed: a path without waypoint after waypoint, which ends delivered at app productpage-v1-7d4d8b6b55-qp6xk'],
  },
  {
    name: 'hops out of order',
    trace: waypointPath,
    wish: {via: ['waypoint', 'gke-a', 'ztunnel']},
    finds: ['via failed: a path without gke-a after waypoint, which ends delivered at app productpage-v1-7d4d8b6b55-qp6xk'],
  },
  {
    name: 'one path goes another way',
    trace: deniedMostly,
    wish: {via: ['waypoint']},
    finds: ['via failed: a path without waypoint, which ends delivered at app productpage-v1-7d4d8b6b55-qp6xk'],
  },
  {
    name: 'a path that ends unknown may still come by',
    trace: unknown,
    wish: {via: ['waypoint']},
    finds: ['via undetermined: a path without waypoint, which ends undetermined at ztunnel ztunnel-hptxk'],
  },
  {name: 'no path passes', trace: waypointPath, wish: {notVia: ['gateway', 'sidecar']}, finds: []},
  {
    name: 'some path passes',
    trace: deniedMostly,
    wish: {notVia: ['gateway', 'waypoint']},
    finds: ['not-via failed: a path through waypoint bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx'],
  },
  {
    name: 'nobody knows what an unknown end passes',
    trace: unknown,
    wish: {notVia: ['waypoint']},
    finds: ['not-via undetermined: a path with an unknown end'],
  },
]

test.each(cases)('$name', ({trace, wish, finds}) => {
  expect(findings(trace, wish)).toEqual(finds)
})

test('one of three is not a third', () => {
  const halves = splitPath([1, 2].map((id) => ({pod: {id, ip: `10.4.0.${id}`, name: `v${id}`}, share: oneOf(2)})))
  const mixed: Trace = {...halves, outcomes: {...halves.outcomes, o2: {...deniedMostly.outcomes['denied'], ...denied(oneOf(2))}}}
  expect(findings(mixed, {expect: ['delivered 1/2', 'denied']})).toEqual(['verdict failed: delivered one of 2, denied(l4) one of 2'])
  expect(findings(mixed, {expect: ['delivered one of 2', 'denied one of 2']})).toEqual([])
})

test('a copy of the request is no path', () => {
  const [start, ztunnel, ...others] = Object.values(deniedMostly.hops)
  const next = ztunnel?.next.map((branch) => (branch.to === 'app' ? {...branch, mirror: true as const} : branch)) ?? []
  const hops = [start, ztunnel && {...ztunnel, next}, ...others].flatMap((hop) => (hop === undefined ? [] : [[hop.id, hop] as const]))
  expect(findings({...deniedMostly, hops: Object.fromEntries(hops)}, {via: ['waypoint']})).toEqual([])
})

function denied(share: ReturnType<typeof oneOf>): Trace['outcomes'][string] {
  return {
    id: 'o2',
    verdict: {kind: 'denied', layer: 'l4', reason: 'no ALLOW policy matched'},
    answer: {kind: 'unknown'},
    share,
    place: {kind: 'ztunnel', name: 'z'},
  }
}
