import type {Branch, Hop, HopId, Outcome} from '../flow/trace.js'
import {isWhole} from '../flow/share.js'
import {outlookOf} from '../flow/verdict.js'
import {createLikeness, groupBranches, singleBranches, type BranchGroup, type Likeness} from './alike.js'
import {endPlace} from './place-text.js'
import {widthOf} from './text-width.js'
import {groupText} from './tree-group.js'
import {branchRows, continuationRows, hopRows, type Passage} from './tree-hop.js'
import {deliveredText, lastLegRows, legRows} from './tree-leg.js'
import {NO_RAILS, type Rails, type Row} from './tree-row.js'
import {placeLabel, placeTitle, placeTone, type TreeStyle} from './tree-style.js'
import {endTitle, verdictReason, verdictSign, verdictTone} from './verdict-text.js'

/** Rails take no more room than leaves this to the rows beside them; branches further in stay at the same depth. */
const MINIMUM_ROW = 34
interface Walk {
  readonly style: TreeStyle
  readonly rows: Row[]
  /** Numbers of hops that are drawn already: a hop several paths share is drawn once. */
  readonly numbers: Map<HopId, number>
  readonly likeness: Likeness
  /** Paths end differently: then each end says its verdict. */
  readonly hasSeveralEnds: boolean
  count: number
  /** What is still to be drawn, the next one last: paths may be longer than a call stack is deep. */
  readonly pending: (() => void)[]
}

interface At {
  readonly hop: Hop
  readonly rails: Rails
}

/** The hops of a trace from the start to every end, top down. */
export function treeRows(style: TreeStyle): readonly Row[] {
  const {trace} = style
  const verdicts = new Set(Object.values(trace.outcomes).map(({verdict}) => endTitle(verdict, trace)))
  const walk: Walk = {
    style,
    rows: [],
    numbers: new Map(),
    likeness: createLikeness(trace),
    hasSeveralEnds: verdicts.size > 1,
    count: 0,
    pending: [],
  }
  drawOnce({id: trace.start, rails: NO_RAILS}, walk)
  for (let draw = walk.pending.pop(); draw !== undefined; draw = walk.pending.pop()) draw()
  return walk.rows
}

interface Next {
  readonly id: HopId
  readonly rails: Rails
  /** The number of the hop whose proxy the connection has not left: then there is no new one. */
  readonly inside?: number | undefined
}

function drawOnce({id, rails, inside}: Next, walk: Walk): void {
  const {style, numbers} = walk
  const hop = style.trace.hops[id]
  const drawn = numbers.get(id)
  if (hop === undefined) drawText({rails, text: `unknown hop ${id}`}, walk)
  else if (drawn === undefined) drawHop({hop, rails, number: inside ?? (walk.count += 1), isNew: inside === undefined}, walk)
  else drawText({rails, text: `${style.glyphs.arrow} goes on at ${drawn}`}, walk)
}

function drawHop({hop, rails, number, isNew}: At & {number: number; isNew: boolean}, walk: Walk): void {
  const passages = passagesFrom(hop, walk)
  const last = passages.at(-1)?.hop ?? hop
  for (const passage of passages) walk.numbers.set(passage.hop.id, number)
  const shown = {passages, number, rails, isStopped: isStopped(last, walk)}
  walk.rows.push(...(isNew ? hopRows(shown, walk.style) : continuationRows(shown, walk.style)))
  drawBranches({hop: last, rails}, walk)
}

/** Folded, a proxy is one hop through all its internal listeners, as far as the way does not part. */
function passagesFrom(first: Hop, {style: {trace, verbose}, numbers}: Walk): [Passage, ...Passage[]] {
  const passages: [Passage, ...Passage[]] = [passageOf(first)]
  const seen = new Set([first.id])
  for (let next = onlyTarget(first); next !== undefined && !verbose; ) {
    const hop = trace.hops[next.to]
    if (hop?.arrival.entry.kind !== 'internal' || seen.has(hop.id) || numbers.has(hop.id)) break
    passages.push(passageOf(hop))
    seen.add(hop.id)
    next = onlyTarget(hop)
  }
  return passages
}

function passageOf(hop: Hop): Passage {
  const only = onlyTarget(hop)
  return {hop, steps: only === undefined ? hop.steps : [...hop.steps, ...only.steps], requires: only?.requires ?? []}
}

/** The one way on. */
function onlyTarget({next}: Hop): Branch | undefined {
  const [only] = next
  return next.length === 1 && only !== undefined && isWhole(only.share) && only.mirror !== true ? only : undefined
}

function isStopped({next}: Hop, {style: {trace}}: Walk): boolean {
  return next.some(({to}) => {
    const outcome = trace.outcomes[to]
    return outcome !== undefined && outlookOf(outcome.verdict) !== 'positive'
  })
}

function drawBranches(at: At, walk: Walk): void {
  const groups = walk.style.verbose ? singleBranches(at.hop) : groupBranches(at.hop, walk.likeness)
  const [only] = groups
  if (groups.length === 1 && only !== undefined) {
    drawOnlyGroup({...at, group: only}, walk)
    return
  }
  const draws = groups.map((group, index) => () => {
    drawGroup({...at, group, isLast: index === groups.length - 1}, walk)
  })
  walk.pending.push(...draws.toReversed())
}

function drawGroup({hop, rails: outer, group, isLast}: At & {group: BranchGroup; isLast: boolean}, walk: Walk): void {
  const rails = railsOf({rails: outer, isLast}, walk)
  walk.rows.push({kind: 'text', rails: rails.head, tone: 'strong', text: groupText(group, walk.style), indented: false})
  walk.rows.push(...branchRows({branch: group.first, rails: rails.body}, walk.style))
  drawTarget({hop, rails: rails.body, branch: group.first}, walk)
}

function drawOnlyGroup({group, ...at}: At & {group: BranchGroup}, walk: Walk): void {
  if (onlyTarget(at.hop) === undefined) {
    drawText({rails: at.rails, text: groupText(group, walk.style)}, walk)
    walk.rows.push(...branchRows({branch: group.first, rails: at.rails}, walk.style))
  }
  drawTarget({...at, branch: group.first}, walk)
}

function railsOf({rails, isLast}: {rails: Rails; isLast: boolean}, {style: {glyphs, width}}: Walk): {head: Rails; body: Rails} {
  const isDeep = widthOf(rails.rest + glyphs.tee) > width - MINIMUM_ROW
  const before = isDeep ? rails.rest.slice(0, -glyphs.tee.length) : rails.rest
  const below = before + (isLast ? glyphs.blank : glyphs.rail)
  return {head: {first: before + (isLast ? glyphs.corner : glyphs.tee), rest: below}, body: {first: below, rest: below}}
}

function drawTarget(at: At & {branch: Branch}, walk: Walk): void {
  const {style, rows} = walk
  const branch = passPacketRules(at, walk)
  const outcome = style.trace.outcomes[branch.to]
  if (outcome !== undefined) {
    drawEnd({...at, branch, outcome}, walk)
    return
  }
  const next = style.trace.hops[branch.to]
  const isInside = next?.arrival.entry.kind === 'internal'
  if (next !== undefined && !isInside) rows.push(...legRows({from: at.hop.place, to: next, rails: at.rails}, style))
  const inside = isInside && !style.verbose ? walk.numbers.get(at.hop.id) : undefined
  walk.pending.push(() => {
    drawOnce({id: branch.to, rails: at.rails, inside}, walk)
  })
}

/** Folded, packet rules that let a connection pass are left out, but for what happens to the client right at its start. */
function passPacketRules({hop, branch}: At & {branch: Branch}, {style: {trace, verbose}}: Walk): Branch {
  const seen = new Set<HopId>()
  let passed = branch
  while (!verbose && hop.id !== trace.start && !seen.has(passed.to)) {
    seen.add(passed.to)
    const next = trace.hops[passed.to]
    const beyond = next && beyondPacketRules(next)
    if (beyond === undefined || trace.hops[beyond.to] === undefined) break
    passed = beyond
  }
  return passed
}

function beyondPacketRules(hop: Hop): Branch | undefined {
  const only = onlyTarget(hop)
  if (only === undefined || only.requires.length > 0) return undefined
  const isRedirected = [...hop.steps, ...only.steps].some((step) => step.kind === 'capture' && step.to !== undefined)
  return hop.place.kind === 'node' && !isRedirected ? only : undefined
}

function drawEnd({hop, rails, branch, outcome}: At & {branch: Branch; outcome: Outcome}, walk: Walk): void {
  const {style, rows} = walk
  const place = style.trace.question.proxy === undefined ? endPlace(outcome, hop.place) : undefined
  const steps = [...hop.steps, ...branch.steps]
  if (place !== undefined) {
    walk.count += 1
    rows.push(...lastLegRows({steps, rails}, style), {
      kind: 'hop',
      rails,
      tone: placeTone(place),
      number: walk.count,
      label: placeLabel(place),
      name: style.glyphs.say(placeTitle(place, style)),
      detail: style.glyphs.say(deliveredText(steps)),
    })
  }
  const isTold = outlookOf(outcome.verdict) !== 'positive' || verdictReason(outcome.verdict) !== ''
  if (walk.hasSeveralEnds || isTold) drawVerdict({rails, outcome}, walk)
}

function drawVerdict({rails, outcome: {verdict}}: {rails: Rails; outcome: Outcome}, {rows, style: {glyphs, trace}}: Walk): void {
  const reason = verdictReason(verdict)
  const text = `${verdictSign(verdict, glyphs)} ${endTitle(verdict, trace)}${reason === '' ? '' : `: ${reason}`}`
  rows.push({kind: 'text', rails, tone: verdictTone(verdict), text: glyphs.say(text), indented: true})
}

function drawText({rails, text}: {rails: Rails; text: string}, {rows, style}: Walk): void {
  rows.push({kind: 'text', rails, tone: 'strong', text: style.glyphs.say(text), indented: true})
}
