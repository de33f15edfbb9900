import {formatAddress, formatSocket} from '../flow/address.js'
import type {Evidence, Step} from '../flow/step.js'
import {describeStep, withNotes} from './step-text.js'
import type {Rails, Row, Tone} from './tree-row.js'
import {evidenceText, type TreeStyle} from './tree-style.js'

/** A row for each step, and below it what was ruled out and where to look it up, as far as asked. */
export function stepRows({steps, rails}: {steps: readonly Step[]; rails: Rails}, style: TreeStyle): readonly Row[] {
  return steps.flatMap((step, index) => {
    const line = {step, before: steps.slice(0, index), after: steps.slice(index + 1)}
    if (!style.verbose && isJoined(line)) return evidenceRows({evidence: step.evidence, rails}, style)
    return [
      {kind: 'step' as const, rails, ...stepWords(line, style)},
      ...rejectedRows({step, rails}, style),
      ...evidenceRows({evidence: step.evidence, rails}, style),
    ]
  })
}

interface StepInLine {
  readonly step: Step
  readonly before: readonly Step[]
  readonly after: readonly Step[]
}

/** An address right behind its cluster stands on the line of the cluster. */
function isJoined({step, before}: StepInLine): boolean {
  return isAddressed(step) && before.findLast((other) => !isAddressed(other))?.kind === 'cluster'
}

function isAddressed({kind}: Step): boolean {
  return kind === 'endpoint' || kind === 'original-destination'
}

function stepWords(line: StepInLine, style: TreeStyle): {label: string; text: string; tone: Tone} {
  const {step} = line
  const {glyphs, verbose} = style
  const {label, text} =
    step.kind === 'cluster' && !verbose ? {label: 'cluster', text: clusterText({...line, step}, style)} : describeStep(step, glyphs)
  const because = verbose ? spokenPhrases(step) : decidingPhrases(step)
  return {label, text: glyphs.say([text, ...because].filter((part) => part !== '').join(` ${glyphs.dot} `)), tone: stepTone(step)}
}

function clusterText({step, before, after}: StepInLine & {step: Step & {kind: 'cluster'}}, {glyphs}: TreeStyle): string {
  const isNamedAbove = before.some((other) => other.kind === 'filter-chain' && other.name === step.name)
  const name = withNotes(isNamedAbove ? 'same name' : step.name, [step.type, step.join])
  const end = after.findIndex((other) => !isAddressed(other))
  const [last] = (end === -1 ? after : after.slice(0, end)).slice(-1)
  return last === undefined ? name : `${name} ${glyphs.arrow} ${addressText(last)}`
}

function addressText(step: Step): string {
  if (step.kind === 'endpoint') return formatAddress(step.address)
  return step.kind === 'original-destination' ? formatSocket(step.address) : ''
}

/** Of steps whose other words do not say why they came so. */
function decidingPhrases(step: Step): readonly string[] {
  if (step.kind === 'hand-off' || step.kind === 'listener' || step.kind === 'internal-listener') return step.because
  if (step.kind !== 'authorization' || step.clause !== undefined) return []
  return step.decision === 'deny' ? withoutUnmatched(step.because) : step.because
}

/** Those that the words of the step do not say already. */
function spokenPhrases(step: Step): readonly string[] {
  switch (step.kind) {
    case 'matcher':
      return step.path.length > 0 ? [] : step.because
    case 'authorization':
      return step.decision === 'deny' ? withoutUnmatched(step.because) : step.because
    case 'endpoint':
      return step.because.filter((phrase) => phrase !== `transport socket ${step.transportSocket ?? ''}`)
    default:
      return step.because
  }
}

function withoutUnmatched(because: readonly string[]): readonly string[] {
  return because.filter((phrase) => phrase !== 'no policy matches')
}

const DECISION_TONES = {allow: 'ok', deny: 'bad', log: 'dim', undetermined: 'unsure'} as const satisfies Record<string, Tone>

function stepTone(step: Step): Tone {
  if (step.kind === 'authorization') return DECISION_TONES[step.decision]
  return 'opaque' in step && step.opaque ? 'unsure' : 'dim'
}

/** Candidates that are listed below one step. */
const MAX_REJECTED = 24

function rejectedRows({step, rails}: {step: Step; rails: Rails}, {glyphs, verbose}: TreeStyle): readonly Row[] {
  const rejected = verbose || isDenial(step) || isUnknownHost(step) ? (step.rejected ?? []) : []
  const left = rejected.length - MAX_REJECTED
  return [
    ...rejected.slice(0, MAX_REJECTED).map(({candidate, because}) => `${candidate}: ${because}`),
    ...(left > 0 ? [`+${left} more: -o json lists them all`] : []),
  ].map((text) => ({kind: 'step', rails, tone: 'dim', label: 'not', text: glyphs.say(text)}))
}

/** What came nearest to allowing is what a reader of a denial looks for. */
function isDenial(step: Step): boolean {
  return step.kind === 'authorization' && step.decision === 'deny' && step.shadow !== true
}

/** The hosts there are show the typing slip, or the port too many. */
function isUnknownHost(step: Step): boolean {
  return step.kind === 'virtual-host' && step.domain === ''
}

/** Where a line can be looked up: each place once. */
export function evidenceRows(
  {evidence, rails}: {evidence: readonly Evidence[]; rails: Rails},
  {glyphs, evidence: isAsked}: TreeStyle,
): readonly Row[] {
  if (!isAsked) return []
  const texts = new Set(evidence.map(evidenceText))
  return Array.from(texts, (text) => ({kind: 'step', rails, tone: 'dim', label: 'at', text: glyphs.say(text), isWhole: true}))
}
