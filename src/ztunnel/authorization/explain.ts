import type {Clause, Match, MatchField, Policy, Recorded, StringMatch} from '../config/model.js'
import type {AuthorizedConnection} from './connection.js'
import {clauseMatches, matchHolds, ruleMatches} from './match.js'

/** Which part of a policy decided, in words and with its place in the dump. */
export interface Decisive {
  readonly text: string
  readonly at: Recorded
}

/** The clauses that matched, or the first clause of each rule that did not. */
export function explainPolicy(policy: Policy, connection: AuthorizedConnection): readonly Decisive[] {
  if (policy.rules.length === 0) return [{text: 'no rules: never matches', at: policy}]
  const index = policy.rules.findIndex((rule) => ruleMatches(rule, connection) === 'yes')
  const matched = policy.rules[index]
  if (matched !== undefined) {
    if (matched.clauses.length === 0) return [{text: `rule ${index}: no clauses: matches everything`, at: matched}]
    return matched.clauses.map((clause) => ({text: `rule ${index}: ${heldText(clause, connection)}`, at: clause}))
  }
  return policy.rules.flatMap((rule, number) => {
    const clause = rule.clauses.find((one) => clauseMatches(one, connection) !== 'yes')
    return clause === undefined ? [] : {text: `rule ${number}: not ${clauseText(clause)}`, at: clause}
  })
}

function heldText(clause: Clause, connection: AuthorizedConnection): string {
  const held = clause.matches.find((match) => matchHolds(match, connection) === 'yes')
  return held === undefined ? 'an empty clause holds' : matchText(held)
}

function clauseText({matches}: Clause): string {
  return matches.map(matchText).join(' or ')
}

function matchText({fields}: Match): string {
  return fields.length === 0 ? 'an empty match' : fields.map(fieldText).join(' and ')
}

function fieldText(field: MatchField): string {
  return `${field.name} ${valuesOf(field).join(', ')}`
}

function valuesOf(field: MatchField): readonly string[] {
  switch (field.kind) {
    case 'principals':
    case 'namespaces':
      return field.values.map(stringText)
    case 'serviceAccounts':
      return field.values.map(({namespace, serviceAccount}) => `${namespace}/${serviceAccount}`)
    case 'sourceIps':
    case 'destinationIps':
      return field.values
    case 'destinationPorts':
      return field.values.map(String)
    case 'unknown':
      return ['(not known to this tool)']
    default:
      return field satisfies never
  }
}

function stringText(match: StringMatch): string {
  switch (match.kind) {
    case 'Exact':
      return match.value
    case 'Prefix':
      return `${match.value}*`
    case 'Suffix':
      return `*${match.value}`
    case 'Presence':
      return '(present)'
    case 'unknown':
      return '(not known to this tool)'
    default:
      return match satisfies never
  }
}
