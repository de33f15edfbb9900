import {formatSocket, parseSocket} from '../../../src/flow/address.js'
import {inbound} from '../../../src/ztunnel/inbound/inbound.js'
import type {InboundOutcome, InboundTarget} from '../../../src/ztunnel/inbound/outcome.js'
import type {ZtunnelState} from '../../../src/ztunnel/state/state.js'
import type {InboundInput} from './ztunnel-case.js'

/** One inbound case in the shape of the recordings: all legitimate variants. */
export function predictInbound(state: ZtunnelState, input: InboundInput): unknown {
  const [source, local] = [parseSocket(input.source.address), parseSocket(input.connectionDestination)]
  if (source === undefined || local === undefined) return {undetermined: 'the addresses are not understood'}
  const told = inbound(state, {
    pod: input.destination,
    source,
    local,
    ...(input.source.identity === null ? {} : {identity: input.source.identity}),
    ...(input.transport === 'plaintext' ? {} : {connect: {method: input.method ?? 'CONNECT', authority: input.authority ?? ''}}),
  })
  const outcomes = told.flatMap(({value}) => value.map(({outcome}) => outcome))
  const unknown = outcomes.flatMap((outcome) => (outcome.kind === 'unknown' ? outcome.missing.what : []))[0]
  if (unknown !== undefined) return {undetermined: unknown}
  const variants = outcomes.map((outcome) => describe(outcome))
  return {variants: [...new Map(variants.map((variant) => [JSON.stringify(variant), variant])).values()]}
}

function describe(outcome: InboundOutcome): unknown {
  switch (outcome.kind) {
    case 'rejected':
      return {phase: 'build', verdict: 'rejected', error: outcome.error, httpStatus: outcome.status}
    case 'denied':
      return {phase: 'rbac', verdict: 'deny', error: outcome.error, httpStatus: outcome.status, ...describeTarget(outcome.target)}
    case 'allowed':
      return {phase: 'rbac', verdict: 'allow', ...describeTarget(outcome.target)}
    case 'unknown':
      return undefined
    default:
      return outcome satisfies never
  }
}

function describeTarget({upstream, tunnel}: InboundTarget): {readonly upstreamAddr: string; readonly tunnelRequest: unknown} {
  const tunnelRequest = tunnel === undefined ? null : {protocol: tunnel.protocol, target: formatSocket(tunnel.target)}
  return {upstreamAddr: formatSocket(upstream), tunnelRequest}
}
