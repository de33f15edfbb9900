import {parsePrefix, type Family, type Prefix} from './ip.js'
import {jsonEntries} from './json-entries.js'
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

const TYPES = new Map<string, RouteType>(
  (['unicast', 'local', 'broadcast', 'anycast', 'multicast', 'unreachable', 'prohibit', 'blackhole', 'throw'] as const).map((type) => [
    type,
    type,
  ]),
)

function routeOf(words: readonly string[], context: Context): Route {
  const named = TYPES.get(words[0] ?? '')
  const [destination = '', ...rest] = named === undefined ? words : words.slice(1)
  const [own = [], ...hops] = splitAt(rest, 'nexthop')
  return routeFrom(valuesOf(own), {context, type: named ?? 'unicast', destination: destinationOf(destination, context), hops})
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
    table: values.get('table') ?? context.table,
    type,
    destination,
    nextHops: hops.length === 0 ? singleHop(values, type) : hops.map((hop) => nextHop(valuesOf(hop))),
    ...(source === undefined ? {} : {preferredSource: source}),
    metric: Number(values.get('metric') ?? 0),
    scope: values.get('scope') ?? (type === 'local' ? 'host' : 'global'),
    order: context.order,
    place: {file: context.place.file, line: context.place.line},
  }
}

function destinationOf(text: string, {place, family}: Context): Prefix {
  const prefix = parsePrefix(text, family)
  if (prefix === undefined || prefix.family !== family) {
    throw badLine(place, {what: 'A route has an unreadable destination', expected: `"default" or an IPv${family} prefix`})
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

/** `via inet6 fe80::1` names a next hop of the other family. */
function valuesOf(words: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (FLAGS.has(word)) values.set(word, '')
    else {
      at += word === 'via' && /^inet6?$/.test(words[at + 1] ?? '') ? 2 : 1
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
