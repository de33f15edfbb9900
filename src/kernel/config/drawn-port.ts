import {tri, type Tri} from '../../flow/tri.js'
import type {PortRange} from './model.js'

export interface MaybeDrawn {
  readonly port: number
  /** The kernel drew the port: it stands for each of these. */
  readonly open?: PortRange | undefined
}

/** One in so many draws is no longer told: each answer to a masqueraded connection might meet a rule for one port. */
const RARE = 1000

/**
 * Whether a port is one of the ranges. Of a port that was drawn it is open, unless nearly all it may be are in the ranges, or nearly none:
 * NAT draws from each port as often (nf_nat_l4proto_unique_tuple).
 */
export function portAmong(ranges: readonly PortRange[], {port, open}: MaybeDrawn): Tri {
  if (open === undefined) return tri(ranges.some(({from, to}) => port >= from && port <= to))
  const size = open.to - open.from + 1
  const covered = ranges.reduce((sum, {from, to}) => sum + Math.max(0, Math.min(to, open.to) - Math.max(from, open.from) + 1), 0)
  if (covered * RARE < size) return 'no'
  return (size - covered) * RARE < size ? 'yes' : 'undetermined'
}
