import {z} from 'zod'
import {parsePrefix, type Family} from './ip.js'
import {jsonEntries} from './json-entries.js'
import {protocolName, tableName, tosOf} from './iproute-names.js'
import type {PortRange, RoutingAction, RoutingRule} from './model.js'
import {badLine, isJson, linesOf, parseMarkMask, type SourceLine, type SourceText} from './source-text.js'

/**
 * Reads `ip rule` as text or `-j`. Rules stay in the order of the output, which is ascending priority.
 * @throws InputError with the line of what is no rule
 */
export function readIpRules(source: SourceText, family: Family): readonly RoutingRule[] {
  if (isJson(source)) return jsonEntries(source).map(({value, place}) => ruleOf(wordsOf(value, place), {place, family}))
  return linesOf(source).map((line) => ruleOf(line.text.trim().split(/\s+/), {place: line, family}))
}

interface Context {
  readonly place: SourceLine
  readonly family: Family
}

type Draft = {-readonly [Key in keyof RoutingRule]?: RoutingRule[Key]}

function ruleOf(words: readonly string[], context: Context): RoutingRule {
  const priority = /^(\d+):$/.exec(words[0] ?? '')?.[1]
  if (priority === undefined) throw badLine(context.place, {what: 'An ip rule has no priority', expected: '"<priority>: from …"'})
  const draft = readSelectors(words.slice(1), context)
  if (draft.action === undefined) throw badLine(context.place, {what: 'An ip rule has no action', expected: 'lookup, goto or an action'})
  return {
    negated: false,
    unknown: [],
    ...draft,
    action: draft.action,
    priority: Number(priority),
    place: {file: context.place.file, line: context.place.line},
  }
}

/** In brackets, or as older releases print them. */
const FLAGS = new Set(['unresolved', 'detached', '[unresolved]', '[detached]', 'iif-detached'])
/** The table of the VRF a packet belongs to: without one the rule finds nothing. */
export const VRF_TABLE = '[l3mdev-table]'

/** Words with a value that say nothing about which packets are meant. */
const REMARKS = new Set(['proto', 'protocol', 'realms', 'flow_from', 'flow_to'])

function readSelectors(words: readonly string[], context: Context): Draft {
  let draft: Draft = {}
  for (let at = 0; at < words.length; at += 1) {
    const [word = '', value] = [words[at], words[at + 1]]
    if (word === 'not') draft = {...draft, negated: true}
    else if (isBareAction(word)) draft = {...draft, action: {kind: word}}
    else if (!FLAGS.has(word)) {
      if (value === undefined) throw badLine(context.place, {what: `"${word}" of an ip rule has no value`, expected: 'a value'})
      draft = withSelector(draft, {word, value, context})
      at += 1
    }
  }
  return draft
}

function isBareAction(word: string): word is 'unreachable' | 'prohibit' | 'blackhole' | 'nop' {
  return word === 'unreachable' || word === 'prohibit' || word === 'blackhole' || word === 'nop'
}

function withSelector(draft: Draft, {word, value, context}: {word: string; value: string; context: Context}): Draft {
  switch (word) {
    case 'from':
      return value === 'all' ? draft : {...draft, source: prefixOf(value, context)}
    case 'to':
      return value === 'all' ? draft : {...draft, destination: prefixOf(value, context)}
    case 'fwmark':
      return {...draft, mark: markOf(value, context)}
    case 'iif':
      return {...draft, inDevice: value}
    case 'oif':
      return {...draft, outDevice: value}
    default:
      return withFlowSelector(draft, {word, value, context})
  }
}

function withFlowSelector(draft: Draft, {word, value, context}: {word: string; value: string; context: Context}): Draft {
  // Ports under a mask, which newer releases know.
  if (/^[sd]port$/.test(word) && value.includes('/')) return withUnknown(draft, `${word} ${value}`)
  switch (word) {
    case 'tos': {
      const tos = tosOf(value)
      return tos === undefined ? withUnknown(draft, `${word} ${value}`) : {...draft, tos}
    }
    case 'ipproto':
      return {...draft, protocol: protocolName(value)}
    case 'sport':
      return {...draft, sourcePorts: portsOf(value, context)}
    case 'dport':
      return {...draft, destinationPorts: portsOf(value, context)}
    default:
      return withAction(draft, {word, value, context})
  }
}

function withAction(draft: Draft, {word, value, context}: {word: string; value: string; context: Context}): Draft {
  const number = /^\d+$/.test(value) ? Number(value) : undefined
  switch (word) {
    case 'lookup':
    case 'table':
      return {...draft, action: {...lookupOf(draft), table: tableName(value)}}
    case 'goto':
      if (number === undefined) throw badLine(context.place, {what: 'The target of goto is no priority', expected: 'a number'})
      return {...draft, action: {kind: 'goto', priority: number}}
    case 'suppress_prefixlength':
      if (number === undefined) throw badLine(context.place, {what: 'A prefix length is no number', expected: 'a number'})
      return {...draft, action: {...lookupOf(draft), suppressPrefixLength: number}}
    default:
      return REMARKS.has(word) ? draft : withUnknown(draft, `${word} ${value}`)
  }
}

function withUnknown(draft: Draft, selector: string): Draft {
  return {...draft, unknown: [...(draft.unknown ?? []), selector]}
}

function lookupOf({action}: Draft): Extract<RoutingAction, {kind: 'lookup'}> {
  return action?.kind === 'lookup' ? action : {kind: 'lookup', table: 'main'}
}

function prefixOf(text: string, {place, family}: Context): NonNullable<RoutingRule['source']> {
  const prefix = parsePrefix(text, family)
  if (prefix === undefined) throw badLine(place, {what: 'An ip rule has an unreadable address', expected: 'an address or a prefix'})
  return prefix
}

function markOf(text: string, {place}: Context): NonNullable<RoutingRule['mark']> {
  const mark = parseMarkMask(text)
  if (mark === undefined) throw badLine(place, {what: 'An ip rule has an unreadable fwmark', expected: 'fwmark 0x<value>[/0x<mask>]'})
  return mark
}

function portsOf(text: string, {place}: Context): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (match === null) throw badLine(place, {what: 'An ip rule has an unreadable port', expected: 'a port or a range'})
  return {from: Number(match[1]), to: Number(match[2] ?? match[1])}
}

const scalar = z.union([z.string(), z.number()])
const jsonRule = z.looseObject({
  priority: z.number(),
  not: z.unknown().optional(),
  src: z.string().optional(),
  srclen: z.number().optional(),
  dst: z.string().optional(),
  dstlen: z.number().optional(),
  fwmark: scalar.optional(),
  fwmask: scalar.optional(),
  action: z.string().optional(),
})

/** The JSON form says the same with other keys; it is turned into the words of the text form. */
function wordsOf(value: unknown, place: SourceLine): readonly string[] {
  const parsed = jsonRule.safeParse(value)
  if (!parsed.success) throw badLine(place, {what: 'An entry of ip -j rule is no rule', expected: 'an object with a priority'})
  const {priority, not, src, srclen, dst, dstlen, fwmark, fwmask, action, ...rest} = parsed.data
  return [
    `${priority}:`,
    ...(not === undefined ? [] : ['not']),
    ...(src === undefined ? [] : ['from', withLength(src, srclen)]),
    ...(dst === undefined ? [] : ['to', withLength(dst, dstlen)]),
    ...(fwmark === undefined ? [] : ['fwmark', fwmask === undefined ? String(fwmark) : `${fwmark}/${fwmask}`]),
    ...(action === undefined ? [] : [action]),
    ...Object.entries(rest).flatMap((entry) => restWords(entry, new Map(Object.entries(rest)))),
  ]
}

const RENAMED: ReadonlyMap<string, string> = new Map([['suppress_prefixlen', 'suppress_prefixlength']])
/** A range has two members: where it starts and, behind a dash in the text form, where it ends. */
const RANGES: ReadonlyMap<string, string> = new Map([
  ['sport', 'sport'],
  ['dport', 'dport'],
  ['uid', 'uidrange'],
])

function restWords([key, entry]: readonly [string, unknown], all: ReadonlyMap<string, unknown>): readonly string[] {
  if (key === 'nop') return ['nop']
  if (key === 'l3mdev') return ['lookup', VRF_TABLE]
  if (entry === null || FLAGS.has(key)) return []
  const [, range = '', end] = /^(\w+)_(start|end)$/.exec(key) ?? []
  const word = RANGES.get(range)
  if (word === undefined) return [RENAMED.get(key) ?? key, textOf(entry)]
  return end === 'end' ? [] : [word, `${textOf(entry)}-${textOf(all.get(`${range}_end`))}`]
}

function textOf(entry: unknown): string {
  return typeof entry === 'string' || typeof entry === 'number' ? String(entry) : JSON.stringify(entry)
}

function withLength(base: string, length: number | undefined): string {
  return length === undefined ? base : `${base}/${length}`
}
