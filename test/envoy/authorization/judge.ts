import {evaluateRules, type RbacDecision} from '../../../src/envoy/authorization/rules.js'
import type {Subject} from '../../../src/envoy/authorization/subject.js'
import type {Semantics} from '../../../src/envoy/semantics.js'
import {connectionOf, semanticsFor, view} from '../match/samples.js'

export const ANY = {any: true}
/** A rule of a kind that this tool does not know. */
export const OPEN = {phase_of_moon: 'full'}

interface Asked {
  readonly subject?: Subject
  readonly semantics?: Semantics
}

/** The decision over these policies; the subject is a plain connection from 10.1.2.3 to 10.96.0.1:80. */
export function decide(policies: object, {subject = {connection: connectionOf()}, semantics = semanticsFor()}: Asked = {}): RbacDecision {
  return evaluateRules({rules: view({policies}), subject, semantics})
}

/** One policy with one permission for everybody, or with one principal for everything. */
export function judge(rule: {permission?: object; principal?: object}, asked?: Asked): RbacDecision {
  return decide({p: {permissions: [rule.permission ?? ANY], principals: [rule.principal ?? ANY]}}, asked)
}

/** What a rule is called when it held, when it failed, or when nobody could tell. */
export function wordsFor(rule: {permission?: object; principal?: object}, asked?: Asked): string {
  const found = judge(rule, asked)
  switch (found.matched) {
    case 'yes':
      return `yes: ${rule.permission === undefined ? found.clause.replace('anything and ', '') : found.clause.replace(/ and anything$/, '')}`
    case 'no':
      return `no: ${found.nearMisses[0]?.failed.join(', ') ?? ''}`
    case 'undetermined':
      return `undetermined: ${found.undetermined.join(', ')}`
    default:
      return found satisfies never
  }
}
