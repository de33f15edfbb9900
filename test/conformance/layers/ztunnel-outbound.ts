import {formatSocket, parseSocket} from '../../../src/flow/address.js'
import {addShares, shareToNumber, type Share} from '../../../src/flow/share.js'
import type {Branch} from '../../../src/ztunnel/branch.js'
import {serviceKey} from '../../../src/ztunnel/config/model.js'
import {outbound} from '../../../src/ztunnel/outbound/outbound.js'
import type {OutboundOutcome, OutboundRequest} from '../../../src/ztunnel/outbound/outcome.js'
import type {Resolver} from '../../../src/ztunnel/outbound/question.js'
import type {ZtunnelState} from '../../../src/ztunnel/state/state.js'
import type {OutboundInput} from './ztunnel-case.js'

type Fields = Readonly<Record<string, unknown>>

interface Question {
  readonly state: ZtunnelState
  readonly input: OutboundInput
  readonly resolve: Resolver
}

/** One outbound case in the shape of the recordings. */
export function predictOutbound({state, input, resolve}: Question): unknown {
  const target = parseSocket(input.destination)
  if (target === undefined) return {undetermined: `the destination is not understood: ${input.destination}`}
  const {histories} = outbound(state, {source: input.source, target, resolve})
  const results = histories.map(({value}) => toResult(value, input.table))
  const unsure = results.find((result) => 'undetermined' in result)
  if (unsure !== undefined) return unsure
  const [first, ...others] = [...new Map(results.map((result) => [JSON.stringify(result), result])).values()]
  return {...first, ...(others.length === 0 ? {} : {alternatives: others})}
}

type Result = {readonly outcomes: readonly Fields[]; readonly errors: readonly Fields[]} | {readonly undetermined: string}

function toResult(branches: readonly Branch<OutboundOutcome>[], table: OutboundInput['table']): Result {
  const unknown = branches.flatMap(({value}) => (value.kind === 'unknown' ? value.missing.what : []))[0]
  if (unknown !== undefined) return {undetermined: unknown}
  const fields = branches.map(({value, share}) => ({
    share,
    fields: value.kind === 'request' ? describe(value, table) : {error: errorOf(value)},
  }))
  const merged = merge(fields)
  return {outcomes: merged.filter((one) => !('error' in one)), errors: merged.filter((one) => 'error' in one)}
}

function errorOf(outcome: OutboundOutcome): string {
  return outcome.kind === 'failure' ? outcome.error : ''
}

function describe(request: OutboundRequest, table: OutboundInput['table']): Fields {
  return table === 'outbound' ? describeRequest(request) : describeLegacy(request)
}

export function describeRequest(request: OutboundRequest): Fields {
  return {
    protocol: request.protocol,
    actualDestination: formatSocket(request.dial),
    hboneTargetDestination: request.authority ?? null,
    actualDestinationWorkload: request.nextHop?.uid ?? null,
    intendedDestinationService: request.service === undefined ? null : serviceKey(request.service),
    upstreamSans: request.upstreamSans.toSorted(),
    finalSans: request.finalSans.toSorted(),
  }
}

/** 1.20 describes a request by other fields. */
function describeLegacy(request: OutboundRequest): Fields {
  const [identity, ...sans] = request.upstreamSans
  return {
    protocol: request.protocol,
    requestType: requestType(request),
    direction: request.via === 'workload-waypoint' ? 'Inbound' : 'Outbound',
    gateway: formatSocket(request.dial),
    destination: request.authority ?? null,
    destinationWorkload: request.intended?.uid ?? null,
    destinationService: request.service === undefined ? null : serviceKey(request.service),
    expectedIdentity: identity ?? null,
    upstreamSans: sans.toSorted(),
  }
}

function requestType(request: OutboundRequest): string {
  if (request.via === 'passthrough') return 'Passthrough'
  if (request.via === 'workload-waypoint') return 'ToServerWaypoint'
  return request.sameNode === true ? 'DirectLocal' : 'Direct'
}

function merge(rows: readonly {readonly share: Share; readonly fields: Fields}[]): Fields[] {
  const merged = new Map<string, {fields: Fields; share: Share}>()
  for (const {fields, share} of rows) {
    const key = JSON.stringify(fields)
    const known = merged.get(key)
    merged.set(key, {fields, share: known === undefined ? share : addShares(known.share, share)})
  }
  return [...merged.values()].map(({fields, share}) => ({...fields, share: shareToNumber(share)}))
}
