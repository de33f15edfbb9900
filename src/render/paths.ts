import type {Hop, HopId, Trace} from '../flow/trace.js'
import {bottomUp} from './bottom-up.js'

/** How many ways lead from the start to an end; copies (mirrors) are no ways of their own. */
export function countPaths(trace: Trace): bigint {
  return foldPaths<bigint>(trace, {
    end: 1n,
    hop: (_, next) => next.reduce((sum, count) => sum + count, 0n),
  })
}

/** Whether every way passes a place of the kind. */
export function passesAlways(trace: Trace, kind: Hop['place']['kind']): boolean {
  return foldPaths<boolean>(trace, {
    end: false,
    hop: ({place}, next) => place.kind === kind || (next.length > 0 && next.every(Boolean)),
  })
}

interface Fold<T> {
  readonly end: T
  readonly hop: (hop: Hop, next: readonly T[]) => T
}

function foldPaths<T>(trace: Trace, fold: Fold<T>): T {
  const known = new Map<HopId, T>()
  const visit = (id: HopId): T => {
    const hop = trace.hops[id]
    const before = known.get(id)
    if (hop === undefined || before !== undefined) return before ?? fold.end
    known.set(id, fold.end)
    const value = fold.hop(
      hop,
      hop.next.filter(({mirror}) => mirror !== true).map(({to}) => visit(to)),
    )
    known.set(id, value)
    return value
  }
  for (const id of bottomUp(trace)) visit(id)
  return visit(trace.start)
}
