import {basename, join} from 'node:path'
import {readCases, type RecordedCase} from '../recorded-cases.js'
import {dnsInput, inboundInput, outboundInput} from './ztunnel-case.js'
import {predictDns} from './ztunnel-dns.js'
import {dumpShelf, recordedResolver} from './ztunnel-dump.js'
import {predictInbound} from './ztunnel-inbound.js'
import {predictOutbound} from './ztunnel-outbound.js'

interface Prediction {
  readonly layer: string
  readonly scenario: string
  readonly id: string
  readonly predicted: unknown
}

/** Predicts every case of one scenario directory of the layers `ztunnel` and `ztunnel-old`. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const predictCase = casePredictor(scenarioDir)
  for (const one of readCases(join(scenarioDir, 'cases.json'))) {
    yield {layer: 'ztunnel', scenario: basename(scenarioDir), id: one.id, predicted: predictCase(one)}
  }
}

function casePredictor(scenarioDir: string): (one: RecordedCase) => unknown {
  const stateOf = dumpShelf(scenarioDir)
  const resolve = recordedResolver(scenarioDir)
  return (one) => {
    const outbound = outboundInput.safeParse(one.input)
    if (outbound.success) return predictOutbound({state: stateOf(outbound.data.ztunnel.dump), input: outbound.data, resolve})
    const inbound = inboundInput.safeParse(one.input)
    if (inbound.success) return predictInbound(stateOf(inbound.data.ztunnel.dump), inbound.data)
    const dns = dnsInput.safeParse(one.input)
    if (dns.success) return predictDns(stateOf(dns.data.ztunnel.dump), dns.data)
    return {undetermined: 'this table has no engine yet'}
  }
}
