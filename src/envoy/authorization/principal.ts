import {anyOf, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {describeString} from '../match/describe.js'
import {matchFilterState} from '../match/filter-state.js'
import {matchString} from '../match/string.js'
import {leaf, type Clause} from './clause.js'
import {extensionName} from './permission.js'
import type {RuleGrammar} from './rule-tree.js'
import {addressRule, SHARED_RULES} from './shared-rules.js'
import {filterStateOf, type RuleContext, type Subject} from './subject.js'

/**
 * Who asks. `source_ip` is the connection's remote address, `direct_remote_ip` the physical peer before PROXY protocol,
 * `remote_ip` what X-Forwarded-For left in a request. Source: envoy-2022 D7.
 */
export const PRINCIPAL: RuleGrammar = {
  noun: 'principal',
  all: 'and_ids',
  any: 'or_ids',
  not: 'not_id',
  members: 'ids',
  leaves: new Map([
    ...SHARED_RULES,
    ['authenticated', authenticated],
    ['source_ip', (range, {subject}) => addressRule(range, {name: 'source ip', ip: subject.connection.remote?.ip})],
    ['direct_remote_ip', (range, {subject}) => addressRule(range, {name: 'direct remote ip', ip: subject.connection.directRemote?.ip})],
    ['remote_ip', (range, {subject}) => addressRule(range, {name: 'remote ip', ip: (subject.stream ?? subject.connection).remote?.ip})],
    ['filter_state', filterState],
    ['custom', (extension) => leaf('undetermined', () => `custom principal ${extensionName(extension)}`)],
  ]),
}

function authenticated(principal: View, {subject}: RuleContext): Clause {
  const name = principal.get('principal_name')
  return leaf(matchIdentity(subject, name), () => (name === undefined ? 'any TLS peer' : `identity ${describeString(name)}`))
}

/** Any TLS connection passes an `authenticated` without name, certificate or not (envoy-2022 I.8). URI SANs, DNS SANs and subject are tried in turn. */
function matchIdentity({connection}: Subject, name: View | undefined): Tri {
  if (connection.tls === undefined) return 'no'
  if (name === undefined) return 'yes'
  const peer = connection.tls.peer
  const names = [...(peer?.uriSans ?? []), ...(peer?.dnsSans ?? []), peer?.subject ?? '']
  return anyOf(names.map((candidate) => matchString(name, candidate)))
}

function filterState(matcher: View, {subject}: RuleContext): Clause {
  return leaf(
    matchFilterState(matcher, filterStateOf(subject)),
    () => `${matcher.str('key') ?? ''} ${describeString(matcher.get('string_match'))}`,
  )
}
