import {tri} from '../../flow/tri.js'
import {toNumber, type View} from '../../json/view.js'
import {describeRange, describeString} from '../match/describe.js'
import {matchString} from '../match/string.js'
import {agreedOutcome} from '../match/path-parameters.js'
import {matchUriTemplate} from '../match/uri-template.js'
import {leaf, type Clause} from './clause.js'
import type {RuleGrammar} from './rule-tree.js'
import {addressRule, SHARED_RULES} from './shared-rules.js'
import {rulePaths, type RuleContext} from './subject.js'

/** What is asked for. Destination rules look at the local address of the connection, as restored. Source: envoy-2022 D7, I.9. */
export const PERMISSION: RuleGrammar = {
  noun: 'permission',
  all: 'and_rules',
  any: 'or_rules',
  not: 'not_rule',
  members: 'rules',
  leaves: new Map([
    ...SHARED_RULES,
    ['destination_ip', (range, {subject}) => addressRule(range, {name: 'destination ip', ip: subject.connection.local?.ip})],
    ['destination_port', destinationPort],
    ['destination_port_range', destinationPortRange],
    ['requested_server_name', requestedServerName],
    ['uri_template', uriTemplate],
    ['matcher', (matcher) => leaf('undetermined', () => `permission matcher ${extensionName(matcher)}`)],
  ]),
}

/** The name under which an extension config shows: its type, else its given name. */
export function extensionName(extension: View): string {
  return extension.get('typed_config')?.typeName() ?? extension.str('name') ?? 'of unknown type'
}

function destinationPort(port: View, {subject}: RuleContext): Clause {
  return leaf(tri(subject.connection.local?.port === toNumber(port.value)), () => `destination port ${String(port.value)}`)
}

function destinationPortRange(range: View, {subject}: RuleContext): Clause {
  const port = subject.connection.local?.port
  const inside = port !== undefined && port >= (range.num('start') ?? 0) && port < (range.num('end') ?? 0)
  return leaf(tri(inside), () => `destination port in ${describeRange(range)}`)
}

/** Only a tls_inspector fills the server name, even where the chain terminates TLS: envoy-2022 I.9. */
function requestedServerName(matcher: View, {subject}: RuleContext): Clause {
  return leaf(matchString(matcher, subject.connection.serverName ?? ''), () => `requested server name ${describeString(matcher)}`)
}

function uriTemplate(extension: View, context: RuleContext): Clause {
  const template = extension.get('typed_config')?.message().str('path_template')
  if (template === undefined) return leaf('undetermined', () => `uri_template ${extensionName(extension)}`)
  return leaf(agreedOutcome(rulePaths(context).map((path) => matchUriTemplate(template, path))), () => `path template ${template}`)
}
