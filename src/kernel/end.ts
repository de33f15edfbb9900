import {formatSocket} from '../flow/address.js'
import type {Missing} from '../flow/verdict.js'
import type {PacketRule} from './config/packet-rules.js'
import type {Network} from './config/network.js'
import type {Attempt, Outcome} from './walk/connect.js'
import {formatPacket} from './walk/packet.js'
import type {Pass} from './walk/run.js'

/** How an attempt ends, in one word and one line. */
export interface WalkEnd {
  /**
   * `captured`: a proxy's socket got it instead of the address that was dialled. `delivered`: the socket that was meant.
   * `left`: it went where nothing was recorded. `asymmetric`: it was accepted, but the answer does not come back.
   */
  readonly kind: 'captured' | 'delivered' | 'left' | 'dropped' | 'asymmetric' | 'undetermined'
  readonly reason: string
}

interface Asked {
  readonly network: Network
  readonly attempt: Attempt
}

/** Source: envoy-2022 C.3, H.3; ambient-ga E, H. */
export function endOf(outcome: Outcome, asked: Asked): WalkEnd {
  const [doubt] = outcome.doubts
  if (doubt !== undefined) return {kind: 'undetermined', reason: doubt}
  if (outcome.owner === undefined) return withoutOwner(outcome, asked)
  const {owner} = outcome
  if (isOutside(owner.namespace, asked)) {
    return {kind: 'left', reason: `goes to ${formatSocket(owner.local)}, ${owner.namespace}: nothing was recorded there`}
  }
  const to = `port ${owner.port} of ${owner.namespace}`
  return captureRule(outcome, asked.attempt) === undefined
    ? {kind: 'delivered', reason: `accepted by ${to}`}
    : {kind: 'captured', reason: `accepted by ${to}, original destination ${formatSocket(owner.originalDestination)}`}
}

/** Also what a packet that comes in on a device was cut off from. */
function isOutside(name: string, {network}: Asked): boolean {
  const namespace = network.namespaces.get(name)
  return namespace === undefined || namespace.outside === true
}

export function missingOf({doubts}: Outcome): readonly Missing[] {
  return [...new Set(doubts)].map((what) => ({what, collect: 'ambientctl record'}))
}

/** The rule that handed the connection to another socket than the one it was meant for. */
export function captureRule({passes}: Outcome, attempt: Attempt): PacketRule | undefined {
  return requests(passes, attempt)
    .flatMap(({hooks}) => hooks.flatMap(({visited}) => visited.flatMap(({rule, effect}) => (rule && effect === 'accept' ? rule : []))))
    .findLast(({target}) => target.kind === 'tproxy' || target.kind === 'redirect')
}

/** The first packet of the connection, wherever it passes. */
export function requests(passes: readonly Pass[], {sourcePort}: Attempt): readonly Pass[] {
  return passes.filter(({packet}) => {
    const {kind, destination} = innermost(packet)
    // Datagrams look alike in both directions.
    return REQUESTS.has(kind.kind) && !(kind.kind === 'datagram' && destination.port === sourcePort)
  })
}

const REQUESTS = new Set(['syn', 'datagram', 'echo-request'])

function innermost(packet: Pass['packet']): Pass['packet'] {
  return packet.kind.kind === 'tunnelled' ? innermost(packet.kind.inner) : packet
}

/** envoy-2022 C.3 walk 8: a connection whose answer takes another way is asymmetric, not delivered. */
function withoutOwner(outcome: Outcome, asked: Asked): WalkEnd {
  const {reached, result, passes, answered} = outcome
  if (answered) return {kind: 'delivered', reason: 'it is answered'}
  if (asked.attempt.protocol !== 'tcp' && result === 'ok' && passes.every(({ended}) => ended === undefined)) {
    return {kind: 'left', reason: 'it is sent, and nothing answers'}
  }
  if (reached === undefined) return {kind: 'dropped', reason: `${whereItEnds(passes)}${byWhichRule(outcome, asked.attempt)}`}
  const where = isOutside(reached.namespace, asked) ? reached.namespace : `of ${reached.namespace}`
  return {kind: 'asymmetric', reason: `port ${reached.port} ${where} is reached, but its answer does not come back${wayOfAnswer(passes)}`}
}

function wayOfAnswer(passes: readonly Pass[]): string {
  const answer = answers(passes).at(-1)
  if (answer === undefined) return ''
  return `: ${formatPacket(answer.packet)} ${answer.ended ?? `goes to ${answer.route?.device ?? 'a socket'}`} in ${answer.namespace}`
}

function whereItEnds(passes: readonly Pass[]): string {
  if (passes.length === 0) return 'it is not sent: the routes give no way there, or no address to send from'
  const last = passes.findLast(({ended}) => ended !== undefined)
  if (last !== undefined) return `${formatPacket(last.packet)} ends in ${last.namespace}: ${last.ended ?? ''}`
  const reset = passes.find(({packet}) => innermost(packet).kind.kind === 'rst')
  return reset === undefined ? 'nothing answers' : `refused by ${reset.namespace}`
}

/** The rule that dropped an answer: no step tells, they are about the request. */
function byWhichRule({passes}: Outcome, attempt: Attempt): string {
  const last = passes.findLast(({ended}) => ended !== undefined)
  if (last === undefined || requests(passes, attempt).includes(last)) return ''
  const rules = last.hooks.flatMap(({visited}) => visited.filter(({effect}) => effect === 'drop'))
  return rules.map(({table, chain, rule}) => ` by ${table} ${chain}${rule === undefined ? '' : ` ${ruleText(rule)}`}`).join('')
}

function ruleText({number, place}: PacketRule): string {
  return place === undefined ? `${number}` : `${number} (${place.file}:${place.line})`
}

/** The way of the answer to a SYN. */
export function answers(passes: readonly Pass[]): readonly Pass[] {
  return passes.filter(({packet}) => innermost(packet).kind.kind === 'syn-ack')
}
