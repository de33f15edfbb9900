import {readdirSync} from 'node:fs'
import {basename, join} from 'node:path'
import {readCases} from '../recorded-cases.js'
import {attemptInput} from './kernel-case.js'
import {openNetwork} from './kernel-network.js'
import {predictRoutes} from './kernel-routes.js'
import {predictWalk} from './kernel-walks.js'
import type {Prediction} from '../prediction.js'

/** Predicts every packet and every route row of one scenario directory of the layer `kernel`. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const scenario = basename(scenarioDir)
  const files = readdirSync(scenarioDir).toSorted()
  for (const one of predictWalks(scenarioDir)) yield {layer: 'kernel', scenario, ...one}
  for (const file of files.filter((name) => /^route_get.*\.json$/.test(name))) {
    for (const one of predictRoutes(scenarioDir, file)) yield {layer: 'kernel', scenario, ...one}
  }
}

function* predictWalks(scenarioDir: string): Iterable<{readonly id: string; readonly predicted: unknown}> {
  const network = openNetwork(scenarioDir)
  for (const {id, input} of readCases(join(scenarioDir, 'cases.json'))) {
    yield {id, predicted: predictWalk(network, attemptInput.parse(input))}
  }
}
