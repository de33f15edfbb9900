import type {Family} from './ip.js'
import {protocolName} from './iproute-names.js'
import type {MatchBody} from './packet-rules.js'
import {portRanges, prefixList} from './rule-values.js'

type Parser = (value: string, about: {readonly family: Family}) => MatchBody | undefined

/** Options of `-m conntrack` and `-m state` that have a value. Source: libxt_conntrack, libxt_state. */
export const CONNTRACK_OPTIONS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ['conntrack --ctstate', (value) => state(value)],
  ['state --state', (value) => state(value)],
  ['conntrack --ctstatus', (value) => ({kind: 'ct-status', statuses: value === 'NONE' ? [] : value.split(',')})],
  ['conntrack --ctproto', (value) => ({kind: 'ct-protocol', protocol: protocolName(value)})],
  ['conntrack --ctdir', (value) => (value === 'ORIGINAL' || value === 'REPLY' ? {kind: 'ct-direction', direction: value} : undefined)],
  ...tupleOptions('original', {name: 'orig'}),
  ...tupleOptions('reply', {name: 'repl'}),
])

function state(value: string): MatchBody {
  return {kind: 'ct-state', states: value.split(',')}
}

type Of = 'original' | 'reply'
type Side = 'source' | 'destination'

/** `--ctorigsrc`, `--ctorigsrcport`, `--ctorigdst`, `--ctorigdstport`; `--ctrepl…`. */
function tupleOptions(of: Of, {name}: {readonly name: string}): readonly (readonly [string, Parser])[] {
  const sides: readonly (readonly [string, Side])[] = [
    ['src', 'source'],
    ['dst', 'destination'],
  ]
  return sides.flatMap(([short, side]): readonly (readonly [string, Parser])[] => [
    [`conntrack --ct${name}${short}`, (value, {family}) => address({of, side}, {value, family})],
    [`conntrack --ct${name}${short}port`, (value) => port({of, side}, value)],
  ])
}

interface TupleEnd {
  readonly of: Of
  readonly side: Side
}

function address(end: TupleEnd, {value, family}: {readonly value: string; readonly family: Family}): MatchBody | undefined {
  const prefixes = prefixList(value, family)
  return prefixes === undefined ? undefined : {kind: 'ct-address', ...end, prefixes}
}

function port(end: TupleEnd, value: string): MatchBody | undefined {
  const ranges = portRanges(value)
  return ranges === undefined ? undefined : {kind: 'ct-port', ...end, ranges}
}
