import {existsSync} from 'node:fs'
import {basename, join} from 'node:path'
import {shareToNumber} from '../../../src/flow/share.js'
import {outbound} from '../../../src/ztunnel/outbound/outbound.js'
import type {OutboundOutcome} from '../../../src/ztunnel/outbound/outcome.js'
import type {SourcePod} from '../../../src/ztunnel/outbound/source.js'
import type {ZtunnelState} from '../../../src/ztunnel/state/state.js'
import {readCases, type RecordedCase} from '../recorded-cases.js'
import {istiodInput, type IstiodInput} from './istiod-case.js'
import {gatewayPredictor} from './istiod-gateway.js'
import {dumpShelf} from './ztunnel-dump.js'
import {describeRequest} from './ztunnel-outbound.js'
import type {Prediction} from '../prediction.js'

/** Predicts the connections of captured pods, and the requests to gateways and sidecars. */
export function* predict(scenarioDir: string): Iterable<Prediction> {
  const stateOf = dumpShelf(scenarioDir)
  const toPrediction = (id: string, predicted: unknown): Prediction => ({layer: 'istiod', scenario: basename(scenarioDir), id, predicted})
  for (const one of casesOf(scenarioDir, 'cases-ztunnel.json')) yield toPrediction(one.id, predictCase(one, stateOf))
  const predictRequest = gatewayPredictor({scenarioDir})
  for (const one of casesOf(scenarioDir, 'cases.json')) yield toPrediction(one.id, predictRequest(one))
}

function casesOf(scenarioDir: string, file: string): readonly RecordedCase[] {
  const path = join(scenarioDir, file)
  return existsSync(path) ? readCases(path) : []
}

function predictCase(one: RecordedCase, stateOf: (file: string) => ZtunnelState): unknown {
  const input = istiodInput.safeParse(one.input)
  if (!input.success) return {undetermined: `the input is not understood: ${input.error.message}`}
  const state = stateOf(`${input.data.ztunnel}.config_dump.json`)
  const source = sourcePod(state, input.data)
  if (source === undefined) return {undetermined: `${input.data.sourcePod} is no workload of the dump`}
  const {histories} = outbound(state, {source, target: input.data.dst})
  const branches = histories.flatMap(({value}) => value)
  return {
    outcomes: branches.flatMap(({value, share}) =>
      value.kind === 'request' ? {...describeRequest(value), workloadName: value.nextHop?.name ?? null, share: shareToNumber(share)} : [],
    ),
    errors: branches.flatMap(({value, share}) => errorsOf(value).map((error) => ({error, share: shareToNumber(share)}))),
  }
}

/** Nobody knows what DNS answers; that it may have no answer is known. */
function errorsOf(outcome: OutboundOutcome): readonly string[] {
  if (outcome.kind === 'unknown') return outcome.ifNothing === undefined ? [] : [outcome.ifNothing.error]
  return outcome.kind === 'failure' ? [outcome.error] : []
}

function sourcePod(state: ZtunnelState, {sourcePod: key}: IstiodInput): SourcePod | undefined {
  const workload = state.config.workloads.find(({namespace, name}) => `${namespace}/${name}` === key)
  const [ip] = workload?.ips ?? []
  return workload === undefined || ip === undefined ? undefined : {...workload, ip}
}
