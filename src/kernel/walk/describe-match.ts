import {formatPrefix} from '../config/ip.js'
import type {PortRange} from '../config/model.js'
import type {Match, MatchBody} from '../config/packet-rules.js'
import type {MarkMask} from '../config/source-text.js'

/** A condition in words, for reasons and conditions of branches. */
export function describeMatch(match: Match): string {
  return `${match.negated ? 'not ' : ''}${body(match)}`
}

function body(match: MatchBody): string {
  switch (match.kind) {
    case 'source':
    case 'destination':
      return `${match.kind} ${match.prefixes.map(formatPrefix).join(',')}`
    case 'in-device':
    case 'out-device':
      return `${match.kind} ${match.name}`
    case 'protocol':
      return `protocol ${match.protocol}`
    case 'source-port':
    case 'destination-port':
    case 'any-port':
      return `${match.kind} ${ranges(match.ranges)}`
    case 'mark':
    case 'connmark':
      return `${match.kind} ${mark(match.mark)}`
    default:
      return special(match)
  }
}

type Plain = 'source' | 'destination' | 'in-device' | 'out-device' | 'protocol' | 'source-port' | 'destination-port' | 'any-port'
type Special = Exclude<MatchBody, {kind: Plain | 'mark' | 'connmark'}>

function special(match: Special): string {
  switch (match.kind) {
    case 'unknown':
      return match.text
    case 'owner':
      return `owner ${match.of} ${ranges(match.ids)}`
    case 'set':
      return `set ${match.set} ${match.sides.join(',')}`
    case 'recent':
      return `${match.side} in the list ${match.list} of recent addresses`
    case 'every-nth':
      return `packet ${match.packet} of every ${match.every}`
    case 'ct-state':
      return `connection ${match.states.join(',')}`
    case 'ct-status':
      return `connection ${match.statuses.join(',')}`
    case 'address-type':
      return `${match.side} of type ${match.types.join(',')}`
    case 'type-of-service':
      return `type of service ${mark(match.tos)}`
    case 'one-of':
      return match.options.map((option) => option.map(describeMatch).join(' and ')).join(' or ')
    case 'probability':
      return `probability ${match.probability}`
    default:
      return match.kind
  }
}

function ranges(all: readonly PortRange[]): string {
  return all.map(({from, to}) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

function mark({value, mask}: MarkMask): string {
  return `0x${value.toString(16)}/0x${mask.toString(16)}`
}
