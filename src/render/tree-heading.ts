import {formatSocket} from '../flow/address.js'
import type {Place} from '../flow/forwarder.js'
import {addShares, type Share} from '../flow/share.js'
import type {FlowPeer, Trace} from '../flow/trace.js'
import {outlookOf, type Outlook, type Verdict} from '../flow/verdict.js'
import {countPaths, passesAlways} from './paths.js'
import {shareText} from './share-text.js'
import type {Tone} from './tree-row.js'
import type {TreeStyle} from './tree-style.js'
import {endTitle, verdictTone} from './verdict-text.js'

/** Text over the whole width; with a label (or the sign `!`) it is indented, and wraps below itself. */
export interface Paragraph {
  readonly label?: string
  readonly text: string
  readonly tone: Tone
  /** A command or the like: no word of it is ever shortened. */
  readonly isWhole?: boolean
}

/** Who asks for what, what comes of it, and what the tool had to assume. */
export function headingTexts(style: TreeStyle): readonly Paragraph[] {
  const say = style.glyphs.say
  return [
    {text: say(`${sourceText(style)} ${style.glyphs.arrow} ${destinationText(style)}`), tone: 'strong'},
    {text: say(verdictLine(style)), tone: verdictTone(style.trace.verdict)},
    ...findingLines(style),
    ...shareLines(style),
    ...scopeLines(style),
    ...assumptionLines(style),
  ]
}

/** Right below the verdict, which they explain. */
function findingLines({trace: {findings = []}, glyphs}: TreeStyle): readonly Paragraph[] {
  return findings.map(({text}) => ({label: '!', text: glyphs.say(text), tone: 'unsure'}))
}

function assumptionLines({trace: {flow}, glyphs}: TreeStyle): readonly Paragraph[] {
  const assumptions = flow.assumptions ?? []
  return assumptions.length === 0 ? [] : [{text: glyphs.say(`assumed: ${assumptions.join(', ')}`), tone: 'dim'}]
}

/** A walk may leave both ends open; 0.0.0.0 would look like an address that somebody uses. */
const OPEN = '0.0.0.0'

function sourceText({trace: {flow, question}}: TreeStyle): string {
  const {name, namespace, ip}: FlowPeer = flow.source
  if (question.proxy !== undefined && ip === OPEN) return '(no --src)'
  return name === ip ? ip : `${name} ${brackets(namespace, ip)}`
}

function destinationText({
  trace: {
    flow: {destination, connection},
    question,
  },
}: TreeStyle): string {
  const {name, ip, kind, namespace} = destination
  if (question.proxy !== undefined && ip === OPEN && connection.destination.port === 0) return '(no --dst)'
  if (name === ip) return formatSocket(connection.destination)
  return `${name}:${connection.destination.port} ${kind === 'service' ? `(VIP ${ip})` : brackets(namespace, ip)}`
}

function brackets(namespace: string | undefined, ip: string): string {
  return `(${[...(namespace === undefined ? [] : [namespace]), ip].join(', ')})`
}

function verdictLine(style: TreeStyle): string {
  const count = countPaths(style.trace)
  const paths = count === 1n ? '1 path' : `${count} paths`
  const title = `${endTitle(style.trace.verdict, style.trace)}${targetText(style)}`
  return [title, wayText(style), paths].join(` ${style.glyphs.dot} `)
}

/** Where the one proxy that was asked forwards the connection to. */
function targetText(style: TreeStyle): string {
  const {verdict, question} = style.trace
  if (verdict.kind !== 'delivered' || question.proxy === undefined) return ''
  const targets = targetsOf(style)
  return targets.length === 1 ? ` to ${targets.join('')}` : ` to one of ${targets.length} places`
}

function targetsOf({trace: {outcomes}, name}: TreeStyle): readonly string[] {
  const forwarded = Object.values(outcomes).filter(({verdict}) => verdict.kind === 'delivered')
  return [...new Set(forwarded.map(({place}) => name(place)))].toSorted()
}

/** Said once: people take the end of a walk for the end of the connection. */
function scopeLines({trace: {question, verdict}, glyphs}: TreeStyle): readonly Paragraph[] {
  const isOpen = question.proxy !== undefined && verdict.kind === 'delivered'
  return isOpen ? [{text: glyphs.say('the walk ends there: what comes behind this proxy is not part of it'), tone: 'dim'}] : []
}

/** Which kind of proxy had a say: a waypoint means L7 where it handles HTTP, a ztunnel alone L4. */
function wayText({trace, name}: TreeStyle): string {
  const start = trace.hops[trace.start]
  if (trace.question.proxy !== undefined && start !== undefined) return `by ${start.place.kind} ${name(start.place)}`
  const places = Object.values(trace.hops).map(({place}) => place)
  const of = (kind: Place['kind']): readonly string[] => [...new Set(places.filter((place) => place.kind === kind).map(name))].toSorted()
  const waypoints = of('waypoint')
  if (waypoints.length > 0) {
    return `${layerAt(trace)} ${waypointsText(waypoints)}${passesAlways(trace, 'waypoint') ? '' : ' on some paths'}`
  }
  if (of('ztunnel').length > 0) return 'L4 through ztunnel'
  const others = [...of('gateway'), ...of('sidecar'), ...of('envoy')]
  return others.length > 0 ? `through ${others.join(', ')}` : 'through no proxy'
}

/**
 * A waypoint that only passes bytes on, for a port of TCP or TLS, has no more say than a ztunnel (ambient-ga D.4);
 * one that ends the connection before either has the layer that was asked for, where that is known.
 */
function layerAt({hops, flow}: Trace): string {
  const atWaypoint = Object.values(hops).filter(({place}) => place.kind === 'waypoint')
  const handled = new Set(atWaypoint.flatMap(({next}) => next.flatMap(({log}) => log?.handledBy ?? [])))
  if (handled.has('http')) return 'L7 through'
  if (handled.has('tcp')) return 'L4 through'
  return flow.protocol === 'http' ? 'L7 through' : 'through'
}

/** Pods of one Deployment are told by its name. */
function waypointsText(names: readonly string[]): string {
  const deployments = new Set(names.map((name) => name.replace(/-[0-9a-f]{8,10}-[0-9a-z]{5}(?=@|$)/, '')))
  const [only] = deployments
  if (names.length < 2 || deployments.size > 1 || only === undefined) return `waypoint ${names.join(', ')}`
  return `${names.length} pods of waypoint ${only}`
}

/** `90 % DENIED L7 · 10 % DELIVERED`, the worst first, where the paths end in different ways. */
function shareLines({trace, glyphs}: TreeStyle): readonly Paragraph[] {
  const ends = new Map<string, {verdict: Verdict; share: Share}>()
  for (const {verdict, share} of Object.values(trace.outcomes)) {
    const title = endTitle(verdict, trace)
    const before = ends.get(title)
    if (share.numerator > 0n) ends.set(title, {verdict, share: before === undefined ? share : addShares(before.share, share)})
  }
  if (ends.size < 2) return []
  const text = [...ends]
    .toSorted(compareEnds)
    .map(([title, {share}]) => `${shareText(share)} ${title}`)
    .join(` ${glyphs.dot} `)
  return [{text: glyphs.say(text), tone: 'plain'}]
}

const WORST_FIRST = {negative: 0, undetermined: 1, positive: 2} as const satisfies Record<Outlook, number>

function compareEnds([title, {verdict}]: [string, {verdict: Verdict}], [otherTitle, other]: [string, {verdict: Verdict}]): number {
  return WORST_FIRST[outlookOf(verdict)] - WORST_FIRST[outlookOf(other.verdict)] || (title < otherTitle ? -1 : 1)
}
