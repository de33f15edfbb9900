import type {Place} from '../flow/forwarder.js'
import type {Hop, Outcome, Trace} from '../flow/trace.js'

const PROXIES: ReadonlySet<Place['kind']> = new Set(['ztunnel', 'waypoint', 'gateway', 'sidecar', 'envoy'] as const)

/**
 * Ids of the outcomes that some way reaches before a proxy has accepted the connection of the client. To every other
 * end the client is connected first, whatever the proxy sees that dials further on: a listener accepts before it matches.
 */
export function unacceptedOutcomes({start, hops, outcomes}: Trace): ReadonlySet<string> {
  const unaccepted = new Set<string>()
  const seen = new Set([start])
  // A set grows while it is gone through: each hop once.
  for (const id of seen) {
    const hop = hops[id]
    for (const {to} of hop?.next ?? []) {
      if (hop === undefined || isAccepted(hop, outcomes[to])) continue
      if (outcomes[to] === undefined) seen.add(to)
      else unaccepted.add(to)
    }
  }
  return unaccepted
}

function isAccepted({place}: Hop, outcome: Outcome | undefined): boolean {
  return PROXIES.has(place.kind) && outcome?.verdict.kind !== 'no-listener'
}
