import {anyOf, tri, type Tri} from '../../flow/tri.js'
import {portAmong} from '../config/drawn-port.js'
import type {PortRange} from '../config/model.js'
import type {Match, MatchBody} from '../config/packet-rules.js'
import {isTranslated, type Connection, type Tracked, type Tuple} from './conntrack.js'
import {covers} from './match-values.js'
import {packetFamily} from './packet.js'
import type {Transit} from './transit.js'

/**
 * The answer of what asks for a connection where there is none: it never holds, negated or not, except beside a state that decides
 * alone. Undefined: there is a connection, or the match asks for none. Source: conntrack_mt, connmark_mt, nft_ct_get_eval.
 */
export function withoutConnection(match: Match, transit: Transit): Tri | undefined {
  if (!asksConnection(match) || connectionOf(transit) !== undefined) return undefined
  if (hasTemplate(transit) && match.strict !== true) return undefined
  return match.besideState === true ? 'yes' : 'no'
}

function asksConnection({kind}: MatchBody): boolean {
  return kind === 'connmark' || (kind.startsWith('ct-') && kind !== 'ct-state')
}

function connectionOf({tracked}: Transit): Connection | undefined {
  return tracked !== undefined && 'connection' in tracked ? tracked.connection : undefined
}

/** Before tracking, a rule that chose a zone leaves an empty connection on the packet (xt_ct_target). */
function hasTemplate({tracked, zone}: Transit): boolean {
  return tracked === undefined && zone !== undefined
}

/** What a rule asks of the connection, or of the empty one. */
export function holdsOfConnection(match: MatchBody, transit: Transit): Tri {
  const connection = connectionOf(transit)
  switch (match.kind) {
    case 'ct-state':
      return tri(match.states.some((state) => isInState(transit, state)))
    case 'connmark':
      return tri((((connection?.mark ?? 0) ^ match.mark.value) & match.mark.mask) === 0)
    case 'ct-status':
      return anyOf(match.statuses.map((status) => hasStatus(connection, status)))
    case 'ct-protocol':
      return tri(connection !== undefined && connection.original.protocol === match.protocol)
    case 'ct-address':
      return tri(match.prefixes.some((prefix) => covers(prefix, endOf(transit, match).ip)))
    case 'ct-port':
      return portAmong(match.ranges, {port: endOf(transit, match).port, open: openPort(connection, match)})
    case 'ct-direction':
      return tri(directionOf(transit.tracked) === match.direction.toLowerCase())
    default:
      return 'undetermined'
  }
}

/** The empty connection is one that is opened. */
function directionOf(tracked: Tracked | undefined): string {
  return tracked !== undefined && 'direction' in tracked ? tracked.direction : 'original'
}

function endOf(transit: Transit, {of, side}: Extract<MatchBody, {kind: 'ct-address' | 'ct-port'}>): Tuple['source'] {
  const connection = connectionOf(transit)
  return connection?.[of][side] ?? {ip: packetFamily(transit.packet) === 4 ? '0.0.0.0' : '::', port: 0}
}

function openPort(connection: Connection | undefined, {of, side}: Extract<MatchBody, {kind: 'ct-port'}>): PortRange | undefined {
  if (connection === undefined || (of === 'original') !== (side === 'source')) return undefined
  const isKept = connection.reply.destination.port === connection.original.source.port
  return of === 'original' ? connection.openSource : (connection.drawn ?? (isKept ? connection.openSource : undefined))
}

/** A packet that was not tracked is invalid, and with a chosen zone new (nf_ct_get, IP_CT_NEW). */
function isInState(transit: Transit, state: string): boolean {
  if (state === 'SNAT' || state === 'DNAT') return isTranslatedAt(connectionOf(transit), state)
  return state.toLowerCase() === (transit.tracked?.state ?? (hasTemplate(transit) ? 'new' : 'invalid'))
}

function isTranslatedAt(connection: Connection | undefined, state: 'SNAT' | 'DNAT'): boolean {
  return connection !== undefined && isTranslated(connection, state === 'SNAT' ? 'source' : 'destination')
}

/** Only helpers expect connections, which are not modelled; the empty one is confirmed from the start. */
function hasStatus(connection: Connection | undefined, status: string): Tri {
  switch (status) {
    case 'CONFIRMED':
      return tri(connection?.confirmed ?? true)
    case 'SEEN_REPLY':
      return tri(connection?.replied === true)
    case 'ASSURED':
      return tri(connection?.assured === true)
    case 'SNAT':
    case 'DNAT':
      return tri(isTranslatedAt(connection, status))
    case 'EXPECTED':
      return 'no'
    default:
      return 'undetermined'
  }
}
