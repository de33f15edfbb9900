import {formatPrefix, type Prefix} from '../../../../src/kernel/config/ip.js'
import type {NextHop, PortRange, Route, RoutingAction, RoutingRule} from '../../../../src/kernel/config/model.js'
import {hex} from './print-iptables.js'

/** A line of `ip rule`. */
export function ruleText(rule: RoutingRule): string {
  const words = [
    `${rule.priority}:`,
    ...(rule.negated ? ['not'] : []),
    `from ${rule.source === undefined ? 'all' : formatPrefix(rule.source)}`,
    ...(rule.destination === undefined ? [] : [`to ${formatPrefix(rule.destination)}`]),
    ...(rule.mark === undefined ? [] : [`fwmark ${hex(rule.mark.value)}/${hex(rule.mark.mask)}`]),
    ...named('tos', rule.tos === undefined ? undefined : byte(rule.tos)),
    ...named('iif', rule.inDevice),
    ...named('oif', rule.outDevice),
    ...named('ipproto', rule.protocol),
    ...named('sport', rangeText(rule.sourcePorts)),
    ...named('dport', rangeText(rule.destinationPorts)),
    ...rule.unknown,
    actionText(rule.action),
  ]
  return words.join(' ')
}

function byte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

function named(word: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [`${word} ${value}`]
}

function rangeText(range: PortRange | undefined): string | undefined {
  if (range === undefined) return undefined
  return range.from === range.to ? String(range.from) : `${range.from}-${range.to}`
}

function actionText(action: RoutingAction): string {
  switch (action.kind) {
    case 'lookup':
      return [`lookup ${action.table}`, ...named('suppress_prefixlength', action.suppressPrefixLength)].join(' ')
    case 'goto':
      return `goto ${action.priority}`
    default:
      return action.kind
  }
}

/** An entry of `ip -j rule`, with the members iproute2 6.1 gives it. */
export function ruleJson({priority, negated, source, destination, mark, inDevice, outDevice, protocol, tos, ...rest}: RoutingRule): object {
  return {
    priority,
    ...(negated ? {not: null} : {}),
    ...(source === undefined ? {src: 'all'} : prefixMembers('src', source)),
    ...(destination === undefined ? {} : prefixMembers('dst', destination)),
    ...(mark === undefined ? {} : {fwmark: hex(mark.value), fwmask: hex(mark.mask)}),
    ...(tos === undefined ? {} : {tos: byte(tos)}),
    ...(inDevice === undefined ? {} : {iif: inDevice, iif_detached: null}),
    ...(outDevice === undefined ? {} : {oif: outDevice}),
    ...(protocol === undefined ? {} : {ipproto: protocol}),
    ...portMembers('sport', rest.sourcePorts),
    ...portMembers('dport', rest.destinationPorts),
    ...Object.fromEntries<string | undefined>(rest.unknown.map((text) => [text.replace(/ .*/, ''), text.split(' ')[1]])),
    ...actionMembers(rest.action),
  }
}

function prefixMembers(key: string, {length, ...address}: Prefix): object {
  const bits = address.family === 4 ? 32 : 128
  return {[key]: formatPrefix({...address, length: bits}), ...(length === bits ? {} : {[`${key}len`]: length})}
}

function portMembers(key: string, range: PortRange | undefined): object {
  if (range === undefined) return {}
  return range.from === range.to ? {[key]: range.from} : {[`${key}_start`]: range.from, [`${key}_end`]: range.to}
}

function actionMembers(action: RoutingAction): object {
  switch (action.kind) {
    case 'lookup':
      return {table: action.table, ...(action.suppressPrefixLength === undefined ? {} : {suppress_prefixlen: action.suppressPrefixLength})}
    case 'goto':
      return {goto: action.priority, unresolved: null}
    case 'nop':
      return {nop: null}
    default:
      return {action: action.kind}
  }
}

/** Lines of `ip route show table all`. */
export function routeText(route: Omit<Route, 'order'>): string {
  const {type, destination, table, nextHops, preferredSource, metric, scope} = route
  const [first] = nextHops
  const words = [
    ...(type === 'unicast' ? [] : [type]),
    toText(destination),
    ...selectorWords(route),
    ...(nextHops.length === 1 && first !== undefined ? [`${encapsulated(route)}${hopText(first)}`] : []),
    `table ${table}`,
    'proto static',
    ...(isUsual({type, scope}) ? [] : [`scope ${scope}`]),
    ...named('src', preferredSource),
    ...(metric === 0 ? [] : [`metric ${metric}`]),
    ...(nextHops.length === 1 && first !== undefined ? flagsOf(first) : []),
  ]
  const hops =
    nextHops.length > 1
      ? nextHops.map((hop) => `\n\tnexthop ${encapsulated(route)}${hopText(hop)} weight ${hop.weight} ${flagsOf(hop).join(' ')}`)
      : []
  return `${words.join(' ')} ${hops.join('')}`
}

function encapsulated({unread}: Pick<Route, 'unread'>): string {
  return unread === undefined ? '' : ` ${unread} id 5 src 0.0.0.0 dst 10.0.0.1 ttl 0 tos 0 `
}

function selectorWords({source, tos}: Omit<Route, 'order'>): readonly string[] {
  return [
    ...named('from', source === undefined ? undefined : formatPrefix(source)),
    ...named('tos', tos === undefined ? undefined : byte(tos)),
  ]
}

function toText(destination: Prefix): string {
  return destination.length === 0 ? 'default' : formatPrefix(destination)
}

/** What the output does not say. */
function isUsual({type, scope}: Pick<Route, 'type' | 'scope'>): boolean {
  return scope === (type === 'local' ? 'host' : 'global')
}

function hopText({via, device}: NextHop): string {
  return [...named(via?.includes('fe80') === true ? 'via inet6' : 'via', via), ...named('dev', device)].join(' ')
}

function flagsOf({onlink, dead}: NextHop): readonly string[] {
  return [...(dead ? ['dead', 'linkdown'] : []), ...(onlink ? ['onlink'] : [])]
}

/** An entry of `ip -j route show table all`. */
export function routeJson(route: Omit<Route, 'order'>): object {
  const {type, destination, source, tos, table, nextHops, preferredSource, metric, scope} = route
  const [first] = nextHops
  return {
    ...(type === 'unicast' ? {} : {type}),
    dst: toText(destination),
    ...(source === undefined ? {} : {from: formatPrefix(source)}),
    ...(tos === undefined ? {} : {tos: byte(tos)}),
    ...(nextHops.length === 1 && first !== undefined ? hopMembers(first, route) : {flags: []}),
    table,
    protocol: 'static',
    ...(isUsual({type, scope}) ? {} : {scope}),
    ...(preferredSource === undefined ? {} : {prefsrc: preferredSource}),
    ...(metric === 0 ? {} : {metric}),
    ...(nextHops.length > 1 ? {nexthops: nextHops.map((hop) => ({...hopMembers(hop, route), weight: hop.weight}))} : {}),
  }
}

function hopMembers(hop: NextHop, {unread}: Pick<Route, 'unread'>): object {
  const {via, device} = hop
  const gateway = via?.includes('fe80') === true ? {via: {family: 'inet6', host: via}} : {gateway: via}
  const encap = unread === undefined ? {} : {encap: unread.split(' ')[1]}
  return {...encap, ...(via === undefined ? {} : gateway), ...(device === undefined ? {} : {dev: device}), flags: flagsOf(hop)}
}
