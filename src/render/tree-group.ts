import {isWhole} from '../flow/share.js'
import type {Branch, Trace} from '../flow/trace.js'
import type {BranchGroup} from './alike.js'
import {reachedAddress} from './leg.js'
import {shareText} from './share-text.js'
import type {TreeStyle} from './tree-style.js'

/** Names of paths that are alike, before the rest is only counted. */
const ALIKE_NAMES = 4

/** `90 % · if server must speak h2 · 2 alike, first shown: productpage-v1-a, productpage-v1-b`. */
export function groupText({first, branches, share}: BranchGroup, {glyphs, trace}: TreeStyle): string {
  const separator = ` ${glyphs.dot} `
  const conditions = branches.map((branch) => conditionText(branch, separator))
  // Under each condition there are the same ones to choose among.
  const underFirst = branches.filter((_, index) => conditions[index] === conditions[0])
  const parts = [
    ...(first.mirror === true ? ['a copy (mirror)'] : []),
    ...(isWhole(share) ? [] : [shareText(share)]),
    ...(first.requires.length === 0 ? [] : [[...new Set(conditions)].join(', or ')]),
    ...(underFirst.length === 1 ? [] : [alikeText(underFirst, trace)]),
  ]
  return glyphs.say(parts.join(separator))
}

function conditionText({requires}: Branch, separator: string): string {
  return requires.map(({what}) => `if ${what}`).join(separator)
}

function alikeText(branches: readonly Branch[], trace: Trace): string {
  const shares = [...new Set(branches.map(({share}) => shareText(share)))]
  const names = differingNames(branches, trace)
  const told = branches.map(({share}, index) => [names[index], ...(shares.length === 1 ? [] : [shareText(share)])].join(' '))
  const more = told.length > ALIKE_NAMES ? ` and ${told.length - ALIKE_NAMES} more` : ''
  const each = shares.length === 1 ? `each ${shares.join('')}, ` : ''
  return `${branches.length} alike, ${each}first shown: ${told.slice(0, ALIKE_NAMES).join(', ')}${more}`
}

/** What the paths can be told apart by: the names of the first place where no two are the same, with their addresses where the ports differ. */
function differingNames(branches: readonly Branch[], trace: Trace): readonly string[] {
  const paths = branches.map((branch) => placesOnPath(branch, trace))
  const length = Math.max(...paths.map((path) => path.length))
  const columns = (of: keyof Stop): readonly string[][] => Array.from({length}, (_, index) => paths.map((path) => path[index]?.[of] ?? ''))
  const distinct = (texts: readonly string[]): boolean => new Set(texts).size === texts.length
  const [addresses = []] = columns('address')
  const names = columns('name').find(distinct)
  if (names === undefined) return columns('address').find(distinct) ?? addresses
  // Reached in different ways: one on the same node (15088, or its own port), another by the tunnel port of its node.
  const unlike = columns('address').find((column) => new Set(column.map(portOf)).size > 1) ?? []
  return names.map((name, index) => [name, ...[unlike[index] ?? ''].filter((address) => address !== '')].join(' at '))
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1)
}

interface Stop {
  readonly name: string
  readonly address: string
}

/** The places of the first path behind a branch, without packet rules. */
function placesOnPath({to}: Branch, trace: Trace): readonly Stop[] {
  const stops: Stop[] = []
  const seen = new Set<string>()
  for (let id: string | undefined = to; id !== undefined && !seen.has(id); id = trace.hops[id]?.next[0]?.to) {
    seen.add(id)
    const hop = trace.hops[id]
    if (hop !== undefined && hop.place.kind !== 'node') stops.push({name: hop.place.name, address: reachedAddress(hop.arrival)})
  }
  return stops
}
