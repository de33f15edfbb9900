import {allOf, anyOf, not, tri, type Tri} from '../../flow/tri.js'
import {prefixContaining} from '../config/ip.js'
import type {Clause, Match, MatchField, Policy, Rule, StringMatch} from '../config/model.js'
import {parseIdentity, type AuthorizedConnection} from './connection.js'

/** Whether a policy matches a connection: one of its rules does; without rules it never does (ambient-ga C.3). */
export function policyMatches(policy: Policy, connection: AuthorizedConnection): Tri {
  return anyOf(policy.rules.map((rule) => ruleMatches(rule, connection)))
}

/** All clauses; a rule without clauses matches everything. */
export function ruleMatches(rule: Rule, connection: AuthorizedConnection): Tri {
  return allOf(rule.clauses.map((clause) => clauseMatches(clause, connection)))
}

/** One of its matches; a clause without matches holds, an empty match never does (ambient-ga C.3, G.7). */
export function clauseMatches({matches}: Clause, connection: AuthorizedConnection): Tri {
  return matches.length === 0 ? 'yes' : anyOf(matches.map((match) => matchHolds(match, connection)))
}

export function matchHolds({fields}: Match, connection: AuthorizedConnection): Tri {
  return fields.length === 0 ? 'no' : allOf(fields.map((field) => fieldHolds(field, connection)))
}

function fieldHolds(field: MatchField, connection: AuthorizedConnection): Tri {
  const hit = valueHits(field, connection)
  return field.negated ? not(hit) : hit
}

function valueHits(field: MatchField, {source, destination, identity}: AuthorizedConnection): Tri {
  switch (field.kind) {
    case 'principals':
      return identity === undefined ? 'no' : anyText(field.values, identity.replace(/^spiffe:\/\//, ''))
    case 'namespaces':
      // Without identity the namespace is the empty text, which only `Exact`, `Prefix` and `Suffix` of nothing hit.
      return anyText(field.values, parseIdentity(identity ?? '')?.namespace ?? '')
    case 'serviceAccounts': {
      const peer = parseIdentity(identity ?? '')
      return tri(
        field.values.some(({namespace, serviceAccount}) => peer?.namespace === namespace && peer.serviceAccount === serviceAccount),
      )
    }
    case 'sourceIps':
      return tri(field.values.some((cidr) => prefixContaining(cidr, source.ip) !== undefined))
    case 'destinationIps':
      return tri(field.values.some((cidr) => prefixContaining(cidr, destination.ip) !== undefined))
    case 'destinationPorts':
      return tri(field.values.includes(destination.port))
    case 'unknown':
      return 'undetermined'
    default:
      return field satisfies never
  }
}

function anyText(values: readonly StringMatch[], text: string): Tri {
  return anyOf(values.map((value) => textMatches(value, text)))
}

function textMatches(match: StringMatch, text: string): Tri {
  switch (match.kind) {
    case 'Exact':
      return tri(text === match.value)
    case 'Prefix':
      return tri(text.startsWith(match.value))
    case 'Suffix':
      return tri(text.endsWith(match.value))
    case 'Presence':
      return tri(text !== '')
    case 'unknown':
      return 'undetermined'
    default:
      return match satisfies never
  }
}
