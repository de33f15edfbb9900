import {canonicalIp} from './ip.js'
import {isFewPorts, natAddress, portsOf} from './nat-address.js'
import type {Target} from './packet-rules.js'
import {ALL_BITS, parseMarkMask, type MarkMask} from './source-text.js'
import type {WordReader} from './rule-words.js'
import {dscpValue, tosValue} from './type-of-service.js'
import {isTargetOption} from './rule-matches.js'

type Options = ReadonlyMap<string, string>

/** Reads `-j TARGET …` or `-g CHAIN`. A name that is no known target is taken for a chain if the table has one. */
export function readTarget(reader: WordReader, isChain: (name: string) => boolean): Target {
  const option = reader.next()
  if (option === undefined) return {kind: 'continue', name: 'no target'}
  const name = reader.next() ?? ''
  if (!isTargetOption(option)) return {kind: 'unknown', text: option}
  if (option === '-g' || option === '--goto') return isChain(name) ? {kind: 'goto', chain: name} : {kind: 'unknown', text: `-g ${name}`}
  if (isChain(name)) return {kind: 'jump', chain: name}
  const words = remaining(reader)
  return TARGETS.get(name)?.(optionsOf(words)) ?? {kind: 'unknown', text: [`-j ${name}`, ...words].join(' ')}
}

function remaining(reader: WordReader): readonly string[] {
  const words: string[] = []
  while (!reader.done()) words.push(reader.next() ?? '')
  return words
}

function optionsOf(words: readonly string[]): Options {
  const options = new Map<string, string>()
  for (let at = 0; at < words.length; at += 1) {
    const [name = '', value = ''] = [words[at], words[at + 1]]
    const takesValue = value !== '' && !value.startsWith('--')
    options.set(name, takesValue ? value : '')
    if (takesValue) at += 1
  }
  return options
}

/** Targets after which the packet is as it was to every decision; of TEE it is a copy that goes elsewhere. */
const LOOKING_ON = [
  ...['LOG', 'NFLOG', 'TRACE', 'CHECKSUM', 'TCPMSS', 'TCPOPTSTRIP', 'ECN', 'CLASSIFY', 'AUDIT', 'TEE', 'LED', 'IDLETIMER', 'RATEEST'],
  ...['SECMARK', 'CONNSECMARK'],
] as const

const TARGETS: ReadonlyMap<string, (options: Options) => Target | undefined> = new Map<string, (options: Options) => Target | undefined>([
  ['ACCEPT', () => ({kind: 'accept'})],
  ['DROP', () => ({kind: 'drop'})],
  ['RETURN', () => ({kind: 'return'})],
  ['REJECT', (options) => ({kind: 'reject', with: options.get('--reject-with') ?? 'icmp-port-unreachable'})],
  ['MARK', (options) => markTarget('set-mark', options)],
  ['CONNMARK', connmarkTarget],
  ['TPROXY', tproxyTarget],
  ['REDIRECT', redirectTarget],
  ['DNAT', dnatTarget],
  ['SNAT', snatTarget],
  ['MASQUERADE', (options) => ({kind: 'masquerade', randomPort: isRandom(options), ...portsOf(options.get('--to-ports'))})],
  ['CT', ctTarget],
  ['TOS', (options) => tosTarget(tosValue(options.get('--set-tos') ?? ''))],
  ['DSCP', (options) => tosTarget(dscpValue(options.get('--set-dscp') ?? options.get('--set-dscp-class') ?? ''))],
  ['SET', (options) => (options.has('--map-set') ? undefined : {kind: 'continue', name: 'SET'})],
  ['NOTRACK', () => ({kind: 'notrack'})],
  ...[...LOOKING_ON, 'TTL', 'HL'].map((name) => [name, () => ({kind: 'continue', name}) as const] as const),
])

/** `--set-mark v/m` also clears the bits of v; and, or, xor are its special cases (extensions/libxt_MARK.c). */
function changeOf(options: Options): MarkMask | undefined {
  const value = (name: string): MarkMask | undefined => {
    const text = options.get(name)
    return text === undefined ? undefined : parseMarkMask(text)
  }
  const [exclusive, set] = [value('--set-xmark'), value('--set-mark')]
  if (exclusive !== undefined) return exclusive
  if (set !== undefined) return {value: set.value, mask: (set.value | set.mask) >>> 0}
  return logicalChange(value)
}

function logicalChange(value: (name: string) => MarkMask | undefined): MarkMask | undefined {
  const [and, or, xor] = [value('--and-mark'), value('--or-mark'), value('--xor-mark')]
  if (and !== undefined) return {value: 0, mask: ~and.value >>> 0}
  if (or !== undefined) return {value: or.value, mask: or.value}
  return xor === undefined ? undefined : {value: xor.value, mask: 0}
}

function markTarget(kind: 'set-mark' | 'set-connmark', options: Options): Target | undefined {
  const change = changeOf(options)
  return change === undefined ? undefined : {kind, change}
}

function tosTarget(change: MarkMask | undefined): Target | undefined {
  return change === undefined ? undefined : {kind: 'set-tos', change}
}

function connmarkTarget(options: Options): Target | undefined {
  // Shifted marks are not modelled.
  if (options.has('--left-shift-mark') || options.has('--right-shift-mark')) return undefined
  const kind = options.has('--save-mark') ? 'save-mark' : options.has('--restore-mark') ? 'restore-mark' : undefined
  if (kind === undefined) return markTarget('set-connmark', options)
  const both = options.get('--mask')
  const [packetMask, connectionMask] = [maskOf(options.get('--nfmask') ?? both), maskOf(options.get('--ctmask') ?? both)]
  return packetMask === undefined || connectionMask === undefined ? undefined : {kind, packetMask, connectionMask}
}

function maskOf(text: string | undefined): number | undefined {
  return text === undefined ? ALL_BITS : parseMarkMask(text)?.value
}

function tproxyTarget(options: Options): Target | undefined {
  const port = options.get('--on-port')
  const ip = options.get('--on-ip')
  const mark = parseMarkMask(options.get('--tproxy-mark') ?? '0x0/0x0')
  if (port === undefined || !/^\d{1,5}$/.test(port) || mark === undefined) return undefined
  const any = ip === undefined || ip === '0.0.0.0' || ip === '::'
  return {kind: 'tproxy', port: Number(port), mark, ...(any ? {} : {ip: canonicalIp(ip)})}
}

function redirectTarget(options: Options): Target | undefined {
  return withRandom({kind: 'redirect', ...portsOf(options.get('--to-ports') ?? options.get('--to-port'))}, isRandom(options))
}

function dnatTarget(options: Options): Target | undefined {
  const address = natAddress(options.get('--to-destination'))
  return address === undefined ? undefined : withRandom({kind: 'dnat', ...address}, isRandom(options))
}

function isRandom(options: Options): boolean {
  return options.has('--random') || options.has('--random-fully')
}

/** Undefined: too many ports to follow each. */
export function withRandom(target: Extract<Target, {kind: 'redirect' | 'dnat'}>, random: boolean): Target | undefined {
  if (!random) return target
  return target.ports === undefined || isFewPorts(target.ports) ? {...target, random} : undefined
}

function snatTarget(options: Options): Target | undefined {
  const address = natAddress(options.get('--to-source'))
  return address === undefined ? undefined : {kind: 'snat', ...address, ...(isRandom(options) ? {random: true} : {})}
}

function ctTarget(options: Options): Target | undefined {
  if (options.has('--notrack')) return {kind: 'notrack'}
  const [zone = '0', of] =
    ZONES.flatMap(([name, direction]) => (options.has(name) ? [[options.get(name), direction] as const] : []))[0] ?? []
  if (!/^(\d{1,5}|mark)$/.test(zone)) return undefined
  return {kind: 'zone', zone: zone === 'mark' ? zone : Number(zone), ...(of === undefined ? {} : {of})}
}

/** What only names helpers or events leaves the packet in the usual zone (xt_ct_tg_check). */
const ZONES: readonly (readonly [string, 'original' | 'reply' | undefined])[] = [
  ['--zone', undefined],
  ['--zone-orig', 'original'],
  ['--zone-reply', 'reply'],
]
