import {existsSync, readdirSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {predict as predictAmbient2022} from './layers/ambient2022.js'
import {predict as predictEnvoy} from './layers/envoy.js'
import {predict as predictIstiod} from './layers/istiod.js'
import {predict as predictKernel} from './layers/kernel.js'
import {predict as predictWholepath} from './layers/wholepath.js'
import {predict as predictZtunnel} from './layers/ztunnel.js'
import {readCases} from './recorded-cases.js'
import type {Prediction} from './prediction.js'

type Predictor = (scenarioDir: string) => Iterable<Prediction> | AsyncIterable<Prediction>

/** Layers with an engine behind them; the others answer `undetermined` until their engine exists. */
const PREDICTORS: ReadonlyMap<string, Predictor> = new Map<string, Predictor>([
  ['envoy', predictEnvoy],
  ['ambient2022', predictAmbient2022],
  ['istiod', predictIstiod],
  ['kernel', predictKernel],
  ['wholepath', predictWholepath],
  ['ztunnel', predictZtunnel],
  ['ztunnel-old', predictZtunnel],
])

const LAYERS = ['ambient2022', 'envoy', 'istiod', 'kernel', 'wholepath', 'ztunnel', 'ztunnel-old'] as const

/** Predictions for every case of a tree in the oracle format, in a fixed order. */
export async function* predictTree(root: string): AsyncIterable<Prediction> {
  for (const layer of LAYERS) {
    for (const scenario of folders(join(root, layer))) yield* predictScenario({layer, scenario, dir: join(root, layer, scenario)})
  }
}

async function* predictScenario(input: {layer: string; scenario: string; dir: string}): AsyncIterable<Prediction> {
  const predictor = PREDICTORS.get(input.layer)
  if (predictor === undefined) {
    for (const id of caseIds(input.dir)) yield {...idOf(input, id), predicted: {undetermined: `the ${input.layer} engine is not built yet`}}
    return
  }
  const seen = new Set<string>()
  for await (const prediction of guarded(predictor(input.dir), input)) {
    seen.add(prediction.id)
    yield {...prediction, layer: input.layer, scenario: input.scenario}
  }
  for (const id of caseIds(input.dir)) {
    if (!seen.has(id)) yield {...idOf(input, id), predicted: {undetermined: 'the prediction of this scenario failed'}}
  }
}

function idOf(input: {layer: string; scenario: string}, id: string): {layer: string; scenario: string; id: string} {
  return {layer: input.layer, scenario: input.scenario, id}
}

/** One broken scenario must not hide the others. */
async function* guarded(
  predictions: Iterable<Prediction> | AsyncIterable<Prediction>,
  input: {layer: string; scenario: string},
): AsyncIterable<Prediction> {
  try {
    yield* predictions
  } catch (error) {
    process.stderr.write(`${input.layer}/${input.scenario}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  }
}

function folders(dir: string): string[] {
  return existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => statSync(join(dir, name)).isDirectory())
        .sort()
    : []
}

/** Ids of all cases and route rows of a scenario; a route row is `<file without .json>#<row id>`. */
function caseIds(dir: string): string[] {
  const files = readdirSync(dir).sort()
  const cases = files.filter((name) => /^cases.*\.json$/.test(name)).flatMap((name) => readCases(join(dir, name)).map(({id}) => id))
  const routes = files.filter((name) => /^route_get.*\.json$/.test(name))
  return [...cases, ...routes.flatMap((name) => readCases(join(dir, name)).map(({id}) => `${name.replace(/\.json$/, '')}#${id}`))]
}
