import {formatAddress, formatSocket} from '../flow/address.js'
import type {Step} from '../flow/step.js'
import type {Hop} from '../flow/trace.js'
import {reachedAddress} from './leg.js'
import {deliveredAddress} from './outside.js'
import {describeStep, matcherPath, withNotes} from './step-text.js'
import type {Rails, Row, Tone} from './tree-row.js'
import {evidenceText, placeLabel, placeTitle, placeTone, type TreeStyle} from './tree-style.js'

/** One listener passage of a hop: its steps and those of its branch, as far as there is only one. */
export interface Passage {
  readonly hop: Hop
  readonly steps: readonly Step[]
}

/** Passages of one proxy that are shown as one hop. */
export interface ShownHop {
  readonly passages: readonly [Passage, ...Passage[]]
  readonly number: number
  readonly rails: Rails
  /** The path ends here, and not well: then every step of the last passage is worth its line. */
  readonly isStopped: boolean
}

export function hopRows(shown: ShownHop, style: TreeStyle): readonly Row[] {
  const [first, ...others] = shown.passages
  const {place} = first.hop
  const head: Row = {
    kind: 'hop',
    rails: shown.rails,
    tone: placeTone(place),
    number: shown.number,
    label: placeLabel(place),
    name: style.glyphs.say(placeTitle(place)),
    detail: style.glyphs.say(headline(first, style)),
  }
  return [head, ...passageRows({shown, passage: first, isFirst: true}, style), ...internalRows({shown, passages: others}, style)]
}

/** A further passage of the proxy the connection is in already, where the ways parted inside it. */
export function continuationRows(shown: ShownHop, style: TreeStyle): readonly Row[] {
  return internalRows({shown, passages: shown.passages}, style)
}

/** Rows of the steps that belong to one of several branches alone. */
export function branchRows({steps, rails}: {steps: readonly Step[]; rails: Rails}, style: TreeStyle): readonly Row[] {
  return stepRows(
    {steps: steps.filter((step) => style.verbose || isShown(step, {isFirst: true, isLast: true, isStopped: false})), rails},
    style,
  )
}

function internalRows({shown, passages}: {shown: ShownHop; passages: readonly Passage[]}, style: TreeStyle): readonly Row[] {
  if (passages.length === 0) return []
  const listeners = passages.flatMap(({hop: {arrival}}) => (arrival.entry.kind === 'internal' ? [arrival.entry.listener] : []))
  const text = style.glyphs.say(listeners.join(` ${style.glyphs.arrow} `))
  return [
    {kind: 'step', rails: shown.rails, tone: 'dim', label: 'internal', text},
    ...passages.flatMap((passage) => passageRows({shown, passage, isFirst: false}, style)),
  ]
}

function passageRows({shown, passage, isFirst}: {shown: ShownHop; passage: Passage; isFirst: boolean}, style: TreeStyle): readonly Row[] {
  const isLast = passage === shown.passages.at(-1)
  const fold = {isFirst, isLast, isStopped: isLast && shown.isStopped}
  const steps = passage.steps.filter((step) => style.verbose || (isShown(step, fold) && !isHeadlined(step, passage)))
  return stepRows({steps, rails: shown.rails}, style)
}

/** What stands beside the name of the hop: how the connection came in. */
function headline({hop, steps}: Passage, style: TreeStyle): string {
  if (hop.place.kind === 'app') return appHeadline({hop, steps}, style)
  const parts = style.verbose ? [] : hop.place.kind === 'node' ? captureTexts(steps, style) : entryTexts(steps, style)
  return parts.length === 0 ? entryText(hop) : parts.join(` ${style.glyphs.dot} `)
}

function entryText({arrival}: Hop): string {
  return arrival.entry.kind === 'internal' ? `internal ${arrival.entry.listener}` : `on ${reachedAddress(arrival)}`
}

function appHeadline({hop, steps}: Passage, {trace}: TreeStyle): string {
  return hop.id === trace.start
    ? `connects to ${formatSocket(trace.flow.connection.destination)}`
    : `receives on ${deliveredAddress(steps) ?? reachedAddress(hop.arrival)}`
}

function captureTexts(steps: readonly Step[], {glyphs}: TreeStyle): readonly string[] {
  return steps.flatMap((step) => (step.kind === 'capture' ? describeStep(step, glyphs).text : []))
}

function entryTexts(steps: readonly Step[], {glyphs}: TreeStyle): readonly string[] {
  const listeners = steps.flatMap((step) => (step.kind === 'listener' ? step.name : []))
  const inputs = steps.flatMap((step) => (step.kind === 'matcher' ? matcherPath(step.path, glyphs) : []))
  return [listeners.join(` ${glyphs.arrow} `), ...inputs].filter((part) => part !== '')
}

function isHeadlined({kind}: Step, {hop}: Passage): boolean {
  switch (kind) {
    case 'listener':
    case 'matcher':
    case 'hand-off':
      return true
    case 'capture':
      return hop.place.kind === 'node'
    case 'deliver':
      return hop.place.kind === 'app'
    default:
      return false
  }
}

interface Fold {
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly isStopped: boolean
}

/** Whether a step decides something a reader of the folded tree must know. */
function isShown(step: Step, {isFirst, isLast, isStopped}: Fold): boolean {
  switch (step.kind) {
    case 'tunnel':
    case 'internal-listener':
      return false
    case 'listener-filter':
      return step.opaque === true
    case 'network-filter':
    case 'http-filter':
      return step.opaque === true || isStopped
    case 'virtual-host':
    case 'rule':
    case 'route-lookup':
      return isStopped
    case 'tls':
      return step.expected !== undefined || isStopped
    case 'filter-chain':
      return isFirst || isStopped
    case 'cluster':
    case 'endpoint':
    case 'original-destination':
      return isLast
    default:
      return true
  }
}

function stepRows({steps, rails}: {steps: readonly Step[]; rails: Rails}, style: TreeStyle): readonly Row[] {
  return steps.flatMap((step, index) => {
    const before = steps.slice(0, index)
    if (!style.verbose && isJoined(step, before.at(-1))) return evidenceRows({step, rails}, style)
    return [
      {kind: 'step' as const, rails, ...stepWords({step, before, next: steps[index + 1]}, style)},
      ...rejectedRows({step, rails}, style),
      ...evidenceRows({step, rails}, style),
    ]
  })
}

/** An address right behind its cluster stands on the line of the cluster. */
function isJoined(step: Step, before: Step | undefined): boolean {
  return before?.kind === 'cluster' && (step.kind === 'endpoint' || step.kind === 'original-destination')
}

interface StepInLine {
  readonly step: Step
  readonly before: readonly Step[]
  readonly next: Step | undefined
}

function stepWords(line: StepInLine, style: TreeStyle): {label: string; text: string; tone: Tone} {
  const {step} = line
  const {glyphs, verbose} = style
  const {label, text} =
    step.kind === 'cluster' && !verbose ? {label: 'cluster', text: clusterText({...line, step}, style)} : describeStep(step, glyphs)
  const because = verbose || step.kind === 'authorization' ? step.because : []
  return {label, text: glyphs.say([text, ...because].filter((part) => part !== '').join(` ${glyphs.dot} `)), tone: stepTone(step)}
}

function clusterText({step, before, next}: StepInLine & {step: Step & {kind: 'cluster'}}, {glyphs}: TreeStyle): string {
  const isNamedAbove = before.some((other) => other.kind === 'filter-chain' && other.name === step.name)
  const name = withNotes(isNamedAbove ? 'same name' : step.name, [step.type, step.join])
  const address = isJoined(next ?? step, step) ? joinedAddress(next) : ''
  return address === '' ? name : `${name} ${glyphs.arrow} ${address}`
}

function joinedAddress(step: Step | undefined): string {
  if (step?.kind === 'endpoint') return formatAddress(step.address)
  return step?.kind === 'original-destination' ? formatSocket(step.address) : ''
}

const DECISION_TONES = {allow: 'ok', deny: 'bad', log: 'dim', undetermined: 'unsure'} as const satisfies Record<string, Tone>

function stepTone(step: Step): Tone {
  if (step.kind === 'authorization') return DECISION_TONES[step.decision]
  return 'opaque' in step && step.opaque ? 'unsure' : 'dim'
}

function rejectedRows({step, rails}: {step: Step; rails: Rails}, {glyphs, verbose}: TreeStyle): readonly Row[] {
  if (!verbose) return []
  return (step.rejected ?? []).map(({candidate, because}) => ({
    kind: 'step',
    rails,
    tone: 'dim',
    label: 'not',
    text: glyphs.say(`${candidate}: ${because}`),
  }))
}

function evidenceRows({step, rails}: {step: Step; rails: Rails}, {glyphs, evidence}: TreeStyle): readonly Row[] {
  if (!evidence) return []
  return step.evidence.map((each) => ({kind: 'step', rails, tone: 'dim', label: 'at', text: glyphs.say(evidenceText(each))}))
}
