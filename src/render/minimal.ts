import {addShares, formatShare, isWhole, type Share} from '../flow/share.js'
import type {Trace} from '../flow/trace.js'
import type {VerdictKind} from '../flow/verdict.js'
import {flowLine, quoteText} from './outside-line.js'
import {surveyOutside, type OutsideBranch, type OutsideNode} from './outside.js'

const INDENT = '  '

interface Sheet {
  readonly lines: string[]
  /** Digests of nodes that several branches lead to, with the label they got when they were printed first. */
  readonly labels: Map<string, string>
  readonly shared: ReadonlySet<string>
}

/**
 * The minimal form: one line per hop, only what is visible from outside, the same for rearranged tables.
 * Grammar in docs/minimal-format.md.
 */
export function renderMinimal(trace: Trace): string {
  const start = surveyOutside(trace)
  const sheet: Sheet = {lines: [], labels: new Map(), shared: sharedNodes(start)}
  const first = flowLine(trace.flow)
  if (start.line !== first) sheet.lines.push(first)
  writeNode({node: start, indent: ''}, sheet)
  return [...sheet.lines, verdictLine(trace)].join('\n')
}

function writeNode({node, indent}: {node: OutsideNode; indent: string}, sheet: Sheet): void {
  const label = sheet.labels.get(node.digest)
  if (label !== undefined) {
    sheet.lines.push(`${indent}see ${label}`)
    return
  }
  sheet.lines.push(`${indent}${node.line}${labelNode(node, sheet)}${endOf(node)}`)
  writeBranches({node, indent}, sheet)
}

function writeBranches({node, indent}: {node: OutsideNode; indent: string}, sheet: Sheet): void {
  const only = onlyBranch(node)
  for (const branch of node.branches) {
    const end = endsHere(branch.to) ? ` => ${branch.to.end}` : ''
    if (branch !== only) sheet.lines.push(`${indent}${branchHead(branch)}${end}`)
    else if (branch.requires.length > 0) sheet.lines.push(`${indent}${conditionsText(branch)}${end}`)
    if (!endsHere(branch.to)) writeNode({node: branch.to, indent: branch === only ? indent : indent + INDENT}, sheet)
  }
}

/** ` => denied …` behind the hop that ends the path, unless something must be said between. */
function endOf(node: OutsideNode): string {
  const only = onlyBranch(node)
  if (node.end !== undefined) return ` => ${node.end}`
  return only !== undefined && only.requires.length === 0 && endsHere(only.to) ? ` => ${only.to.end}` : ''
}

function branchHead(branch: OutsideBranch): string {
  const conditions = branch.requires.length === 0 ? '' : ` ${conditionsText(branch)}`
  return `[${branch.mirror ? 'mirror ' : ''}${formatShare(branch.share)}]${conditions}`
}

function conditionsText({requires}: OutsideBranch): string {
  return requires.map((what) => `if ${quoteText(what)}`).join(' ')
}

/** Ends inside the hop itself: no line of its own. */
function endsHere(node: OutsideNode): boolean {
  return node.end !== undefined && node.line === ''
}

/** The one way on, that takes all of the traffic: the path goes on below without a branch. */
function onlyBranch({branches}: OutsideNode): OutsideBranch | undefined {
  const [only] = branches
  return branches.length === 1 && only !== undefined && isWhole(only.share) && !only.mirror ? only : undefined
}

function labelNode(node: OutsideNode, {shared, labels}: Sheet): string {
  if (!shared.has(node.digest)) return ''
  const label = `#${labels.size + 1}`
  labels.set(node.digest, label)
  return ` ${label}`
}

/** Nodes with branches of their own that more than one branch leads to: printed once, then referred to. */
function sharedNodes(start: OutsideNode): ReadonlySet<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  const pending = [start]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const isAgain = seen.has(node.digest)
    seen.add(node.digest)
    if (isAgain && endOf(node) === '') shared.add(node.digest)
    if (!isAgain) pending.push(...node.branches.map((branch) => branch.to))
  }
  return shared
}

/** `verdict denied 1/10, delivered 9/10`: the worst first, the shares only where there are several. */
function verdictLine({verdict, outcomes}: Trace): string {
  const shares = new Map<VerdictKind, Share>()
  for (const outcome of Object.values(outcomes)) {
    const {kind} = outcome.verdict
    const before = shares.get(kind)
    if (outcome.share.numerator > 0n) shares.set(kind, before === undefined ? outcome.share : addShares(before, outcome.share))
  }
  const others = [...shares.keys()].filter((kind) => kind !== verdict.kind).toSorted()
  if (others.length === 0) return `verdict ${verdict.kind}`
  const text = (kind: VerdictKind): string =>
    [kind, ...[shares.get(kind)].flatMap((share) => (share === undefined ? [] : formatShare(share)))].join(' ')
  return `verdict ${[verdict.kind, ...others].map(text).join(', ')}`
}
