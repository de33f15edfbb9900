import {existsSync} from 'node:fs'
import {basename, join} from 'node:path'
import {readCases, type RecordedCase} from '../recorded-cases.js'
import {ztunnelInput} from './ztunnel-case.js'
import {predictDns} from './ztunnel-dns.js'
import {dumpShelf, recordedResolver} from './ztunnel-dump.js'
import {predictInbound} from './ztunnel-inbound.js'
import {podsOf, predictLogs} from './ztunnel-logs.js'
import {predictOutbound} from './ztunnel-outbound.js'
import type {Prediction} from '../prediction.js'

/** Predicts every case of one scenario directory of the layers `ztunnel` and `ztunnel-old`. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const file = join(scenarioDir, 'cases.json')
  // Of the oldest releases only dumps were recorded.
  if (!existsSync(file)) return
  const predictCase = casePredictor(scenarioDir)
  for (const one of readCases(file)) {
    yield {layer: 'ztunnel', scenario: basename(scenarioDir), id: one.id, predicted: predictCase(one)}
  }
}

function casePredictor(scenarioDir: string): (one: RecordedCase) => unknown {
  const stateOf = dumpShelf(scenarioDir)
  const resolve = recordedResolver(scenarioDir)
  const pods = podsOf(scenarioDir)
  return ({input: given}) => {
    const parsed = ztunnelInput.safeParse(given)
    if (!parsed.success) return {undetermined: `the input is not understood: ${parsed.error.message}`}
    const input = parsed.data
    switch (input.table) {
      case 'inbound':
        return predictInbound(stateOf(input.ztunnel.dump), input)
      case 'dns':
        return predictDns(stateOf(input.ztunnel.dump), input)
      case 'access_logs':
        return predictLogs({input, lab: {states: Object.values(input.dumps).map(stateOf), ...pods}})
      default:
        return predictOutbound({state: stateOf(input.ztunnel.dump), input, resolve})
    }
  }
}
