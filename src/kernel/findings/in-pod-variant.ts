import {formatPrefix, type Family} from '../config/ip.js'
import type {Match, MatchBody, PacketRule, Target} from '../config/packet-rules.js'
import type {Hook} from './rules-on-the-way.js'
import type {Variant} from './in-pod-expected.js'

/** The rules that packets of a hook may meet in a table. */
export type RulesAt = (table: string, hook: Hook) => readonly PacketRule[]

/** Ports of ztunnel's sockets in the pod (ambient-ga E). */
export const ZTUNNEL_OUTBOUND = 15_001
export const ZTUNNEL_DNS = 15_053

/** How a pod is captured, told by what its rules do, wherever one of them is wrong or missing. Source: ambient-ga E (variants, history). */
export function variantOf(at: RulesAt, family: Family): Variant {
  const native = [...at('nat', 'OUTPUT'), ...at('mangle', 'OUTPUT')].some(({text}) => !text.startsWith('-A '))
  return {family, inbound: inboundOf(at), dns: dnsOf(at), probe: probeOf(at) ?? USUAL_PROBES[family], native}
}

const USUAL_PROBES = {4: '169.254.7.127/32', 6: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'} as const

function inboundOf(at: RulesAt): Variant['inbound'] {
  if (at('mangle', 'PREROUTING').some(({target}) => target.kind === 'tproxy')) return 'tproxy'
  const takesIn = at('nat', 'PREROUTING').some(
    (rule) => (rule.target.kind === 'redirect' && conditionOf(rule, 'in-device') === undefined) || isProbeRule(rule),
  )
  return takesIn ? 'redirect' : 'none'
}

function dnsOf(at: RulesAt): Variant['dns'] {
  const hasZones = [...at('raw', 'OUTPUT'), ...at('raw', 'PREROUTING')].some(({target}) => target.kind === 'zone')
  const rules = at('nat', 'OUTPUT').filter(({target}) => redirectsTo(target, ZTUNNEL_DNS))
  if (!hasZones && rules.length === 0) return 'none'
  const [first] = rules
  return !hasZones && rules.length === 1 && first !== undefined && conditionOf(first, 'mark') === undefined ? 'early' : 'all'
}

export function redirectsTo(target: Target, port: number): boolean {
  return target.kind === 'redirect' && target.ports?.from === port
}

/** The address of probes is a setting of istio-cni: what the pod lets in, else what it lets out. */
function probeOf(at: RulesAt): string | undefined {
  const inbound = [...at('nat', 'PREROUTING'), ...at('mangle', 'PREROUTING')].filter(isProbeRule).map((rule) => onlyPrefix(rule, 'source'))
  const outbound = at('nat', 'OUTPUT').map((rule) => (rule.target.kind === 'accept' ? onlyPrefix(rule, 'destination') : undefined))
  return [...inbound, ...outbound].find((one) => one !== undefined)
}

/** Lets connections of one source in, whatever else is asked. */
export function isProbeRule(rule: PacketRule): boolean {
  return rule.target.kind === 'accept' && onlyPrefix(rule, 'source') !== undefined
}

function onlyPrefix(rule: PacketRule, kind: 'source' | 'destination'): string | undefined {
  const match = conditionOf(rule, kind)
  if (match === undefined || match.negated) return undefined
  const [prefix, ...others] = match.prefixes
  return prefix === undefined || others.length > 0 ? undefined : withLength(formatPrefix(prefix), prefix.length)
}

function withLength(text: string, length: number): string {
  return text.includes('/') ? text : `${text}/${length}`
}

export function conditionOf<Kind extends MatchBody['kind']>(
  {matches}: PacketRule,
  kind: Kind,
): (Match & {readonly kind: Kind}) | undefined {
  return matches.find((match): match is Match & {readonly kind: Kind} => match.kind === kind)
}
