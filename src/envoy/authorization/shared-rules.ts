import type {Json} from '../../flow/connection.js'
import type {Tri} from '../../flow/tri.js'
import {isObject, type View} from '../../json/view.js'
import {matchCidr} from '../match/cidr.js'
import {describeCidr, describeHeader, describeMetadata, describeString} from '../match/describe.js'
import {matchHeader} from '../match/header.js'
import {matchMetadata} from '../match/metadata.js'
import {agreedOutcome} from '../match/path-parameters.js'
import {matchPath} from '../match/path.js'
import {leaf, type Clause} from './clause.js'
import {metadataOf, rbacHeaderLines, rulePaths, type RuleContext} from './subject.js'
import type {RuleKind} from './rule-tree.js'

/** Rules that permissions and principals have in common. Source: envoy-2022 D7. */
export const SHARED_RULES: readonly (readonly [string, RuleKind])[] = [
  ['any', () => leaf('yes', () => 'anything')],
  ['header', headerRule],
  [
    'url_path',
    (matcher, context) =>
      leaf(agreedOutcome(rulePaths(context).map((path) => matchPath(matcher, path))), () => `path ${describeString(matcher.get('path'))}`),
  ],
  ['metadata', (matcher, {subject}) => leaf(matchMetadata(matcher, metadataOf(subject)), () => describeMetadata(matcher))],
  ['sourced_metadata', sourcedMetadata],
]

/** An address in a range; without an address (an internal connection) it is in none: ambient-ga J.2. */
export function addressRule(range: View, {name, ip}: {name: string; ip: string | undefined}): Clause {
  return leaf(matchCidr({range, ip}), () => `${name} ${describeCidr(range)}`)
}

function headerRule(matcher: View, {subject, semantics}: RuleContext): Clause {
  const headerLines = rbacHeaderLines(semantics)
  return leaf(matchHeader(matcher, {request: subject.stream?.request, semantics: {headerLines}}), () => describeHeader(matcher))
}

function sourcedMetadata(sourced: View, {subject}: RuleContext): Clause {
  const matcher = sourced.get('metadata_matcher')
  const fromRoute = sourced.str('metadata_source') === 'ROUTE'
  if (matcher === undefined) return leaf('undetermined', () => 'sourced_metadata without a matcher')
  const outcome: Tri = fromRoute ? matchRouteMetadata(matcher, subject.route) : matchMetadata(matcher, metadataOf(subject))
  return leaf(outcome, () => `${fromRoute ? 'route ' : ''}${describeMetadata(matcher)}`)
}

/** Without a route there is no metadata to match; a caller that does not say which route was chosen leaves it open. */
function matchRouteMetadata(matcher: View, route: View | undefined): Tri {
  if (route === undefined) return 'undetermined'
  const filters = route.path('metadata', 'filter_metadata')?.entries() ?? []
  return matchMetadata(matcher, new Map(filters.map(([filter, {value}]) => [filter, jsonOf(value)])))
}

/** Metadata nested deeper than this is cut: no matcher reaches it. */
const MAX_NESTING = 64

function jsonOf(value: unknown, depth = 0): Json {
  if (depth > MAX_NESTING) return null
  if (Array.isArray(value)) return value.map((item: unknown) => jsonOf(item, depth + 1))
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOf(item, depth + 1)]))
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
