import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {compare as compareAmbient2022} from './layers/ambient2022.js'
import {compare as compareEnvoy} from './layers/envoy-compare.js'
import {compare as compareIstiod} from './layers/istiod-compare.js'
import {compare as compareKernel} from './layers/kernel-compare.js'
import {compare as compareWholepath} from './layers/wholepath-compare.js'
import {compare as compareZtunnel} from './layers/ztunnel-compare.js'
import {gapFor} from './known-gaps.js'
import {readCases} from './recorded-cases.js'
import {predictTree} from './predict.js'

export interface Failure {
  readonly scenario: string
  readonly id: string
  readonly why: string
}

export interface LayerResult {
  readonly layer: string
  readonly passed: number
  readonly failed: readonly Failure[]
  /** Cases that stand in docs/known-gaps.md. */
  readonly known: readonly Failure[]
  /** Cases whose engine does not exist yet. */
  readonly undetermined: number
  readonly scenarios: ReadonlyMap<string, {readonly passed: number; readonly total: number}>
}

/** Undefined for a case that no engine predicts yet. */
type Compare = (predicted: unknown, observed: unknown) => {readonly ok: boolean; readonly why?: string} | undefined

const COMPARERS: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['envoy', compareEnvoy],
  ['ambient2022', compareAmbient2022],
  ['istiod', compareIstiod],
  ['kernel', compareKernel],
  ['wholepath', compareWholepath],
  ['ztunnel', compareZtunnel],
  ['ztunnel-old', compareZtunnel],
])

interface Tally {
  passed: number
  undetermined: number
  readonly failed: Failure[]
  readonly known: Failure[]
  readonly scenarios: Map<string, {passed: number; total: number}>
}

/** Predicts a tree of recordings and compares with what was observed. */
export async function compareTree(root: string): Promise<LayerResult[]> {
  const tallies = new Map<string, Tally>()
  const observations = new Map<string, ReadonlyMap<string, unknown>>()
  for await (const {layer, scenario, id, predicted} of predictTree(root)) {
    const tally = tallies.get(layer) ?? newTally()
    tallies.set(layer, tally)
    const key = `${layer}/${scenario}`
    const observed = observations.get(key) ?? observedOf(join(root, layer, scenario))
    observations.set(key, observed)
    count(tally, {layer, scenario, id, predicted, observed: observed.get(id)})
  }
  return [...tallies].map(([layer, tally]) => ({layer, ...tally}))
}

function newTally(): Tally {
  return {passed: 0, undetermined: 0, failed: [], known: [], scenarios: new Map()}
}

function count(tally: Tally, one: {layer: string; scenario: string; id: string; predicted: unknown; observed: unknown}): void {
  const {layer, scenario, id} = one
  const result = COMPARERS.get(layer)?.(one.predicted, one.observed)
  const row = tally.scenarios.get(scenario) ?? {passed: 0, total: 0}
  tally.scenarios.set(scenario, row)
  row.total += 1
  if (result === undefined) {
    tally.undetermined += 1
    return
  }
  const gap = gapFor({layer, scenario, id})
  if (result.ok) {
    tally.passed += 1
    row.passed += 1
    if (gap !== undefined) tally.failed.push({scenario, id, why: `stands in docs/known-gaps.md (${gap}) but passes: remove the entry`})
  } else {
    ;(gap === undefined ? tally.failed : tally.known).push({scenario, id, why: gap ?? result.why ?? 'differs'})
  }
}

/** What was observed, by id; a route row carries its answers itself. */
function observedOf(dir: string): ReadonlyMap<string, unknown> {
  const files = readdirSync(dir)
  const cases = files.filter((name) => /^cases.*\.json$/.test(name))
  const routes = files.filter((name) => /^route_get.*\.json$/.test(name))
  return new Map<string, unknown>([
    ...cases.flatMap((name) => readCases(join(dir, name)).map(({id, observed}) => [id, observed] as const)),
    ...routes.flatMap((name) => readCases(join(dir, name)).map((row) => [`${name.replace(/\.json$/, '')}#${row.id}`, row] as const)),
  ])
}
