import {formatAddress, formatSocket} from '../flow/address.js'
import type {MatcherInput, Step, StepKind} from '../flow/step.js'
import type {Glyphs} from './glyphs.js'

/** A step in words: a label of at most ten columns and one line of text, both still unsafe to print. */
export interface StepText {
  readonly label: string
  readonly text: string
}

type StepOf<K extends StepKind> = Step & {readonly kind: K}

type EntryStep = StepOf<
  'capture' | 'rule' | 'route-lookup' | 'listener' | 'hand-off' | 'listener-filter' | 'matcher' | 'filter-chain' | 'internal-listener'
>
type UpstreamStep = StepOf<'cluster' | 'endpoint' | 'original-destination' | 'tunnel' | 'deliver'>

export function describeStep(step: Step, glyphs: Glyphs): StepText {
  switch (step.kind) {
    case 'capture':
    case 'rule':
    case 'route-lookup':
    case 'listener':
    case 'hand-off':
    case 'listener-filter':
    case 'matcher':
    case 'filter-chain':
    case 'internal-listener':
      return describeEntry(step, glyphs)
    case 'cluster':
    case 'endpoint':
    case 'original-destination':
    case 'tunnel':
    case 'deliver':
      return describeUpstream(step, glyphs)
    default:
      return describeDecision(step, glyphs)
  }
}

/** `source-ip 10.4.2.19 → port 9080`: the inputs a matcher looked at, with what they hold. */
export function matcherPath(path: readonly MatcherInput[], glyphs: Glyphs): string {
  return path.map(({input, value}) => `${input} ${value ?? '(absent)'}`).join(` ${glyphs.arrow} `)
}

/** `… (EDS, name inferred)`: phrases in brackets behind a name, none at all without phrases. */
export function withNotes(name: string, notes: readonly (string | undefined)[]): string {
  const known = notes.filter((note) => note !== undefined && note !== '')
  return [...(name === '' ? [] : [name]), ...(known.length === 0 ? [] : [`(${known.join(', ')})`])].join(' ')
}

function describeEntry(step: EntryStep, glyphs: Glyphs): StepText {
  switch (step.kind) {
    case 'capture':
      return {label: 'capture', text: arrows(glyphs, step.how, step.to && formatSocket(step.to))}
    case 'rule':
      return {label: 'rule', text: named(step.name, step.effect)}
    case 'route-lookup':
      return {label: 'lookup', text: named(step.name, step.effect)}
    case 'listener':
      return {label: 'listener', text: withNotes(step.name, [step.address])}
    case 'hand-off':
      return {label: 'hand-off', text: arrows(glyphs, step.from, step.to)}
    case 'listener-filter':
      return {label: 'filter', text: withNotes(named(step.name, step.effect), [step.opaque ? 'opaque' : undefined])}
    case 'matcher':
      return {label: 'matcher', text: arrows(glyphs, ...step.path.map(matcherLevel), step.action)}
    case 'filter-chain':
      return {label: 'chain', text: withNotes(step.name, [step.default ? 'default' : undefined])}
    case 'internal-listener':
      return {label: 'internal', text: withNotes(step.name, [step.endpointId])}
    default:
      return step satisfies never
  }
}

function describeDecision(step: Exclude<Step, EntryStep | UpstreamStep>, glyphs: Glyphs): StepText {
  switch (step.kind) {
    case 'tls':
      return {label: 'tls', text: tlsText(step)}
    case 'network-filter':
    case 'http-filter':
      return {label: 'filter', text: withNotes(named(step.name, step.effect), [step.opaque ? `opaque ${step.type}` : undefined])}
    case 'authorization':
      return authorizationText(step)
    case 'virtual-host':
      return {
        label: 'vhost',
        text: withNotes(step.name, [
          step.domain === '' ? undefined : `domain ${step.domain}`,
          step.table === '' ? undefined : `table ${step.table}`,
        ]),
      }
    case 'route':
      return {label: 'route', text: arrows(glyphs, named(step.name, step.match), step.action)}
    case 'service-lookup':
      return {label: 'service', text: named(step.name, step.effect)}
    case 'waypoint':
      return {label: 'waypoint', text: named(step.name, step.effect)}
    case 'load-balance':
      return {label: 'balance', text: named(step.name, briefly(step.effect))}
    case 'gateway':
      return {label: 'gateway', text: named(step.name, step.effect)}
    case 'inbound-check':
      return {label: 'inbound', text: named(step.name, step.effect)}
    default:
      return step satisfies never
  }
}

function describeUpstream(step: UpstreamStep, glyphs: Glyphs): StepText {
  switch (step.kind) {
    case 'cluster':
      return {label: 'cluster', text: withNotes(step.name, [step.type, step.join])}
    case 'endpoint':
      return {label: 'endpoint', text: withNotes(formatAddress(step.address), [step.health, step.transportSocket])}
    case 'original-destination':
      return {label: 'orig-dst', text: arrows(glyphs, step.from, formatSocket(step.address))}
    case 'tunnel':
      return {label: 'tunnel', text: tunnelText(step)}
    case 'deliver':
      return {label: 'deliver', text: [step.to, ...(step.address === undefined ? [] : ['at', formatSocket(step.address)])].join(' ')}
    default:
      return step satisfies never
  }
}

const DECIDED = {allow: 'ALLOW', deny: 'DENY', log: 'LOG', undetermined: 'UNSURE'} as const

function authorizationText({layer, decision, policy, clause, shadow, action}: StepOf<'authorization'>): StepText {
  const by =
    decision === 'deny' && action === 'ALLOW'
      ? unmatchedText(policy)
      : (policy ?? (decision === 'allow' ? '' : `no ${action} policy matched`))
  return {label: `${DECIDED[decision]} ${layer.toUpperCase()}`, text: withNotes(by, [clause, shadow === true ? 'dry run' : undefined])}
}

/** envoy-2022 D7: Envoy writes `none` where no ALLOW policy of its filter matches; a ztunnel goes through its policies one by one. */
function unmatchedText(policy: string | undefined): string {
  return policy === undefined || policy === 'none' ? 'no ALLOW policy matches' : `${policy} does not match`
}

function tlsText({side, effect, identity, peer, expected, alpn, sni}: StepOf<'tls'>): string {
  return withNotes(`${side}: ${effect}`, [
    identity === undefined ? undefined : `as ${identity}`,
    peer === undefined ? undefined : `peer ${peer.length === 0 ? 'without a name' : peer.join(', ')}`,
    expected === undefined || expected.length === 0 ? undefined : `expected ${expected.join(', ')}`,
    sni === undefined ? undefined : `sni ${sni}`,
    alpn === undefined || alpn.length === 0 ? undefined : `alpn ${alpn.join(', ')}`,
  ])
}

function tunnelText({method, authority, identity, headers}: StepOf<'tunnel'>): string {
  const as = identity === undefined ? '' : ` as ${identity}`
  return withNotes(
    `${method} ${authority}${as}`,
    headers.map(([name, value]) => `${name}: ${value}`),
  )
}

function matcherLevel({input, value, matched}: MatcherInput): string {
  return withNotes(`${input} ${value ?? '(absent)'}`, [
    matched === undefined ? 'no match' : matched === value ? undefined : `matched ${matched}`,
  ])
}

/** The name of a pod for its uid (`Kubernetes//Pod/ns/name`), and no word about a choice of one. */
function briefly(effect: string): string {
  return effect.replace(/(?<=^endpoint )[^/ ]*\/\/Pod\//, '').replace(/, one of 1$/, '')
}

function named(name: string, effect: string): string {
  return [name, effect].filter((part) => part !== '').join(': ')
}

function arrows(glyphs: Glyphs, ...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(` ${glyphs.arrow} `)
}
