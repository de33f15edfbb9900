import {contains, parseIp, type Prefix} from '../config/ip.js'
import {tri, type Tri} from '../../flow/tri.js'
import type {PortRange} from '../config/model.js'

export function covers(prefix: Prefix, ip: string): boolean {
  const parsed = parseIp(ip)
  return parsed !== undefined && contains(prefix, parsed)
}

/** Of a port that was drawn it is open, unless all it may be are in the ranges, or none. */
export function portAmong(ranges: readonly PortRange[], {port, open}: {readonly port: number; readonly open: PortRange | undefined}): Tri {
  if (open === undefined) return tri(inRanges(ranges, port))
  if (ranges.every(({from, to}) => to < open.from || from > open.to)) return 'no'
  return ranges.some(({from, to}) => from <= open.from && to >= open.to) ? 'yes' : 'undetermined'
}

export function inRanges(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({from, to}) => port >= from && port <= to)
}
