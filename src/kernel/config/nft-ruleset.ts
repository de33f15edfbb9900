import type {Family} from './ip.js'
import type {IpSet, IpSetMember, Place} from './model.js'
import {chainWithParts, inlined} from './nft-rule.js'
import {nftItems} from './nft-verdict-map.js'
import type {RuleChain, RuleTable} from './packet-rules.js'
import {badLine, isJson, linesOf, type SourceLine, type SourceText} from './source-text.js'

/** What `nft list ruleset` says, in the words of iptables: base chains stand under the name of their hook. */
export interface NftRules {
  readonly tables: readonly RuleTable[]
  readonly sets: readonly IpSet[]
}

/**
 * Reads `nft list ruleset` as far as iptables-nft and the nftables mode of Istio's CNI need it. Statements that are not modelled become
 * unknown matches or targets. Source: nft(8); ambient-ga E.
 * @throws InputError with the line that belongs to no block
 */
export function readNftRuleset(source: SourceText, {family, withIptables}: NftRequest): NftRules {
  if (isJson(source)) {
    throw badLine({...source, line: 1}, {what: 'nft printed its rules as JSON', expected: 'what "nft list ruleset" prints without -j'})
  }
  const all = tablesOf(source).filter(({families}) => families.includes(family))
  const tables = all.filter((table) => withIptables || !isOfIptables(table))
  return {tables: tables.flatMap((table) => ruleTables(table, family)), sets: tables.flatMap(({sets}) => sets.map(setOf))}
}

export interface NftRequest {
  readonly family: Family
  /** Also the tables that iptables-nft makes. */
  readonly withIptables: boolean
}

const IPTABLES = new Set(['raw', 'mangle', 'nat', 'filter', 'security'])

function isOfIptables({families, name}: NftTable): boolean {
  return families.length === 1 && IPTABLES.has(name)
}

interface NftTable {
  readonly name: string
  /** As nft prints it: `inet istio-ambient-nat`. */
  readonly title: string
  readonly families: readonly Family[]
  /** `dormant`: its base chains are not registered. */
  readonly flags: string[]
  readonly chains: NftBlock[]
  readonly sets: NftBlock[]
  readonly maps: NftBlock[]
}

interface NftBlock {
  readonly name: string
  readonly heading: SourceLine
  readonly lines: SourceLine[]
}

const FAMILIES: ReadonlyMap<string, readonly Family[]> = new Map([
  ['ip', [4]],
  ['ip6', [6]],
  ['inet', [4, 6]],
])

/** Blocks are one deep in tables; what an element list opens in a line it closes in the same or a later one. */
function tablesOf(source: SourceText): readonly NftTable[] {
  const tables: NftTable[] = []
  let block: NftBlock | undefined
  for (const line of linesOf(source).map(withoutHandle).filter(isContent)) {
    const text = line.text.trim()
    const [, family, name] = /^table (?:(\w+) )?(\S+) \{$/.exec(text) ?? []
    if (name !== undefined) tables.push(newTable(family, name))
    else if (text === '}') block = undefined
    else if (block !== undefined) block.lines.push(line)
    else if (TABLE_REMARK.test(text)) tables.at(-1)?.flags.push(...flagsOf(text))
    else block = openBlock(line, tables.at(-1))
  }
  return tables
}

/** What `nft -a` adds to each line. */
function withoutHandle(line: SourceLine): SourceLine {
  return {...line, text: line.text.replace(/ # handle \d+$/, '')}
}

function isContent({text}: SourceLine): boolean {
  return !text.trim().startsWith('#')
}

const TABLE_REMARK = /^(?:comment "[^"]*"|flags [\w,]+)$/

function flagsOf(remark: string): readonly string[] {
  return remark.startsWith('flags ') ? remark.slice('flags '.length).split(',') : []
}

function newTable(family = 'ip', name = ''): NftTable {
  return {name, title: `${family} ${name}`, families: FAMILIES.get(family) ?? [], flags: [], chains: [], sets: [], maps: []}
}

function openBlock(line: SourceLine, table: NftTable | undefined): NftBlock {
  const [, kind, name = ''] = /^(\w[\w ]*?) (\S+) \{/.exec(line.text.trim()) ?? []
  if (table === undefined || kind === undefined) {
    throw badLine(line, {what: 'A line of nft list ruleset belongs to no chain', expected: '"table <family> <name> {", "chain <name> {"'})
  }
  const block = {name, heading: line, lines: []}
  if (kind === 'chain') table.chains.push(block)
  if (kind === 'set') table.sets.push(block)
  if (kind === 'map') table.maps.push(block)
  return block
}

/** Base chains of one table may belong to several tables of iptables: each gets all user chains. */
function ruleTables(table: NftTable, family: Family): readonly RuleTable[] {
  const isChain = (name: string): boolean => table.chains.some((chain) => chain.name === name)
  const foreign = isOfIptables(table)
  const maps = new Map(table.maps.map((block) => [block.name, elementsOf(block)]))
  const sets = new Map(table.sets.flatMap(inlinedSet))
  const chains = table.chains.map((block) => ({
    block,
    base: baseOf(block),
    parts: chainWithParts(rulesOf(block), {chain: block.name, family, isChain, foreign, maps, sets}),
  }))
  const users = chains.filter(({base}) => base === undefined).flatMap(({parts}) => parts)
  return chains.flatMap(({base, parts}) => {
    if (base === undefined || table.flags.includes('dormant')) return []
    const [own, ...others] = parts
    const named: RuleChain = {name: base.hook, policy: base.policy, rules: own?.rules ?? []}
    return [
      {
        name: base.table,
        backend: 'nft' as const,
        title: table.title,
        priority: base.priority,
        ...(base.reroutes ? {reroutes: true as const} : {}),
        chains: new Map([named, ...others, ...users].map((chain) => [chain.name, chain] as const)),
      },
    ]
  })
}

interface BaseChain {
  readonly table: string
  readonly hook: string
  readonly policy: 'ACCEPT' | 'DROP'
  readonly priority: number
  readonly reroutes: boolean
}

const BASE = /^type (\w+) hook (\w+) (?:device \S+ )?priority ([^;]+);(?: policy (\w+);)?/

function baseOf({lines}: NftBlock): BaseChain | undefined {
  const [, type = '', hook = '', priority = '', policy] =
    lines.map(({text}) => BASE.exec(text.trim())).find((match) => match !== null) ?? []
  if (hook === '') return undefined
  const place = priorityOf(priority)
  return {
    table: type === 'nat' ? 'nat' : tableAt(place),
    hook: hook.toUpperCase(),
    policy: policy === 'drop' ? 'DROP' : 'ACCEPT',
    priority: place,
    reroutes: type === 'route',
  }
}

const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
])

/** `mangle`, `-150`, `mangle - 5`. */
function priorityOf(text: string): number {
  const [, name = '', sign, more = '0'] = /^(-?\w+)(?: ([+-]) (\d+))?$/.exec(text.trim()) ?? []
  return (PRIORITIES.get(name) ?? Number(name)) + (sign === '-' ? -Number(more) : Number(more))
}

/** Before connection tracking, before routing decisions are final, or after. */
function tableAt(priority: number): string {
  if (priority <= -200) return 'raw'
  return priority < -50 ? 'mangle' : 'filter'
}

function rulesOf({lines}: NftBlock): readonly SourceLine[] {
  return lines.filter(({text}) => !BASE.test(text.trim()) && !/^(policy|comment|flags) /.test(text.trim()))
}

/** Members that packets add and time takes away again are not known: what was recorded is over. */
function setOf(block: NftBlock): IpSet {
  const {name, heading, lines} = block
  const place = {file: heading.file, line: heading.line}
  const isPlain = lines.some(({text}) => /^type ipv[46]_addr;?$/.test(text.trim())) && !isDynamic(block)
  return {name, type: isPlain ? 'hash:net' : 'nft', members: elementsOf(block).map((text) => memberOf(text, place)), place}
}

function inlinedSet(block: NftBlock): readonly (readonly [string, string])[] {
  const text = isDynamic(block) ? undefined : inlined(elementsOf(block))
  return text === undefined ? [] : [[block.name, text]]
}

function isDynamic({lines}: NftBlock): boolean {
  return lines.some(({text}) => /^flags [\w,]*dynamic/.test(text.trim()))
}

/** `elements = { 10.0.0.1, 10.0.0.2 }`, over one or more lines. */
function elementsOf({lines}: NftBlock): readonly string[] {
  const all = lines.map(({text}) => text.trim()).join(' ')
  return nftItems(/elements = \{(.*?)\}?$/.exec(all)?.[1] ?? '')
}

/** `10.0.0.1 comment "uid"`: istio-cni writes the pod's uid there. */
function memberOf(text: string, place: Place): IpSetMember {
  const [entry = ''] = text.split(' ')
  const comment = / comment "([^"]*)"/.exec(text)?.[1]
  return {text: entry, parts: [entry], nomatch: false, place, ...(comment === undefined ? {} : {comment})}
}
