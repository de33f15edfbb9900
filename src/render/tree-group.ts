import {isWhole} from '../flow/share.js'
import type {Branch, HopId, OutcomeId, Trace} from '../flow/trace.js'
import type {BranchGroup} from './alike.js'
import {shareText} from './share-text.js'
import type {TreeStyle} from './tree-style.js'

/** Names of paths that are alike, before the rest is only counted. */
const ALIKE_NAMES = 4

/** `90 % · if server must speak h2 · 2 alike, first shown: productpage-v1-a, productpage-v1-b`. */
export function groupText({first, branches, share}: BranchGroup, {glyphs, trace}: TreeStyle): string {
  const parts = [
    ...(first.mirror === true ? ['a copy (mirror)'] : []),
    ...(isWhole(share) ? [] : [shareText(share)]),
    ...first.requires.map(({what}) => `if ${what}`),
    ...(branches.length === 1 ? [] : [alikeText(branches, trace)]),
  ]
  return glyphs.say(parts.join(` ${glyphs.dot} `))
}

function alikeText(branches: readonly Branch[], trace: Trace): string {
  const shares = [...new Set(branches.map(({share}) => shareText(share)))]
  const names = differingNames(branches, trace)
  const told = branches.map(({share}, index) => [names[index], ...(shares.length === 1 ? [] : [shareText(share)])].join(' '))
  const more = told.length > ALIKE_NAMES ? ` and ${told.length - ALIKE_NAMES} more` : ''
  const each = shares.length === 1 ? `each ${shares.join('')}, ` : ''
  return `${branches.length} alike, ${each}first shown: ${told.slice(0, ALIKE_NAMES).join(', ')}${more}`
}

/** The names by which the paths can be told apart: those of the first place where they are not the same. */
function differingNames(branches: readonly Branch[], trace: Trace): readonly string[] {
  const paths = branches.map((branch) => namesOnPath(branch, trace))
  const [first = []] = paths
  const at = first.findIndex((name, index) => paths.some((path) => path[index] !== name))
  return paths.map((path) => path[at] ?? path.at(-1) ?? '')
}

/** The places of the first path behind a branch, without packet rules. */
function namesOnPath({to}: Branch, trace: Trace): readonly string[] {
  const names: string[] = []
  const seen = new Set<string>()
  for (let id: string | undefined = to; id !== undefined && !seen.has(id); id = trace.hops[id]?.next[0]?.to) {
    seen.add(id)
    names.push(...proxyName(id, trace))
  }
  return names
}

function proxyName(id: HopId | OutcomeId, {hops, outcomes}: Trace): readonly string[] {
  const place = hops[id]?.place ?? outcomes[id]?.place
  return place === undefined || place.kind === 'node' ? [] : [place.name]
}
