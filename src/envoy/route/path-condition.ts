import {tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {headerLines, type Stream} from '../connection.js'
import {quote} from '../match/describe.js'
import {agreedOutcome, pathsWithoutParameters} from '../match/path-parameters.js'
import {pathOnly} from '../match/path.js'
import {regexTest} from '../match/string.js'
import {asciiLower} from '../match/text.js'
import {matchUriTemplate} from '../match/uri-template.js'
import type {RouteCondition, RouteSubject} from './route-subject.js'

/** The path specifier of a RouteMatch. A request without path (CONNECT) only ever meets connect_matcher. Source: envoy-2022 D5, F.22. */
export function pathCondition(match: View): RouteCondition {
  if (match.get('connect_matcher') !== undefined) return {text: 'CONNECT', test: ({stream}) => tri(isConnect(stream))}
  const {text, test, whole} = pathTest(match)
  return {
    text,
    test: (subject) => agreedOutcome(matchedPaths(whole === true ? {...subject, ignorePathParameters: false} : subject).map(test)),
  }
}

interface PathTest {
  readonly text: string
  /** Gets the path without query and fragment. */
  readonly test: (path: string) => Tri
  /** Parameters always count: ignore_path_parameters_in_path_matching does not reach here. */
  readonly whole?: true
}

function pathTest(match: View): PathTest {
  const policy = match.get('path_match_policy')
  if (policy !== undefined) return templateTest(policy)
  const regex = match.get('safe_regex')
  return regex === undefined ? literalTest(match) : {text: `regex ${quote(regex.str('regex'))}`, test: regexTest(regex)}
}

function literalTest(match: View): PathTest {
  const fold = match.bool('case_sensitive') === false ? asciiLower : (text: string) => text
  const [prefix, path, separated] = ['prefix', 'path', 'path_separated_prefix'].map((field) => match.str(field))
  if (prefix !== undefined) return {text: `prefix ${quote(prefix)}`, test: (value) => tri(fold(value).startsWith(fold(prefix)))}
  if (path !== undefined) return {text: `path ${quote(path)}`, test: (value) => tri(fold(value) === fold(path))}
  if (separated === undefined) return {text: 'a path specifier of unknown kind', test: () => 'undetermined'}
  return {text: `path-separated prefix ${quote(separated)}`, test: (value) => tri(startsSegment(fold(value), fold(separated)))}
}

/** The prefix ends where the path ends, or where its next segment begins. */
function startsSegment(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')
}

function templateTest(policy: View): PathTest {
  const template = policy.get('typed_config')?.message().str('path_template')
  if (template === undefined) return {text: `path_match_policy ${policy.get('typed_config')?.typeName() ?? ''}`, test: () => 'undetermined'}
  return {text: `path template ${template}`, test: (path) => matchUriTemplate(template, path), whole: true}
}

/** Parameters to be ignored were everything from the first `;` on, before they ended with their segment. */
function matchedPaths({stream, semantics, ignorePathParameters}: RouteSubject): readonly string[] {
  const {path} = stream.request
  if (path === undefined) return []
  const bare = pathOnly(path)
  const [before = ''] = bare.split(';', 1)
  return ignorePathParameters ? pathsWithoutParameters(bare, {before, semantics}) : [bare]
}

function isConnect({request}: Stream): boolean {
  return request.method === 'CONNECT' || asciiLower(headerLines(request, 'upgrade')[0] ?? '') === 'connect-udp'
}
