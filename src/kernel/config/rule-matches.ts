import {CONNTRACK_OPTIONS} from './conntrack-matches.js'
import type {Family} from './ip.js'
import {protocolName} from './iproute-names.js'
import {matchOfModule} from './module-matches.js'
import type {Match, MatchBody} from './packet-rules.js'
import {parseMarkMask, type MarkMask} from './source-text.js'
import {dscpValue, tosValue} from './type-of-service.js'
import {portRanges, prefixList} from './rule-values.js'
import {restOfOption, type WordReader} from './rule-words.js'

/** Reads options up to `-j`, `-g` or the end. Options of modules that are not modelled become matches of kind `unknown`. */
export function readMatches(reader: WordReader, family: Family): readonly Match[] {
  const modules: Match[][] = [[]]
  let [module, negated] = ['', false]
  for (let word = reader.peek(); word !== undefined && !isTargetOption(word); word = reader.peek()) {
    reader.next()
    if (word === '!') negated = true
    else if (word === '-m' || word === '--match') {
      module = reader.next() ?? ''
      modules.push([...matchOfModule(module, reader)])
    } else {
      const late = isNegatedLate(reader) && reader.next() === '!'
      const isNegated = negated || late
      modules.at(-1)?.push(...bodyOf({option: word, module, family, reader}).map((body) => ({negated: isNegated, ...body})))
      negated = false
    }
  }
  return modules.flatMap(withState)
}

/** What stands beside a state in one `-m conntrack`. */
function withState(module: readonly Match[]): readonly Match[] {
  if (!module.some(({kind}) => kind === 'ct-state')) return module
  return module.map((match) => (match.kind !== 'ct-state' && match.kind.startsWith('ct-') ? {...match, besideState: true} : match))
}

/** Older releases print the negation after the option; before an option it belongs to that one. */
function isNegatedLate(reader: WordReader): boolean {
  return reader.peek() === '!' && reader.peek(1)?.startsWith('-') === false
}

export function isTargetOption(word: string): boolean {
  return word === '-j' || word === '--jump' || word === '-g' || word === '--goto'
}

interface Option {
  readonly option: string
  readonly module: string
  readonly family: Family
  readonly reader: WordReader
}

/** `negated`: of what stands before its second option. */
type Body = MatchBody & {readonly negated?: boolean}
type Parser = (value: string, option: Option) => Body | undefined

function bodyOf(option: Option): readonly Body[] {
  if (SAYING_NOTHING.has(option.option)) return skipValue(option.reader)
  const flag = ofModule(FLAGS, option)
  if (flag !== undefined) return flag
  const parser = ofModule(PARSERS, option)
  if (parser === undefined) return unknownOption(option, restOfOption(option.reader))
  const value = option.reader.next() ?? ''
  const body = parser(value, option)
  return body === undefined ? unknownOption(option, [value]) : [body]
}

/** Modules share option names: `--mark` of mark and of connmark. */
function ofModule<Value>(table: ReadonlyMap<string, Value>, {module, option}: Option): Value | undefined {
  return table.get(`${module} ${option}`) ?? table.get(option)
}

function unknownOption({option}: Option, values: readonly string[]): readonly MatchBody[] {
  return [{kind: 'unknown', text: [option, ...values].join(' ')}]
}

/** A counter of nfacct holds where there is no quota (nfacct_mt). */
const SAYING_NOTHING = new Set(['--comment', '--nfacct-name'])
/** Whether a match counts in its set is nothing that the packet hears of (xt_set). */
const SAYING_NOTHING_BARE = ['set --update-counters', 'set --update-subcounters'] as const

function skipValue(reader: WordReader): readonly [] {
  reader.next()
  return []
}

/** Options without a value. */
const FLAGS: ReadonlyMap<string, readonly MatchBody[]> = new Map<string, readonly MatchBody[]>([
  ['owner --socket-exists', [{kind: 'socket-exists'}]],
  ['--syn', [{kind: 'tcp-flags', mask: ['FIN', 'SYN', 'RST', 'ACK'], set: ['SYN']}]],
  ['-4', []],
  ['-6', []],
  ...SAYING_NOTHING_BARE.map((option): readonly [string, readonly MatchBody[]] => [option, []]),
  // What is walked is whole: no packet is a second or further fragment.
  ['-f', [{kind: 'one-of', options: []}]],
  ['--fragment', [{kind: 'one-of', options: []}]],
])

const source: Parser = (value, {family}) => addresses('source', {value, family})
const destination: Parser = (value, {family}) => addresses('destination', {value, family})
const inDevice: Parser = (name) => ({kind: 'in-device', name})
const outDevice: Parser = (name) => ({kind: 'out-device', name})
const protocol: Parser = (name) => ({kind: 'protocol', protocol: PROTOCOLS.get(name) ?? protocolName(name)})
const sourcePort: Parser = (value) => ports('source-port', value)
const destinationPort: Parser = (value) => ports('destination-port', value)
const icmpType: Parser = (value) => {
  // Each type: the protocol stands beside it (libxt_icmp).
  if (value === 'any') return {kind: 'one-of', options: [[]]}
  const match = /^(\d+)(?:\/(\d+))?$/.exec(value)
  if (match === null) return undefined
  return {kind: 'icmp-type', type: Number(match[1]), ...(match[2] === undefined ? {} : {code: Number(match[2])})}
}

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ['-s', source],
  ['--source', source],
  ['-d', destination],
  ['--destination', destination],
  ['-i', inDevice],
  ['--in-interface', inDevice],
  ['-o', outDevice],
  ['--out-interface', outDevice],
  ['-p', protocol],
  ['--protocol', protocol],
  ['--sport', sourcePort],
  ['--source-port', sourcePort],
  ['--dport', destinationPort],
  ['--destination-port', destinationPort],
  ['multiport --sports', sourcePort],
  ['multiport --source-ports', sourcePort],
  ['multiport --dports', destinationPort],
  ['multiport --destination-ports', destinationPort],
  ['multiport --ports', (value) => ports('any-port', value)],
  ['--tcp-flags', (value, {reader}) => ({kind: 'tcp-flags', mask: flagNames(value), set: flagNames(reader.next() ?? '')})],
  ['--icmp-type', icmpType],
  ['--icmpv6-type', icmpType],
  ['mark --mark', (value) => marked('mark', value)],
  ['connmark --mark', (value) => marked('connmark', value)],
  ...CONNTRACK_OPTIONS,
  ['iprange --src-range', source],
  ['iprange --dst-range', destination],
  ['tos --tos', (value) => typeOfService(tosValue(value))],
  ['dscp --dscp', (value) => typeOfService(dscpValue(value))],
  ['dscp --dscp-class', (value) => typeOfService(dscpValue(value))],
  ['set --match-set', (set, {reader}) => ({kind: 'set', set, sides: (reader.next() ?? '').split(',')})],
  ['addrtype --src-type', (value) => ({kind: 'address-type', side: 'source', types: value.split(',')})],
  ['addrtype --dst-type', (value) => ({kind: 'address-type', side: 'destination', types: value.split(',')})],
  ['statistic --mode', (mode, {reader}) => statistic(mode, reader)],
  ['owner --uid-owner', (value) => owner('user', value)],
  ['owner --gid-owner', (value) => owner('group', value)],
])

const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['icmp6', 'icmpv6'],
  ['0', 'all'],
])

function addresses(
  kind: 'source' | 'destination',
  {value, family}: {readonly value: string; readonly family: Family},
): MatchBody | undefined {
  const prefixes = prefixList(value, family)
  return prefixes === undefined ? undefined : {kind, prefixes}
}

function ports(kind: 'source-port' | 'destination-port' | 'any-port', value: string): MatchBody | undefined {
  const ranges = portRanges(value)
  return ranges === undefined ? undefined : {kind, ranges}
}

function flagNames(value: string): readonly string[] {
  if (value === 'NONE') return []
  return value === 'ALL' ? ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] : value.split(',')
}

function marked(kind: 'mark' | 'connmark', value: string): MatchBody | undefined {
  const mark = parseMarkMask(value)
  return mark === undefined ? undefined : {kind, mark}
}

function typeOfService(tos: MarkMask | undefined): MatchBody | undefined {
  return tos === undefined ? undefined : {kind: 'type-of-service', tos}
}

function owner(of: 'user' | 'group', value: string): MatchBody | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(value)
  return match === null ? undefined : {kind: 'owner', of, ids: [{from: Number(match[1]), to: Number(match[2] ?? match[1])}]}
}

/** `--mode random ! --probability 0.5`: the negation of all stands before the second option (libxt_statistic). */
function statistic(mode: string, reader: WordReader): Body | undefined {
  const isInverted = reader.peek() === '!' && reader.next() === '!'
  const values = new Map<string, string>()
  while (/^--(probability|every|packet)$/.test(reader.peek() ?? '')) values.set(reader.next() ?? '', reader.next() ?? '')
  const body = mode === 'random' ? drawn(values.get('--probability')) : everyNth(values)
  return body === undefined || !isInverted ? body : {...body, negated: true}
}

function drawn(probability: string | undefined): MatchBody | undefined {
  return probability !== undefined && /^\d(\.\d+)?$/.test(probability) ? {kind: 'probability', probability} : undefined
}

function everyNth(values: ReadonlyMap<string, string>): MatchBody | undefined {
  const every = Number(values.get('--every'))
  return every > 0 ? {kind: 'every-nth', every, packet: Number(values.get('--packet') ?? 0)} : undefined
}
