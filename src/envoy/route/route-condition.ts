import {not, tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import type {Stream} from '../connection.js'
import {describeHeader, describeMetadata, describeString} from '../match/describe.js'
import {matchFilterState} from '../match/filter-state.js'
import {headerTest} from '../match/header.js'
import {matchMetadata} from '../match/metadata.js'
import {matchQueryParameter} from '../match/query-parameter.js'
import {hasGrpcContentType} from './grpc.js'
import {pathCondition} from './path-condition.js'
import type {RouteCondition, RouteSubject} from './route-subject.js'

/** All conditions of a RouteMatch but its runtime fraction; all of them must hold. Source: envoy-2022 D5 (matchRoute). */
export function routeConditions(match: View): readonly RouteCondition[] {
  const grpc: RouteCondition = {
    text: 'gRPC',
    test: ({stream}) => tri(stream.request.path !== undefined && hasGrpcContentType(stream.request)),
  }
  return [
    pathCondition(match),
    ...(match.get('grpc') === undefined ? [] : [grpc]),
    ...match.list('headers').map(headerCondition),
    ...match.list('query_parameters').map(queryCondition),
    ...(match.get('tls_context')?.entries() ?? []).map(([field, wanted]) => tlsCondition(field, wanted)),
    ...match.list('dynamic_metadata').map(metadataCondition),
    ...match.list('filter_state').map(filterStateCondition),
    ...unknownFields(match).map((field): RouteCondition => ({text: `match field ${field}`, test: () => 'undetermined'})),
  ]
}

function headerCondition(matcher: View): RouteCondition {
  const test = headerTest(matcher)
  return {text: describeHeader(matcher), test: ({stream, semantics}) => test({request: stream.request, semantics})}
}

function queryCondition(matcher: View): RouteCondition {
  const wanted = matcher.get('string_match')
  const words = wanted !== undefined ? describeString(wanted) : matcher.bool('present_match') === false ? 'absent' : 'present'
  return {
    text: `query parameter ${matcher.str('name') ?? ''} ${words}`,
    test: ({stream, semantics}) => matchQueryParameter(matcher, {path: stream.request.path, semantics}),
  }
}

/** Whether a certificate that was presented has been validated depends on the chain's TLS context, which the request does not show. */
function tlsCondition(field: string, wanted: View): RouteCondition {
  const holds = (stream: Stream): Tri => {
    if (stream.connection.tls?.peer === undefined) return 'no'
    return field === 'presented' ? 'yes' : 'undetermined'
  }
  return {
    text: `client certificate ${wanted.value === true ? '' : 'not '}${field}`,
    test: ({stream}) => (wanted.value === true ? holds(stream) : not(holds(stream))),
  }
}

function metadataCondition(matcher: View): RouteCondition {
  return {text: describeMetadata(matcher), test: ({stream}) => matchMetadata(matcher, stream.metadata)}
}

function filterStateCondition(matcher: View): RouteCondition {
  return {
    text: `filter state ${matcher.str('key') ?? ''} ${describeString(matcher.get('string_match'))}`,
    test: ({stream}) => matchFilterState(matcher, new Map([...stream.connection.filterState, ...stream.filterState])),
  }
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'prefix',
  'path',
  'safe_regex',
  'connect_matcher',
  'path_separated_prefix',
  'path_match_policy',
  'case_sensitive',
  'runtime_fraction',
  'headers',
  'query_parameters',
  'grpc',
  'tls_context',
  'dynamic_metadata',
  'filter_state',
])

/** A field this tool does not know may ask for anything. */
function unknownFields(match: View): readonly string[] {
  return match
    .entries()
    .filter(([, {value}]) => value !== null)
    .map(([field]) => snakeCase(field))
    .filter((field) => !KNOWN_FIELDS.has(field))
}

function snakeCase(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

export interface MatchResult {
  readonly outcome: Tri
  /** The condition that ruled the route out, or the ones that could not be decided. */
  readonly because: readonly string[]
}

/** Whether a route takes a request, runtime fraction aside. */
export function matchRoute(match: View, subject: RouteSubject): MatchResult {
  return testConditions(routeConditions(match), subject)
}

export function testConditions(conditions: readonly RouteCondition[], subject: RouteSubject): MatchResult {
  const open: string[] = []
  for (const {text, test} of conditions) {
    const outcome = test(subject)
    if (outcome === 'no') return {outcome, because: [text]}
    if (outcome === 'undetermined') open.push(text)
  }
  return {outcome: open.length === 0 ? 'yes' : 'undetermined', because: open}
}
