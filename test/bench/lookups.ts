import {legacyMatcher} from '../../src/envoy/filter-chain/legacy.js'
import {inRange, ipBytes, parseRange, type Range} from '../../src/envoy/match/ip.js'
import {treeLevel} from '../../src/envoy/matcher/tree-level.js'
import {View} from '../../src/json/view.js'
import {CONNECTION} from '../envoy/filter-chain/connections.js'

const RANGES = 10_000
const CHAINS = 1_000

interface Row {
  readonly what: string
  readonly questions: number
  /** Asks all questions, and counts what was found. */
  readonly compiled: () => number
  readonly scan: () => number
}

/** A matcher of 10,000 ranges and a listener of 1,000 filter chains, asked by compiled look-ups and by a scan over everything, as one table. */
export function lookupTable(): string {
  const head = ['| look-ups | questions | first time, ms | again, ms | scan, ms | scan ÷ again |', '|---|---|---|---|---|---|']
  return [...head, ...[ipMatcher(), filterChains()].map(measure)].join('\n')
}

/** The first time compiles. Both ways must find the same. */
function measure({what, questions, compiled, scan}: Row): string {
  const [first, found] = timed(compiled)
  const [again] = timed(compiled)
  const [scanned, expected] = timed(scan)
  if (found !== expected) throw new Error(`${what}: look-ups found ${found}, the scan ${expected}`)
  const figures = [questions, first.toFixed(0), again.toFixed(1), scanned.toFixed(0), (scanned / again).toFixed(0)]
  return `| ${what} | ${figures.join(' | ')} |`
}

function timed(run: () => number): [number, number] {
  const start = performance.now()
  const result = run()
  return [performance.now() - start, result]
}

/** Pods and their networks, and addresses among them. */
function ipMatcher(): Row {
  const prefixes = Array.from({length: RANGES}, (_, index) =>
    index % 50 === 0 ? `10.${(index / 50) % 256}.0.0/16` : `${address(index * 3)}/32`,
  )
  const tree = new View({custom_match: {typed_config: matcherOf(prefixes)}}, '')
  const questions = Array.from({length: 10_000}, (_, index) => address(index * 7))
  const ranges = prefixes.flatMap((text) => rangeOf(text) ?? []).toSorted((a, b) => b.length - a.length)
  return {
    questions: questions.length,
    what: `IPMatcher of ${RANGES.toLocaleString('en')} ranges`,
    compiled: () => sum(questions, (ip) => treeLevel(tree, {nested: 'resume', prefix: 'resume'})?.find(ip).length ?? 0),
    scan: () => sum(questions, (ip) => scanRanges(ranges, ip)),
  }
}

function matcherOf(prefixes: readonly string[]): object {
  return {
    '@type': 'type.googleapis.com/xds.type.matcher.v3.IPMatcher',
    range_matchers: prefixes.map((text) => ({ranges: [cidr(text)], on_match: {action: {name: text}}})),
  }
}

function cidr(text: string): {address_prefix: string; prefix_len: number} {
  const [address_prefix = '', length] = text.split('/')
  return {address_prefix, prefix_len: Number(length)}
}

function rangeOf(text: string): Range | undefined {
  const {address_prefix: prefix, prefix_len: length} = cidr(text)
  return parseRange({prefix, length})
}

function scanRanges(ranges: readonly Range[], ip: string): number {
  const bytes = ipBytes(ip) ?? []
  return ranges.filter((range) => inRange(bytes, range)).length
}

/** One chain per destination address; the scan reads the ranges of each, and looks at nothing else. */
function filterChains(): Row {
  const chains = Array.from(
    {length: CHAINS},
    (_, index) => new View({name: `c${index}`, filter_chain_match: {prefix_ranges: [cidr(`${address(index)}/32`)]}}, `/${index}`),
  )
  const matcher = legacyMatcher(chains)
  const questions = Array.from({length: 100}, (_, index) => ({...CONNECTION, local: {ip: address(index * 7), port: 80}}))
  return {
    questions: questions.length,
    what: `filter_chain_match of ${CHAINS.toLocaleString('en')} chains`,
    compiled: () => sum(questions, (connection) => matcher.match(connection).filter(({chain}) => chain !== undefined).length),
    scan: () => sum(questions, ({local}) => scanChains(chains, local.ip)),
  }
}

function scanChains(chains: readonly View[], ip: string): number {
  const bytes = ipBytes(ip) ?? []
  return chains.filter((chain) => {
    const [range] = chain.get('filter_chain_match')?.list('prefix_ranges') ?? []
    const parsed = parseRange({prefix: range?.str('address_prefix') ?? '', length: range?.num('prefix_len') ?? 0})
    return parsed !== undefined && inRange(bytes, parsed)
  }).length
}

function address(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0)
}
