import {formatPrefix, type Family} from '../../../../src/kernel/config/ip.js'
import type {PortRange} from '../../../../src/kernel/config/model.js'
import type {Match, Target} from '../../../../src/kernel/config/packet-rules.js'
import type {MarkMask} from '../../../../src/kernel/config/source-text.js'
import {USER_CHAINS, type RuleModel} from './packet-rule-models.js'
import {hex, natText} from './print-iptables.js'

/** One table with one base chain, as `nft list ruleset` prints it. */
export function nftText(rules: readonly RuleModel[], family: Family): string {
  return [
    'table inet t {',
    ...USER_CHAINS.flatMap((name) => [`\tchain ${name} {`, '\t}', '']),
    '\tchain base {',
    '\t\ttype filter hook prerouting priority mangle; policy accept;',
    ...rules.map((rule) => `\t\t${nftRule(rule, family)}`),
    '\t}',
    '}',
  ].join('\n')
}

function nftRule({matches, target}: RuleModel, family: Family): string {
  const parts = matches.map((match, at) =>
    isSaidByPorts(match, matches[at + 1]) ? '' : matchText(match, {family, before: matches[at - 1]}),
  )
  return [...parts, targetText(target, family)].filter((part) => part !== '').join(' ')
}

/** `tcp dport 80` names the protocol too. */
function isSaidByPorts(match: Match, next: Match | undefined): boolean {
  return match.kind === 'protocol' && (next?.kind === 'source-port' || next?.kind === 'destination-port')
}

interface Context {
  readonly family: Family
  readonly before: Match | undefined
}

function matchText(match: Match, {family, before}: Context): string {
  const [not, ip] = [match.negated ? '!= ' : '', family === 4 ? 'ip' : 'ip6']
  switch (match.kind) {
    case 'source':
    case 'destination':
      return `${ip} ${match.kind[0] ?? ''}addr ${not}${setText(match.prefixes.map(formatPrefix))}`
    case 'in-device':
    case 'out-device':
      return `${match.kind === 'in-device' ? 'i' : 'o'}ifname ${not}"${match.name.replace('+', '*')}"`
    case 'source-port':
    case 'destination-port':
      return `${protocolOf(before)} ${match.kind[0] ?? ''}port ${not}${setText(match.ranges.map(rangeText))}`
    case 'mark':
    case 'connmark':
      return markMatch(match)
    default:
      return furtherMatch(match, {not, ip})
  }
}

function protocolOf(match: Match | undefined): string {
  return match?.kind === 'protocol' ? match.protocol : ''
}

function markMatch({kind, negated, mark}: Extract<Match, {kind: 'mark' | 'connmark'}>): string {
  return `${kind === 'mark' ? 'meta' : 'ct'} mark & ${padded(mark.mask)} ${negated ? '!=' : '=='} ${padded(mark.value)}`
}

function furtherMatch(match: Match, {not, ip}: {readonly not: string; readonly ip: string}): string {
  switch (match.kind) {
    case 'one-of':
      return oneOfText(match)
    case 'protocol':
      return `meta l4proto ${not}${match.protocol === 'icmpv6' ? 'ipv6-icmp' : match.protocol}`
    case 'tcp-flags':
      return `tcp flags ${not}${match.set.join(',').toLowerCase()} / ${match.mask.join(',').toLowerCase()}`
    case 'set':
      return `${ip} ${match.sides[0] === 'src' ? 's' : 'd'}addr ${not}@${match.set}`
    default:
      return connectionMatch(match, {not, ip})
  }
}

/** Sets of protocols, or of marks of the connection. */
function oneOfText({options}: Extract<Match, {kind: 'one-of'}>): string {
  const protocols = options.flatMap(([match]) => (match?.kind === 'protocol' ? match.protocol : []))
  const marks = options.flatMap(([match]) => (match?.kind === 'connmark' ? padded(match.mark.value) : []))
  return protocols.length > 0 ? `meta l4proto ${setText(protocols)}` : `ct mark ${setText(marks)}`
}

function connectionMatch(match: Match, {not, ip}: {readonly not: string; readonly ip: string}): string {
  switch (match.kind) {
    case 'type-of-service':
      return `${ip} dscp ${not}${hex(match.tos.value >> 2)}`
    case 'ct-state':
      return `ct state ${not}${match.states.join(',').toLowerCase()}`
    case 'ct-status':
      return `ct status ${match.statuses.join(',').toLowerCase().replaceAll('_', '-')}`
    case 'ct-protocol':
      return `ct protocol ${not}${match.protocol === 'icmpv6' ? 'ipv6-icmp' : match.protocol}`
    case 'ct-address':
      return `ct ${match.of} ${ip} ${match.side[0] ?? ''}addr ${not}${match.prefixes.map(formatPrefix).join()}`
    case 'ct-port':
      return `ct ${match.of} proto-${match.side === 'source' ? 'src' : 'dst'} ${not}${match.ranges.map(rangeText).join()}`
    case 'ct-direction':
      return `ct direction ${not}${match.direction.toLowerCase()}`
    case 'address-type':
      return `fib ${match.side[0] ?? ''}addr type ${not}${match.types.join().toLowerCase()}`
    case 'probability':
      return `meta random & 2147483647 < ${Math.round(Number(match.probability) * 2 ** 31)}`
    case 'every-nth':
      return `numgen inc mod ${match.every} ${match.packet}`
    case 'owner':
      return `meta sk${match.of[0] ?? ''}id ${not}${match.ids.map(rangeText).join()}`
    case 'socket':
      return 'socket transparent 1'
    default:
      throw new Error(`nft has no words for ${match.kind}`)
  }
}

function setText(items: readonly string[]): string {
  return items.length === 1 ? (items[0] ?? '') : `{ ${items.join(', ')} }`
}

function rangeText({from, to}: PortRange): string {
  return from === to ? String(from) : `${from}-${to}`
}

function padded(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}

function targetText(target: Target, family: Family): string {
  const ip = family === 4 ? 'ip' : 'ip6'
  switch (target.kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'notrack':
      return target.kind
    case 'jump':
    case 'goto':
      return `${target.kind} ${target.chain}`
    case 'reject':
      return `reject with ${target.with}`
    case 'redirect':
      return `redirect${target.ports === undefined ? '' : ` to :${rangeText(target.ports)}`}${target.random === true ? ' random' : ''}`
    case 'dnat':
      return `dnat ${ip} to ${natText(target).replace(/(?<=:.*)-(?=.*\])/, ']-[')}${target.random === true ? ' random' : ''}`
    case 'snat':
      return `snat ${ip} to ${natText(target).replace(/(?<=:.*)-(?=.*\])/, ']-[')}${target.random === true ? ' random' : ''}`
    case 'masquerade':
      return `masquerade${target.ports === undefined ? '' : ` to :${rangeText(target.ports)}`}${target.randomPort ? ' fully-random' : ''}`
    case 'set-tos':
      return `${ip} dscp set ${hex(target.change.value >> 2)}`
    case 'zone':
      return `ct ${target.of === undefined ? '' : `${target.of} `}zone set ${target.zone}`
    default:
      return markText(target)
  }
}

function markText(target: Target): string {
  switch (target.kind) {
    case 'set-mark':
      return `meta mark set ${changeText('meta', target.change)}`
    case 'set-connmark':
      return `ct mark set ${changeText('ct', target.change)}`
    case 'save-mark':
      return `ct mark set meta mark & ${padded(target.packetMask)}`
    case 'restore-mark':
      return `meta mark set ct mark & ${padded(target.connectionMask)}`
    case 'continue':
      return 'log prefix "seen "'
    default:
      throw new Error(`nft has no words for ${target.kind}`)
  }
}

function changeText(field: 'meta' | 'ct', {value, mask}: MarkMask): string {
  return `${field} mark and ${hex(~mask >>> 0)} xor ${hex(value)}`
}
