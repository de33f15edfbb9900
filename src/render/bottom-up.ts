import type {HopId, Trace} from '../flow/trace.js'

/**
 * The hops that the start reaches, each behind all hops it leads to. Who fills a memo in this order
 * never recurses deeper than one hop, however long the paths are.
 */
export function bottomUp({start, hops}: Trace): readonly HopId[] {
  const order: HopId[] = []
  const seen = new Set<HopId>()
  const pending: {readonly id: HopId; readonly isLeft: boolean}[] = [{id: start, isLeft: false}]
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    const {id, isLeft} = visit
    if (isLeft) order.push(id)
    if (isLeft || seen.has(id)) continue
    seen.add(id)
    pending.push({id, isLeft: true}, ...(hops[id]?.next ?? []).map(({to}) => ({id: to, isLeft: false})))
  }
  return order.filter((id) => Object.hasOwn(hops, id))
}
