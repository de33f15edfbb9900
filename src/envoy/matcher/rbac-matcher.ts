import type {View} from '../../json/view.js'
import type {MatcherAnswer} from '../authorization/engine.js'
import type {EngineContext} from '../context.js'
import {evaluateMatcher} from './evaluate.js'
import type {MatcherSubject} from './inputs.js'

/** A unified matcher with one answer, as RBAC and virtual hosts use it: several possible outcomes make it undetermined. */
export function rbacMatcher(context: EngineContext, subject: MatcherSubject): (matcher: View) => MatcherAnswer {
  return (matcher) => {
    const outcomes = evaluateMatcher(matcher, {subject, semantics: context.semantics}).map((branch) => branch.value)
    const [outcome] = outcomes
    if (outcome === undefined || outcomes.length > 1) return {action: undefined, outcome: 'undetermined'}
    switch (outcome.kind) {
      case 'action':
        return {action: outcome.action, outcome: 'yes'}
      case 'none':
      case 'undecided':
        return {action: undefined, outcome: 'no'}
      case 'unknown':
        return {action: undefined, outcome: 'undetermined'}
      default:
        return outcome satisfies never
    }
  }
}
