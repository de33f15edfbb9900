import {addShares, formatShare, isWhole, NOTHING, type Share} from '../../src/flow/share.js'
import type {Forwarding} from '../../src/flow/forwarder.js'
import type {Evidence, Step} from '../../src/flow/step.js'
import type {Trace} from '../../src/flow/trace.js'
import {renderMinimal} from '../../src/render/minimal.js'
import {widthOf} from '../../src/render/text-width.js'
import {renderJson} from '../../src/render/trace-json.js'
import {traceSchema} from '../../src/render/trace-schema.js'
import {renderTree} from '../../src/render/tree.js'
import {demand} from './finding.js'
import {valueAt} from './json-tree.js'

/** What a terminal would obey or nobody would see; lines end in `\n` alone. */
const UNPRINTABLE = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

export function demandPrintable(text: string, what: string): void {
  const found = UNPRINTABLE.exec(text)
  demand(found === null, `${what} prints a control character`, () =>
    JSON.stringify(text.slice(Math.max(0, (found?.index ?? 0) - 60)).slice(0, 120)),
  )
}

/** The documents that evidence points into, by their names: read when something points there. */
export type Documents = ReadonlyMap<string, () => unknown>

const WIDTH = 80

export interface Depth {
  readonly documents: Documents
  /** All forms, and the schema; else only the two short forms, which cost a tenth. */
  readonly thorough: boolean
}

/** Work of one answer, counted: hops, steps, branches and kilobytes of text. */
export function demandTrace(trace: Trace, {documents, thorough}: Depth): number {
  const hops = Object.values(trace.hops)
  demandWhole(
    Object.values(trace.outcomes).map(({share}) => share),
    'outcomes',
  )
  for (const {next} of hops) {
    const counting = next.filter(({mirror}) => mirror !== true)
    demandWhole(
      counting.map(({share}) => share),
      'branches',
    )
  }
  const steps = hops.flatMap(({steps: own, next}) => [...own, ...next.flatMap((branch) => branch.steps)])
  demandEvidence(steps, documents)
  const size = demandShortForms(trace) + (thorough ? demandLongForms(trace) : 0)
  return hops.length + steps.length + size / 1000
}

export function demandForwarding({steps, exits}: Forwarding, documents: Documents): void {
  demandWhole(
    exits.filter(({mirror}) => mirror !== true).map(({share}) => share),
    'exits',
  )
  demandEvidence([...steps, ...exits.flatMap((exit) => exit.steps)], documents)
}

function demandWhole(shares: readonly Share[], what: string): void {
  const sum = shares.reduce(addShares, NOTHING)
  demand(isWhole(sum), `shares of the ${what} do not sum to 1`, () => formatShare(sum))
  demand(!shares.some(({numerator}) => numerator < 0n), `a share of the ${what} is negative`, () => shares.map(formatShare).join(', '))
}

function demandShortForms(trace: Trace): number {
  const tree = renderTree(trace, {width: WIDTH})
  const minimal = renderMinimal(trace)
  demandPrintable(tree, 'the tree')
  demandPrintable(minimal, 'the minimal form')
  const wide = tree.split('\n').find((line) => widthOf(line) > WIDTH)
  demand(wide === undefined, 'a line of the tree is too wide', () => wide ?? '')
  return tree.length + minimal.length
}

function demandLongForms(trace: Trace): number {
  const verbose = renderTree(trace, {width: WIDTH, verbose: true, evidence: true})
  const json = renderJson(trace)
  demandPrintable(verbose, 'the unfolded tree')
  demandPrintable(json, 'the JSON')
  const {error} = traceSchema.safeParse(JSON.parse(json))
  demand(error === undefined, 'the JSON does not fit the schema', () => JSON.stringify(error?.issues.slice(0, 2)))
  return verbose.length + json.length
}

function demandEvidence(steps: readonly Step[], documents: Documents): void {
  const recorded = steps.flatMap(({evidence}) => evidence).filter(({basis}) => basis === 'recorded')
  for (const each of recorded) demandPlace(each, documents)
}

function demandPlace({dump, pointer}: Evidence, documents: Documents): void {
  if (pointer.startsWith('line ')) return
  demand(documents.has(dump), 'evidence names an unknown file', () => dump)
  const tokens = pointer.split('/').slice(1)
  let value = documents.get(dump)?.()
  // A dump with foreign text around it is read, but JSON.parse cannot tell where its pointers lead.
  if (value === undefined) return
  for (const token of tokens.map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    value = valueAt(value, [Array.isArray(value) ? Number(token) : token])
  }
  demand(value !== undefined, 'evidence does not resolve', () => `${dump}#${pointer}`)
}

/** What every object has; a dump that changed it would change everything. */
const PROTOTYPES: readonly (readonly [object, string])[] = [Object.prototype, Array.prototype, Map.prototype, Function.prototype].map(
  (prototype) => [prototype, Reflect.ownKeys(prototype).map(String).join()] as const,
)

export function demandCleanPrototypes(): void {
  for (const [prototype, keys] of PROTOTYPES) {
    const now = Reflect.ownKeys(prototype).map(String).join()
    demand(now === keys, 'a prototype was changed', () => now)
  }
}
