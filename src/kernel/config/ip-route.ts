import {parsePrefix, type Family, type Prefix} from './ip.js'
import {jsonEntries} from './json-entries.js'
import {tableName, tosOf} from './iproute-names.js'
import {routeWords} from './ip-route-json.js'
import type {NextHop, Route, RouteType} from './model.js'
import {badLine, isJson, linesOf, type SourceLine, type SourceText} from './source-text.js'

/**
 * Reads `ip route show table all` as text or `-j`. What is printed without a table belongs to main.
 * @throws InputError with the line of what is no route
 */
export function readIpRoutes(
  source: SourceText,
  {family, table = 'main'}: {readonly family: Family; readonly table?: string},
): readonly Route[] {
  const entries = isJson(source)
    ? jsonEntries(source).map(({value, place}) => ({words: routeWords(value, place), place}))
    : joined(linesOf(source)).map(({text, place}) => ({words: text.trim().split(/\s+/), place}))
  return entries.map(({words, place}, order) => routeOf(words, {place, family, table, order}))
}

/** A multipath route continues on lines that start with a blank. */
function joined(lines: readonly SourceLine[]): readonly {readonly text: string; readonly place: SourceLine}[] {
  const routes: {text: string; place: SourceLine}[] = []
  for (const line of lines) {
    const last = routes.at(-1)
    if (/^\s/.test(line.text) && last !== undefined) last.text += ` ${line.text.trim()}`
    else routes.push({text: line.text, place: line})
  }
  return routes
}

interface Context {
  readonly place: SourceLine
  readonly family: Family
  readonly table: string
  readonly order: number
}

/** In the order of their numbers, which `-N` prints: RTN_UNICAST is 1. */
const KINDS = ['unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable', 'prohibit', 'throw'] as const
const TYPES = new Map<string, RouteType>(
  KINDS.flatMap((type, index): readonly (readonly [string, RouteType])[] => [
    [type, type],
    [String(index + 1), type],
  ]),
)

function routeOf(words: readonly string[], context: Context): Route {
  const named = TYPES.get(words[0] ?? '')
  const [destination = '', ...rest] = named === undefined ? words : words.slice(1)
  const [own = [], ...hops] = splitAt(rest, 'nexthop')
  const parts = [own, ...hops].map(withoutEncapsulation)
  const encapsulation = parts.find((part) => part.encapsulation !== undefined)?.encapsulation
  const [first = [], ...others] = parts.map(({plain}) => plain)
  const route = routeFrom(valuesOf(first), {context, type: named ?? 'unicast', destination: prefixOf(destination, context), hops: others})
  return encapsulation === undefined ? route : {...route, unread: encapsulation}
}

interface RouteParts {
  readonly context: Context
  readonly type: RouteType
  readonly destination: Prefix
  readonly hops: readonly (readonly string[])[]
}

function routeFrom(values: ReadonlyMap<string, string>, {context, type, destination, hops}: RouteParts): Route {
  const source = values.get('src')
  return {
    table: tableName(values.get('table') ?? context.table),
    type,
    destination,
    ...narrowed(values, context),
    nextHops: hops.length === 0 ? singleHop(values, type) : hops.map((hop) => nextHop(valuesOf(hop))),
    ...(source === undefined ? {} : {preferredSource: source}),
    metric: Number(values.get('metric') ?? 0),
    scope: values.get('scope') ?? (type === 'local' ? 'host' : 'global'),
    order: context.order,
    place: {file: context.place.file, line: context.place.line},
  }
}

const NO_TOS = -1

/** What a packet must have besides its destination. A name for a type of service stands for one no packet has. */
function narrowed(values: ReadonlyMap<string, string>, context: Context): Pick<Route, 'source' | 'tos'> {
  const [from, tos] = [values.get('from'), values.get('tos')]
  return {
    ...(from === undefined ? {} : {source: prefixOf(from, context)}),
    ...(tos === undefined ? {} : {tos: tosOf(tos) ?? NO_TOS}),
  }
}

function prefixOf(text: string, {place, family}: Context): Prefix {
  const prefix = parsePrefix(text, family)
  if (prefix === undefined || prefix.family !== family) {
    throw badLine(place, {what: 'A route has an unreadable address', expected: `"default" or an IPv${family} prefix`})
  }
  return prefix
}

/** Types whose routes refuse and lead nowhere, whatever device they name. */
const REFUSING = new Set<RouteType>(['unreachable', 'prohibit', 'blackhole', 'throw'])

function singleHop(values: ReadonlyMap<string, string>, type: RouteType): readonly NextHop[] {
  return REFUSING.has(type) || (!values.has('dev') && !values.has('via')) ? [] : [nextHop(values)]
}

function nextHop(values: ReadonlyMap<string, string>): NextHop {
  const [via, device] = [values.get('via'), values.get('dev')]
  return {
    ...(via === undefined ? {} : {via}),
    ...(device === undefined ? {} : {device}),
    weight: Number(values.get('weight') ?? 1),
    onlink: values.has('onlink'),
    dead: values.has('dead'),
  }
}

const FLAGS = new Set(['onlink', 'dead', 'linkdown', 'pervasive', 'offload', 'trap', 'notify', 'rt_offload', 'rt_trap', 'cache'])

/** `encap ip id 5 src 0.0.0.0 dst 10.0.0.1 … via …`: words of its own, up to the next hop. */
function withoutEncapsulation(words: readonly string[]): {readonly plain: readonly string[]; readonly encapsulation?: string} {
  const at = words.indexOf('encap')
  if (at < 0) return {plain: words}
  const end = words.findIndex((word, index) => index > at && (word === 'via' || word === 'dev'))
  const after = end < 0 ? words.length : end
  return {plain: [...words.slice(0, at), ...words.slice(after)], encapsulation: words.slice(at, at + 2).join(' ')}
}

/** Words before the value: `via inet6 fe80::1` names a next hop of the other family, `mtu lock 1400` what may not change. */
const BEFORE_VALUE = new Set(['via inet6', 'via inet', 'mtu lock', 'congctl lock', 'advmss lock', 'rtt lock', 'hoplimit lock'])

function valuesOf(words: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (FLAGS.has(word)) values.set(word, '')
    else {
      at += BEFORE_VALUE.has(`${word} ${words[at + 1] ?? ''}`) ? 2 : 1
      values.set(word, words[at] ?? '')
    }
  }
  return values
}

function splitAt(words: readonly string[], separator: string): readonly (readonly string[])[] {
  const parts: string[][] = [[]]
  for (const word of words) {
    if (word === separator) parts.push([])
    else parts.at(-1)?.push(word)
  }
  return parts
}
