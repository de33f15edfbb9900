import type {FilterStateValue, Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {Connection, Stream} from '../connection.js'
import {pathsWithoutParameters} from '../match/path-parameters.js'
import {pathOnly} from '../match/path.js'
import {isFrom} from '../match/version.js'
import type {Semantics} from '../semantics.js'

/** Whom a policy judges: a connection, or a request on it. */
export interface Subject {
  readonly connection: Connection
  readonly stream?: Stream
  /** The route chosen for the request; its metadata answers `sourced_metadata` of source ROUTE. */
  readonly route?: View
  /** Whether path rules pass over path parameters, as the route table of the request may demand. */
  readonly ignorePathParameters?: boolean
}

/** What every rule of a policy may look at. */
export interface RuleContext {
  readonly subject: Subject
  readonly semantics: Semantics
}

/**
 * The paths that path rules see, none without a request. ignore_path_parameters_in_path_matching reaches RBAC only where Envoy cuts by
 * segment (seen on 1.40.0: url_path and uri_template, not the header `:path`; not without a route).
 */
export function rulePaths({subject, semantics}: RuleContext): readonly string[] {
  const path = subject.stream?.request.path
  if (path === undefined) return []
  return subject.ignorePathParameters === true ? pathsWithoutParameters(path, {before: pathOnly(path), semantics}) : [path]
}

/** A request sees its own dynamic metadata, not the connection's: rbac_filter.cc hands over the request's StreamInfo. */
export function metadataOf({connection, stream}: Subject): ReadonlyMap<string, Json> {
  return stream === undefined ? connection.metadata : stream.metadata
}

/** The filter state of a request inherits the connection's. */
export function filterStateOf({connection, stream}: Subject): ReadonlyMap<string, FilterStateValue> {
  return stream === undefined ? connection.filterState : new Map([...connection.filterState, ...stream.filterState])
}

/**
 * RBAC has had its own change of header matching: repeated lines one by one since 1.38, and since 1.34.13, 1.35.8, 1.36.5 and 1.37.1
 * of the older lines, which the minor version does not tell apart (envoy-2022 I.6; advisory GHSA-ghc4-35x6-crw5).
 */
export function rbacHeaderLines(semantics: Semantics): Semantics['headerLines'] {
  if (semantics.version === undefined || semantics.headerLines === 'single') return semantics.headerLines
  if (isFrom(semantics, {major: 1, minor: 38})) return 'single'
  return isFrom(semantics, {major: 1, minor: 34}) ? 'undetermined' : 'joined'
}
