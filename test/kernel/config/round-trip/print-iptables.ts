import {formatPrefix} from '../../../../src/kernel/config/ip.js'
import type {PortRange} from '../../../../src/kernel/config/model.js'
import type {Match, RuleChain, RuleTable, Target} from '../../../../src/kernel/config/packet-rules.js'
import type {MarkMask} from '../../../../src/kernel/config/source-text.js'
import type {RuleModel} from './packet-rule-models.js'

/** Tables as `iptables-save` prints them. */
export function iptablesText(tables: readonly Pick<RuleTable, 'name' | 'chains'>[]): string {
  return tables.map(({name, chains}) => tableText(name, [...chains.values()])).join('')
}

function tableText(name: string, chains: readonly RuleChain[]): string {
  const headings = chains.map((chain) => `:${chain.name} ${chain.policy ?? '-'} [0:0]`)
  const rules = chains.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${iptablesRule(rule)}`.trimEnd()))
  return [`*${name}`, ...headings, ...rules, 'COMMIT', ''].join('\n')
}

export function iptablesRule({matches, target}: RuleModel): string {
  return [...matches.map(matchText), targetText(target)].filter((part) => part !== '').join(' ')
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`
}

function masked({value, mask}: MarkMask): string {
  return `${hex(value)}/${hex(mask)}`
}

function rangesText(ranges: readonly PortRange[], between: string): string {
  return ranges.map(({from, to}) => (from === to ? String(from) : `${from}${between}${to}`)).join(',')
}

function matchText(match: Match): string {
  const not = match.negated ? '! ' : ''
  switch (match.kind) {
    case 'source':
    case 'destination':
      return `${not}-${match.kind === 'source' ? 's' : 'd'} ${match.prefixes.map(formatPrefix).join(',')}`
    case 'in-device':
    case 'out-device':
      return `${not}-${match.kind === 'in-device' ? 'i' : 'o'} ${match.name}`
    case 'protocol':
      return `${not}-p ${match.protocol}`
    case 'source-port':
    case 'destination-port':
    case 'any-port':
      return `-m multiport ${not}--${PORT_OPTIONS[match.kind]} ${rangesText(match.ranges, ':')}`
    case 'mark':
    case 'connmark':
      return `-m ${match.kind} ${not}--mark ${masked(match.mark)}`
    case 'tcp-flags':
      return `-m tcp ${not}--tcp-flags ${flags(match.mask)} ${flags(match.set)}`
    case 'icmp-type':
      return `-m icmp ${not}--icmp-type ${match.type}${match.code === undefined ? '' : `/${match.code}`}`
    default:
      return moduleText(match, not)
  }
}

const PORT_OPTIONS = {'source-port': 'sports', 'destination-port': 'dports', 'any-port': 'ports'} as const

function flags(names: readonly string[]): string {
  return names.length === 0 ? 'NONE' : names.join(',')
}

type Plain =
  | 'source'
  | 'destination'
  | 'in-device'
  | 'out-device'
  | 'protocol'
  | keyof typeof PORT_OPTIONS
  | 'mark'
  | 'connmark'
  | 'tcp-flags'
  | 'icmp-type'

function moduleText(match: Exclude<Match, {kind: Plain}>, not: string): string {
  switch (match.kind) {
    case 'type-of-service':
      return `-m dscp ${not}--dscp ${hex(match.tos.value >> 2)}`
    case 'ct-state':
      return `-m conntrack ${not}--ctstate ${match.states.join(',')}`
    case 'ct-status':
    case 'ct-protocol':
    case 'ct-address':
    case 'ct-port':
    case 'ct-direction':
      return `-m conntrack ${not}${connectionOption(match)}`
    case 'set':
      return `-m set ${not}--match-set ${match.set} ${match.sides.join(',')}`
    case 'address-type':
      return `-m addrtype ${not}--${match.side === 'source' ? 'src' : 'dst'}-type ${match.types.join(',')}`
    case 'probability':
      return `-m statistic --mode random ${not}--probability ${match.probability}`
    case 'every-nth':
      return `-m statistic --mode nth ${not}--every ${match.every} --packet ${match.packet}`
    case 'socket-exists':
      return `-m owner ${not}--socket-exists`
    case 'owner':
      return `-m owner ${not}--${match.of === 'user' ? 'u' : 'g'}id-owner ${rangesText(match.ids, '-')}`
    case 'socket':
      return `-m socket${match.transparent ? ' --transparent' : ''}${match.wildcard ? ' --nowildcard' : ''}`
    case 'recent':
      return `-m recent --${match.notes ? 'set' : 'rcheck --seconds 60'} --name ${match.list} --r${match.side === 'source' ? 'source' : 'dest'}`
    case 'one-of':
      throw new Error('iptables has no words for one of several')
    case 'unknown':
      return match.text
  }
}

type OfConnection = Extract<Match, {kind: 'ct-status' | 'ct-protocol' | 'ct-address' | 'ct-port' | 'ct-direction'}>

function connectionOption(match: OfConnection): string {
  switch (match.kind) {
    case 'ct-status':
      return `--ctstatus ${match.statuses.join(',')}`
    case 'ct-protocol':
      return `--ctproto ${PROTOCOL_NUMBERS.get(match.protocol) ?? match.protocol}`
    case 'ct-address':
      return `--ct${match.of === 'reply' ? 'repl' : 'orig'}${match.side === 'source' ? 'src' : 'dst'} ${match.prefixes.map(formatPrefix).join()}`
    case 'ct-port':
      return `--ct${match.of === 'reply' ? 'repl' : 'orig'}${match.side === 'source' ? 'src' : 'dst'}port ${rangesText(match.ranges, ':')}`
    default:
      return `--ctdir ${match.direction}`
  }
}

const PROTOCOL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['icmp', 1],
  ['icmpv6', 58],
])

function targetText(target: Target): string {
  switch (target.kind) {
    case 'accept':
    case 'drop':
    case 'return':
      return `-j ${target.kind.toUpperCase()}`
    case 'masquerade':
      return `-j MASQUERADE${target.ports === undefined ? '' : ` --to-ports ${rangesText([target.ports], '-')}`}${target.randomPort ? ' --random-fully' : ''}`
    case 'jump':
    case 'goto':
      return `-${target.kind === 'jump' ? 'j' : 'g'} ${target.chain}`
    case 'reject':
      return `-j REJECT --reject-with ${target.with}`
    case 'set-mark':
    case 'set-connmark':
      return `-j ${target.kind === 'set-mark' ? 'MARK' : 'CONNMARK'} --set-xmark ${masked(target.change)}`
    case 'set-tos':
      return `-j DSCP --set-dscp ${hex(target.change.value >> 2)}`
    case 'save-mark':
    case 'restore-mark':
      return `-j CONNMARK --${target.kind} --nfmask ${hex(target.packetMask)} --ctmask ${hex(target.connectionMask)}`
    case 'tproxy':
      return `-j TPROXY --on-port ${target.port} --on-ip ${target.ip ?? '0.0.0.0'} --tproxy-mark ${masked(target.mark)}`
    default:
      return furtherTarget(target)
  }
}

type Further = Extract<Target, {kind: 'redirect' | 'dnat' | 'snat' | 'zone' | 'notrack' | 'continue' | 'unknown'}>

function furtherTarget(target: Further): string {
  switch (target.kind) {
    case 'redirect':
      return `-j REDIRECT${target.ports === undefined ? '' : ` --to-ports ${rangesText([target.ports], '-')}`}${randomly(target)}`
    case 'dnat':
      return `-j DNAT --to-destination ${natText(target)}${randomly(target)}`
    case 'snat':
      return `-j SNAT --to-source ${natText(target)}${randomly(target)}`
    case 'zone':
      return `-j CT --zone${target.of === undefined ? '' : `-${target.of === 'reply' ? 'reply' : 'orig'}`} ${target.zone}`
    case 'notrack':
      return '-j CT --notrack'
    case 'continue':
      return target.name === 'no target' ? '' : `-j ${target.name}`
    case 'unknown':
      return target.text
  }
}

function randomly({random}: {readonly random?: true}): string {
  return random === true ? ' --random' : ''
}

/** `10.0.0.1:80-90`, `[fd00::1]:80`, `fd00::1`. */
export function natText({ip = '', lastIp, ports}: {readonly ip?: string; readonly lastIp?: string; readonly ports?: PortRange}): string {
  const addresses = lastIp === undefined ? ip : `${ip}-${lastIp}`
  if (ports === undefined) return addresses
  return `${ip.includes(':') ? `[${addresses}]` : addresses}:${rangesText([ports], '-')}`
}
