import type {View} from '../../json/view.js'
import {evaluateMatcher, type MatcherOutcome} from '../matcher/evaluate.js'
import type {MatcherSubject} from '../matcher/inputs.js'
import type {Semantics} from '../semantics.js'

/** The name that a transport_socket_matcher gives; `unknown` where this tool cannot tell. */
export type SocketName = {readonly kind: 'named'; readonly name: string} | {readonly kind: 'none'} | {readonly kind: 'unknown'}

const ACTION = 'envoy.extensions.matching.common_inputs.transport_socket.v3.TransportSocketNameAction'

/** The field came when a nested miss no longer ended a matcher. */
const SEMANTICS: Semantics = {
  nestedMiss: 'resume',
  prefixMiss: 'resume',
  headerLines: 'single',
  originalDstMetadataKey: true,
  originalDstSeesRouteHeaders: true,
  internalByDefault: 'none',
  internalOriginalDst: true,
}

/** Evaluates the match tree of a cluster for one of its hosts. Source: Envoy transport_socket_match_impl.cc resolveUsingMatcher. */
export function socketName(matcher: View, subject: MatcherSubject): SocketName {
  const [only, ...more] = evaluateMatcher(matcher, {subject, semantics: SEMANTICS})
  return only === undefined || more.length > 0 ? {kind: 'unknown'} : nameOf(only.value)
}

function nameOf(outcome: MatcherOutcome): SocketName {
  switch (outcome.kind) {
    case 'action': {
      const config = outcome.action.get('typed_config')
      return config?.typeName() === ACTION ? {kind: 'named', name: config.message().str('name') ?? ''} : {kind: 'unknown'}
    }
    case 'none':
    case 'undecided':
      return {kind: 'none'}
    case 'unknown':
      return {kind: 'unknown'}
    default:
      return outcome satisfies never
  }
}
