import {formatSocket} from '../flow/address.js'
import type {Condition} from '../flow/forwarder.js'
import type {Step} from '../flow/step.js'
import type {Branch, Hop} from '../flow/trace.js'
import {captureTexts, isOnTheWay} from './capture-line.js'
import {reachedAddress} from './leg.js'
import {deliveredAddress} from './outside.js'
import {matcherPath} from './step-text.js'
import {isShown} from './tree-fold.js'
import type {Rails, Row} from './tree-row.js'
import {evidenceRows, stepRows} from './tree-steps.js'
import {placeLabel, placeTitle, placeTone, type TreeStyle} from './tree-style.js'

/** One listener passage of a hop: its steps and those of its branch, as far as there is only one. */
export interface Passage {
  readonly hop: Hop
  readonly steps: readonly Step[]
  /** What the one way on depends on. */
  readonly requires: readonly Condition[]
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
    name: style.glyphs.say(placeTitle(place, style)),
    detail: style.glyphs.say(headline(first, style)),
  }
  return [head, ...passageRows({shown, passage: first, isFirst: true}, style), ...internalRows({shown, passages: others}, style)]
}

/** A further passage of the proxy the connection is in already, where the ways parted inside it. */
export function continuationRows(shown: ShownHop, style: TreeStyle): readonly Row[] {
  return internalRows({shown, passages: shown.passages}, style)
}

/** Rows of the steps that belong to one of several branches alone. */
export function branchRows({branch, rails}: {branch: Branch; rails: Rails}, style: TreeStyle): readonly Row[] {
  const {steps, requires} = branch
  const fold = {isFirst: true, isLast: true, isStopped: false, requires}
  return stepRows({steps: style.verbose ? steps : steps.filter((step) => isShown(step, fold)), rails}, style)
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
  const {requires} = passage
  const isLast = passage === shown.passages.at(-1)
  const fold = {isFirst, isLast, isStopped: isLast && shown.isStopped, requires}
  const isFolded = (step: Step): boolean => !style.verbose && isHeadlined(step, passage)
  const told = style.trace.question.proxy === undefined ? passage.steps : passage.steps.filter(({kind}) => kind !== 'deliver')
  const steps = told.filter((step) => style.verbose || (isShown(step, fold) && !isFolded(step)))
  return [
    // What the line of the hop says has its evidence right below.
    ...evidenceRows({evidence: passage.steps.filter(isFolded).flatMap(({evidence}) => evidence), rails: shown.rails}, style),
    ...stepRows({steps, rails: shown.rails}, style),
    ...conditionRows({requires, rails: shown.rails}, style),
  ]
}

function conditionRows({requires, rails}: {requires: readonly Condition[]; rails: Rails}, {glyphs}: TreeStyle): readonly Row[] {
  return requires.map(({what}) => ({kind: 'step', rails, tone: 'unsure', label: 'if', text: glyphs.say(what)}))
}

/** What stands beside the name of the hop: how the connection came in. */
function headline({hop, steps}: Pick<Passage, 'hop' | 'steps'>, style: TreeStyle): string {
  if (isEnd(hop)) return appHeadline({hop, steps}, style)
  const parts = style.verbose ? [] : hop.place.kind === 'node' ? captureTexts(steps, style.glyphs) : entryTexts(steps, style)
  return parts.length === 0 ? entryText(hop) : parts.join(` ${style.glyphs.dot} `)
}

/** Where applications are, in the mesh or outside. */
function isEnd({place}: Hop): boolean {
  return place.kind === 'app' || place.kind === 'outside'
}

function entryText({arrival}: Hop): string {
  return arrival.entry.kind === 'internal' ? `internal ${arrival.entry.listener}` : `on ${reachedAddress(arrival)}`
}

function appHeadline({hop, steps}: Pick<Passage, 'hop' | 'steps'>, {trace}: TreeStyle): string {
  if (hop.id === trace.start) return `connects to ${formatSocket(trace.flow.connection.destination)}`
  const address = deliveredAddress(steps)
  return address === undefined ? entryText(hop) : `receives on ${address}`
}

function entryTexts(steps: readonly Step[], {glyphs}: TreeStyle): readonly string[] {
  const listeners = steps.flatMap((step) => (step.kind === 'listener' ? step.name : []))
  const inputs = steps.flatMap((step) => (step.kind === 'matcher' ? matcherPath(step.path, glyphs) : []))
  return [listeners.join(` ${glyphs.arrow} `), ...inputs].filter((part) => part !== '')
}

function isHeadlined(step: Step, {hop, steps}: Passage): boolean {
  if (hop.place.kind === 'node') return steps.some(({kind}) => kind === 'capture') && isOnTheWay(step)
  switch (step.kind) {
    case 'listener':
      return step.because.length === 0
    case 'matcher':
      return true
    case 'deliver':
      return isEnd(hop)
    case 'filter-chain':
      return steps.some((other) => other.kind === 'listener' && other.name === step.name)
    default:
      return false
  }
}
