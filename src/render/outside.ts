import {createHash} from 'node:crypto'
import {formatSocket} from '../flow/address.js'
import {compareText} from '../flow/compare-text.js'
import type {Branch, Hop, HopId, Outcome, Trace} from '../flow/trace.js'
import {addShares, formatShare, multiplyShares, shareToNumber, type Share} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import {bottomUp} from './bottom-up.js'
import {hopLine, outcomeText, quoteWord, type LineContext} from './outside-line.js'
import {endPlace, placeNamer} from './place-text.js'

/** A hop or an end as somebody outside the proxies sees it. Equal nodes have equal digests, whatever their ids. */
export interface OutsideNode {
  readonly line: string
  /** Set where a path ends. */
  readonly end?: string
  readonly branches: readonly OutsideBranch[]
  /** Depends on the content alone, never on ids or their order. */
  readonly digest: string
}

export interface OutsideBranch {
  readonly share: Share
  readonly requires: readonly string[]
  readonly mirror: boolean
  readonly to: OutsideNode
}

interface Survey extends LineContext {
  readonly nodes: Map<HopId, OutsideNode>
  /** Branches by hop, with the hops nobody outside can see already passed. */
  readonly branches: Map<HopId, readonly OutsideBranch[]>
}

/**
 * What a trace looks like from outside, hop by hop: internal listeners and packet rules are passed over,
 * branches that cannot be told apart are one, with their shares added, and come in an order that depends on their content alone.
 */
export function surveyOutside(trace: Trace): OutsideNode {
  const survey: Survey = {trace, name: placeNamer(trace), nodes: new Map(), branches: new Map()}
  for (const id of bottomUp(trace)) visit(id, survey)
  return visit(trace.start, survey)
}

/** Another passage of a proxy the connection never left, or the packet rules between two sockets. */
function isInside(hop: Hop, start: HopId): boolean {
  return hop.id !== start && (hop.arrival.entry.kind === 'internal' || hop.place.kind === 'node')
}

function visit(id: HopId, survey: Survey): OutsideNode {
  const known = survey.nodes.get(id)
  if (known !== undefined) return known
  const hop = survey.trace.hops[id]
  // A trace is acyclic and complete by construction; a broken one still prints.
  if (hop === undefined) return node({line: `unknown ${quoteWord(id)}`, branches: []})
  survey.nodes.set(id, node({line: 'again', branches: []}))
  const visited = node({line: hopLine(hop, survey), branches: mergeBranches(branchesOf(hop, survey))})
  survey.nodes.set(id, visited)
  return visited
}

function branchesOf(hop: Hop, survey: Survey): readonly OutsideBranch[] {
  const known = survey.branches.get(hop.id)
  if (known !== undefined) return known
  survey.branches.set(hop.id, [])
  const branches = mergeBranches(hop.next.flatMap((branch) => followBranch({branch, hop}, survey)))
  survey.branches.set(hop.id, branches)
  return branches
}

function followBranch({branch, hop}: {branch: Branch; hop: Hop}, survey: Survey): readonly OutsideBranch[] {
  const head = {share: branch.share, requires: branch.requires.map((condition) => condition.what), mirror: branch.mirror === true}
  const outcome = survey.trace.outcomes[branch.to]
  if (outcome !== undefined) return [{...head, to: endNode({outcome, hop, branch, survey})}]
  const next = survey.trace.hops[branch.to]
  return next !== undefined && isInside(next, survey.trace.start)
    ? branchesOf(next, survey).map((inner) => joinBranches(head, inner))
    : [{...head, to: visit(branch.to, survey)}]
}

function joinBranches(head: Omit<OutsideBranch, 'to'>, inner: OutsideBranch): OutsideBranch {
  return {
    share: multiplyShares(head.share, inner.share),
    requires: [...head.requires, ...inner.requires],
    mirror: head.mirror || inner.mirror,
    to: inner.to,
  }
}

function endNode({outcome, hop, branch, survey}: {outcome: Outcome; hop: Hop; branch: Branch; survey: Survey}): OutsideNode {
  const place = endPlace(outcome, isInside(hop, survey.trace.start) && hop.place.kind === 'node' ? undefined : hop.place)
  const address = place && deliveredAddress([...hop.steps, ...branch.steps])
  const line =
    place === undefined ? '' : [place.kind, quoteWord(survey.name(place)), ...(address === undefined ? [] : ['at', address])].join(' ')
  return node({line, end: outcomeText(outcome), branches: []})
}

/** The address the application is reached at, as the last `deliver` step tells it. */
export function deliveredAddress(steps: readonly Step[]): string | undefined {
  const deliver = steps.findLast((step) => step.kind === 'deliver')
  return deliver?.address && formatSocket(deliver.address)
}

function node(content: Omit<OutsideNode, 'digest'>): OutsideNode {
  const key = JSON.stringify([
    content.line,
    content.end ?? null,
    content.branches.map((branch) => [formatShare(branch.share), branchKey(branch)]),
  ])
  return {...content, digest: createHash('sha256').update(key).digest('hex')}
}

function mergeBranches(branches: readonly OutsideBranch[]): readonly OutsideBranch[] {
  const merged = new Map<string, OutsideBranch>()
  for (const branch of branches.map(sortConditions)) {
    const key = branchKey(branch)
    const twin = merged.get(key)
    merged.set(key, twin === undefined ? branch : {...branch, share: addShares(twin.share, branch.share)})
  }
  return [...merged].toSorted(compareKeyed).map(([, branch]) => branch)
}

function sortConditions(branch: OutsideBranch): OutsideBranch {
  return {...branch, requires: [...new Set(branch.requires)].toSorted(compareText)}
}

/** Copies last, larger shares first, then by what is seen. */
function compareKeyed([keyA, a]: [string, OutsideBranch], [keyB, b]: [string, OutsideBranch]): number {
  return Number(a.mirror) - Number(b.mirror) || shareToNumber(b.share) - shareToNumber(a.share) || compareText(keyA, keyB)
}

function branchKey({requires, mirror, to}: OutsideBranch): string {
  return JSON.stringify([to.line, to.end ?? '', requires, mirror, to.digest])
}
