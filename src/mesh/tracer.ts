import type {Exit, Place} from '../flow/forwarder.js'
import type {Branch, Hop, HopId, Outcome, OutcomeId, Trace} from '../flow/trace.js'
import {formatAddress} from '../flow/address.js'
import type {Verdict} from '../flow/verdict.js'
import {NOTHING} from '../flow/share.js'
import {canonicalText} from './canonical.js'
import {orderExits} from './exit-order.js'
import {applyPins} from './pins.js'
import type {Station, Visit} from './station.js'
import {missingOf, sharesOf, worstOf} from './outcomes.js'

/** Limits of one trace; reaching one is a warning and an undetermined outcome, never silent. */
export interface TraceLimits {
  /** Hops on one path. Real paths have fewer than thirty. */
  readonly maxDepth: number
  /** Times that one path comes to the same address of one place. A loop whose requests differ each time would end nowhere else. */
  readonly maxPasses: number
  /** Branches of the whole trace (`--max-branches`). */
  readonly maxBranches: number
}

const DEFAULT_LIMITS: TraceLimits = {maxDepth: 128, maxPasses: 4, maxBranches: 10_000}

export interface Exploration {
  readonly start: Visit
  readonly limits?: Partial<TraceLimits>
  /** Endpoints, waypoints or routes to follow where there is a choice. */
  readonly pins?: readonly string[]
}

export type TraceGraph = Pick<Trace, 'start' | 'hops' | 'outcomes' | 'verdict' | 'missing' | 'warnings'>

/**
 * Follows a connection from its start to every end: a depth-first search in a fixed order.
 * Equal hops are stored once; coming back to a hop of the current path is a loop.
 */
export function traceFlow(exploration: Exploration): TraceGraph {
  const explorer = new Explorer(exploration)
  const start = explorer.follow(exploration.start)
  const hops = explorer.hops()
  const shares = sharesOf(start, hops)
  const outcomes = explorer.outcomes().map((outcome) => ({...outcome, share: shares.get(outcome.id) ?? NOTHING}))
  return {
    start,
    hops: Object.fromEntries(hops.toSorted((a, b) => numberOf(a.id) - numberOf(b.id)).map((hop) => [hop.id, hop])),
    outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome.id, outcome])),
    verdict: worstOf(outcomes),
    missing: missingOf(outcomes),
    warnings: explorer.warnings(),
  }
}

class Explorer {
  readonly #limits: TraceLimits
  readonly #pins: readonly string[]
  readonly #ids = new Map<string, HopId>()
  readonly #path = new Set<string>()
  /** How often the current path came to an address of a place. */
  readonly #passes = new Map<string, number>()
  /** In order of completion: a hop comes after everything it leads to. */
  readonly #completed: Hop[] = []
  readonly #outcomes = new Map<string, Outcome>()
  readonly #warnings = new Set<string>()
  #branches = 0

  constructor(exploration: Exploration) {
    this.#limits = {...DEFAULT_LIMITS, ...exploration.limits}
    this.#pins = exploration.pins ?? []
  }

  hops(): readonly Hop[] {
    return this.#completed
  }

  outcomes(): readonly Outcome[] {
    return [...this.#outcomes.values()]
  }

  warnings(): readonly string[] {
    return [...this.#warnings]
  }

  follow({station, arrival}: Visit): HopId | OutcomeId {
    const {place} = station.forwarder
    const key = canonicalText([station.key, arrival])
    if (this.#path.has(key)) return this.#end({place, verdict: loopAt(place, formatAddress(arrival.entry))})
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    if (this.#path.size >= this.#limits.maxDepth) return this.#limitReached(place, `a path of more than ${this.#limits.maxDepth} hops`)
    return this.#pass({station, arrival}, key)
  }

  #pass({station, arrival}: Visit, key: string): HopId | OutcomeId {
    const {place} = station.forwarder
    const spot = canonicalText([station.key, arrival.entry])
    const passes = this.#passes.get(spot) ?? 0
    if (passes >= this.#limits.maxPasses) {
      return this.#limitReached(place, `${passes} passes of one path through ${formatAddress(arrival.entry)}`)
    }
    this.#passes.set(spot, passes + 1)
    const id = this.#open({station, arrival}, key)
    this.#passes.set(spot, passes)
    return id
  }

  #open({station, arrival}: Visit, key: string): HopId {
    const id = `h${this.#ids.size + 1}`
    this.#ids.set(key, id)
    this.#path.add(key)
    const {steps, exits} = station.forwarder.forward(arrival)
    const next = orderExits(applyPins(exits, this.#pins)).map((exit) => this.#branch(station, exit))
    this.#path.delete(key)
    this.#completed.push({id, place: station.forwarder.place, arrival, steps, next})
    return id
  }

  #branch(station: Station, exit: Exit): Branch {
    const {share, requires, steps, log, mirror, calls} = exit
    const opened = exit.kind === 'stop' && exit.dialled !== undefined ? this.follow(station.next(exit.dialled)) : undefined
    return {
      to: this.#target(station, exit),
      share,
      requires,
      steps,
      ...(log === undefined ? {} : {log}),
      ...(mirror === undefined ? {} : {mirror}),
      ...(opened === undefined ? {} : {opened}),
      ...(calls === undefined ? {} : {calls: calls.map((call) => this.follow(station.next(call)))}),
    }
  }

  #target(station: Station, exit: Exit): HopId | OutcomeId {
    const {place} = station.forwarder
    this.#branches += 1
    if (this.#branches > this.#limits.maxBranches) {
      return this.#limitReached(place, `more than ${this.#limits.maxBranches} branches (--max-branches)`)
    }
    switch (exit.kind) {
      case 'depart':
        return this.follow(station.next(exit.departure))
      case 'deliver':
        return this.#end({place, verdict: {kind: 'delivered'}, workload: exit.to})
      case 'stop':
        return this.#end({place, verdict: exit.verdict, answer: exit.answer})
      default:
        return exit satisfies never
    }
  }

  #limitReached(place: Place, what: string): OutcomeId {
    this.#warnings.add(`not followed to the end: ${what}`)
    return this.#end({place, verdict: {kind: 'undetermined', missing: [{what: `what follows after ${what}`}]}})
  }

  #end(end: Pick<Outcome, 'place' | 'verdict'> & Partial<Pick<Outcome, 'answer' | 'workload'>>): OutcomeId {
    const outcome = {answer: {kind: 'unknown' as const}, ...end}
    const key = canonicalText(outcome)
    const known = this.#outcomes.get(key)
    if (known !== undefined) return known.id
    const id = `o${this.#outcomes.size + 1}`
    this.#outcomes.set(key, {id, share: NOTHING, ...outcome})
    return id
  }
}

function loopAt(place: Place, entry: string): Verdict {
  return {kind: 'loop', reason: `the same connection reaches ${place.name} at ${entry} a second time`}
}

function numberOf(id: HopId): number {
  return Number(id.slice(1))
}
