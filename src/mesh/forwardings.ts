import type {SocketAddress} from '../flow/address.js'
import type {Arrival, Departure} from '../flow/connection.js'
import type {Answer, Condition, Exit, Forwarding} from '../flow/forwarder.js'
import {WHOLE, type Share} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import type {Missing, Verdict} from '../flow/verdict.js'

/** What an exit adds to its end; a whole and unconditional one unless told. */
export interface ExitTerms {
  readonly share?: Share
  readonly requires?: readonly Condition[]
  readonly steps?: readonly Step[]
}

export function stopExit(end: {readonly verdict: Verdict; readonly answer?: Answer}, terms: ExitTerms = {}): Exit {
  return {...withDefaults(terms), kind: 'stop', verdict: end.verdict, answer: end.answer ?? {kind: 'unknown'}}
}

export function departExit(departure: Departure, terms: ExitTerms = {}): Exit {
  return {...withDefaults(terms), kind: 'depart', departure}
}

export function undeterminedForwarding(...missing: readonly Missing[]): Forwarding {
  return {steps: [], exits: [stopExit({verdict: {kind: 'undetermined', missing}})]}
}

/** What packets do on a node: the bytes and the source stay, the target may change. */
export function routed(arrival: Arrival, target: {readonly to: SocketAddress; readonly originalDestination?: SocketAddress}): Departure {
  const {to, originalDestination} = target
  return {
    to: {kind: 'socket', ...to},
    source: arrival.source === undefined ? {kind: 'own'} : {kind: 'kept', address: arrival.source},
    payload: arrival.payload,
    ...(originalDestination === undefined ? {} : {originalDestination}),
  }
}

function withDefaults(terms: ExitTerms): {share: Share; requires: readonly Condition[]; steps: readonly Step[]} {
  return {share: terms.share ?? WHOLE, requires: terms.requires ?? [], steps: terms.steps ?? []}
}
