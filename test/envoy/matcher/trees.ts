import type {Condition} from '../../../src/flow/forwarder.js'
import {formatShare} from '../../../src/flow/share.js'
import type {Branch} from '../../../src/envoy/branch.js'
import type {Connection, Stream} from '../../../src/envoy/connection.js'
import {evaluateMatcher, type MatcherOutcome} from '../../../src/envoy/matcher/evaluate.js'
import type {Semantics} from '../../../src/envoy/semantics.js'
import {input} from '../engine/dump.js'
import {connectionOf, semanticsFor, unknownVersion, view} from '../match/samples.js'

type Message = Readonly<Record<string, unknown>>

export const NEWER = semanticsFor()
export const OLDER = semanticsFor({version: {major: 1, minor: 34}, nestedMiss: 'final', prefixMiss: 'final'})
export const UNKNOWN = unknownVersion()

/** A connection to this socket, from 192.168.7.9:33333. */
export function connectionTo(socket: string, change: Partial<Connection> = {}): Connection {
  const colon = socket.lastIndexOf(':')
  return connectionOf({
    local: {ip: socket.slice(0, colon), port: Number(socket.slice(colon + 1))},
    remote: {ip: '192.168.7.9', port: 33333},
    ...change,
  })
}

/** An OnMatch with a nested matcher. */
export function nest(matcher: Message): Message {
  return {matcher}
}

export function exact(inputType: string, map: Message, onNoMatch?: Message): Message {
  return tree({input: input(inputType), exact_match_map: {map}}, onNoMatch)
}

export function prefix(inputType: string, map: Message, onNoMatch?: Message): Message {
  return tree({input: input(inputType), prefix_match_map: {map}}, onNoMatch)
}

export function custom(inputType: string, config: Message, onNoMatch?: Message): Message {
  return tree({input: input(inputType), custom_match: {name: 'custom', typed_config: config}}, onNoMatch)
}

export function ipMatcher(...entries: readonly {ranges: readonly string[]; on: Message; exclusive?: boolean}[]): Message {
  return {
    '@type': 'type.googleapis.com/xds.type.matcher.v3.IPMatcher',
    range_matchers: entries.map(({ranges, on, ...rest}) => ({ranges: ranges.map(cidr), on_match: on, ...rest})),
  }
}

function cidr(text: string): Message {
  const [address_prefix, length] = text.split('/')
  return {address_prefix, prefix_len: Number(length)}
}

export function domainMatcher(type: 'ServerNameMatcher' | 'DomainMatcher', entries: readonly (readonly [string, Message])[]): Message {
  return {
    '@type': `type.googleapis.com/xds.type.matcher.v3.${type}`,
    domain_matchers: entries.map(([domain, on]) => ({domains: [domain], on_match: on})),
  }
}

export function list(entries: readonly {when?: Message; on: Message}[], onNoMatch?: Message): Message {
  const matchers = entries.map(({when, on}) => ({...(when === undefined ? {} : {predicate: when}), on_match: on}))
  return {matcher_list: {matchers}, ...(onNoMatch === undefined ? {} : {on_no_match: onNoMatch})}
}

/** A predicate on one network input. */
export function is(inputType: string, value: Message): Message {
  return {single_predicate: {input: input(inputType), value_match: value}}
}

/** A predicate that this tool cannot decide. */
export function unknownPredicate(name = 'x.Custom'): Message {
  const config = {name: 'c', typed_config: {'@type': `type.googleapis.com/${name}`}}
  return {single_predicate: {input: input('DestinationIPInput'), custom_match: config}}
}

/** A predicate whose input Envoy itself cannot read on a plaintext connection (envoy-2022 I.4). */
export function undecidedPredicate(): Message {
  const config = {'@type': 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput'}
  return {single_predicate: {input: {name: 'san', typed_config: config}, value_match: {prefix: ''}}}
}

interface Asked {
  readonly connection?: Connection
  readonly stream?: Stream
  readonly semantics?: Semantics
}

export function ask(
  matcher: Message,
  {connection = connectionTo('10.0.0.1:80'), semantics = NEWER, ...rest}: Asked = {},
): readonly Branch<MatcherOutcome>[] {
  return evaluateMatcher(view(matcher, '/matcher'), {subject: {connection, ...rest}, semantics})
}

/** Every outcome in one line: the chain an action names, or how the matcher ended. */
export function outcomes(matcher: Message, asked: Asked = {}): string[] {
  return ask(matcher, asked).map(({value}) => nameOf(value))
}

/** Outcomes with share and conditions. */
export function branches(matcher: Message, asked: Asked = {}): string[] {
  return ask(matcher, asked).map(({value, share, requires}) => `${formatShare(share)}: ${nameOf(value)}${conditions(requires)}`)
}

function conditions(requires: readonly Condition[]): string {
  return requires.length === 0 ? '' : ` if ${requires.map(({what}) => what).join('; ')}`
}

function nameOf(outcome: MatcherOutcome): string {
  switch (outcome.kind) {
    case 'action':
      return outcome.action.get('typed_config')?.str('value') ?? '(no name)'
    case 'none':
      return outcome.final ? 'none, final' : 'none'
    case 'undecided':
    case 'unknown':
      return `${outcome.kind}: ${outcome.why}`
    default:
      return outcome satisfies never
  }
}

/** What the deciding path says: `DestinationIPInput 10.0.0.1 → 10.0.0.0/8`. */
export function pathOf(matcher: Message, asked: Asked = {}): string[] {
  const [branch] = ask(matcher, asked)
  return (branch?.value.path ?? []).map((level) => `${level.input} ${level.value ?? '(absent)'} → ${level.matched ?? '(no match)'}`)
}

function tree(matcherTree: Message, onNoMatch: Message | undefined): Message {
  return {matcher_tree: matcherTree, ...(onNoMatch === undefined ? {} : {on_no_match: onNoMatch})}
}
