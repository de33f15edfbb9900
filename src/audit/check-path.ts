import type {Hop, HopId, Outcome, Trace} from '../flow/trace.js'
import type {PlacePattern} from './expectation.js'
import {fitsPlace, formatPlacePattern} from './place-pattern.js'

/** The first path that misses a hop: which one, and where the path ends. */
export interface MissedHop {
  readonly missed: PlacePattern
  readonly passed: readonly string[]
  readonly end: Outcome | undefined
}

interface Search {
  readonly trace: Trace
  readonly via: readonly PlacePattern[]
  /** Hops that were reached with so many patterns met. */
  readonly seen: Set<string>
}

interface Position {
  readonly id: HopId
  readonly met: number
  readonly passed: readonly string[]
}

/** Looks for a path that does not pass the hops in their order; paths with a known end come first. */
export function findMissedHop(trace: Trace, via: readonly PlacePattern[]): MissedHop | undefined {
  const search: Search = {trace, via, seen: new Set()}
  const missed = missesFrom({id: trace.start, met: 0, passed: []}, search)
  return missed.find(({end}) => end?.verdict.kind !== 'undetermined') ?? missed[0]
}

/** The first hop on any path that fits one of the patterns. */
export function findPassedHop(
  trace: Trace,
  patterns: readonly PlacePattern[],
): {readonly hop: Hop; readonly pattern: PlacePattern} | undefined {
  for (const hop of reachableHops(trace)) {
    const pattern = patterns.find((each) => isHopFitting({hop, trace}, each))
    if (pattern !== undefined) return {hop, pattern}
  }
  return undefined
}

function missesFrom(position: Position, search: Search): readonly MissedHop[] {
  const hop = search.trace.hops[position.id]
  const key = `${position.met} ${position.id}`
  if (hop === undefined || search.seen.has(key)) return []
  search.seen.add(key)
  const pattern = search.via[position.met]
  const isMet = pattern !== undefined && isHopFitting({hop, trace: search.trace}, pattern)
  const next = {met: position.met + (isMet ? 1 : 0), passed: isMet ? [...position.passed, formatPlacePattern(pattern)] : position.passed}
  return hop.next
    .filter(({mirror}) => mirror !== true)
    .flatMap(({to}) => {
      const end = search.trace.outcomes[to]
      return end === undefined ? missesFrom({id: to, ...next}, search) : missAtEnd({...next, end}, search)
    })
}

function missAtEnd({met, passed, end}: Omit<Position, 'id'> & {end: Outcome}, {via}: Search): readonly MissedHop[] {
  const missed = via[met]
  return missed === undefined ? [] : [{missed, passed, end}]
}

function reachableHops(trace: Trace): readonly Hop[] {
  const seen = new Set<HopId>()
  const hops: Hop[] = []
  const pending = [trace.start]
  for (let id = pending.shift(); id !== undefined; id = pending.shift()) {
    const hop = trace.hops[id]
    if (hop === undefined || seen.has(id)) continue
    seen.add(id)
    hops.push(hop)
    pending.push(...hop.next.filter(({mirror}) => mirror !== true).map(({to}) => to))
  }
  return hops
}

/** A further passage through the internal listeners of a proxy is no further hop. */
function isHopFitting({hop, trace}: {hop: Hop; trace: Trace}, pattern: PlacePattern): boolean {
  return (hop.id === trace.start || hop.arrival.entry.kind !== 'internal') && fitsPlace(hop.place, pattern)
}
