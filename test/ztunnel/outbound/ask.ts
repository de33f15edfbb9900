import {formatSocket, parseSocket} from '../../../src/flow/address.js'
import {addShares, formatShare, type Share} from '../../../src/flow/share.js'
import {outbound} from '../../../src/ztunnel/outbound/outbound.js'
import type {OutboundOutcome} from '../../../src/ztunnel/outbound/outcome.js'
import type {Resolver} from '../../../src/ztunnel/outbound/question.js'
import {stateOf, workload, type DumpParts} from '../dump.js'

/** The client of the published tables: pod `client` of namespace `ns` at 127.0.0.1. */
const CLIENT = workload('client', {workloadIps: ['127.0.0.1', '::1'], protocol: 'HBONE'})

export interface Asked {
  readonly target: string
  readonly resolve?: Resolver
  readonly source?: {readonly name: string; readonly namespace: string; readonly serviceAccount: string; readonly ip: string}
}

/** Outcomes as `share: protocol authority via dial`, per history. */
export function askAll(parts: DumpParts, {target, resolve, source}: Asked): string[][] {
  const asked = source ?? {name: 'client', namespace: 'ns', serviceAccount: 'default', ip: '127.0.0.1'}
  const {histories} = outbound(stateOf({...parts, workloads: [CLIENT, ...(parts.workloads ?? [])]}), {
    source: asked,
    target: parseSocket(target) ?? {ip: target, port: 0},
    ...(resolve === undefined ? {} : {resolve}),
  })
  return histories.map(({value}) => merge(value.map((branch) => ({text: describe(branch.value), share: branch.share}))))
}

/** For questions whose answer does not depend on the order of arrival. */
export function ask(parts: DumpParts, asked: Asked | string): string[] {
  const histories = askAll(parts, typeof asked === 'string' ? {target: asked} : asked)
  return histories.length === 1 ? (histories[0] ?? []) : [`${histories.length} histories`]
}

function describe(outcome: OutboundOutcome): string {
  if (outcome.kind === 'failure') return outcome.error
  if (outcome.kind === 'unknown') return `unknown: ${outcome.missing.what}`
  const {protocol, authority, dial, nextHop} = outcome
  return [protocol, ...(authority === undefined ? [] : [authority]), 'via', formatSocket(dial), nextHop?.name ?? '(passthrough)'].join(' ')
}

function merge(rows: readonly {readonly text: string; readonly share: Share}[]): string[] {
  const merged = new Map<string, Share>()
  for (const {text, share} of rows) {
    const known = merged.get(text)
    merged.set(text, known === undefined ? share : addShares(known, share))
  }
  return [...merged]
    .map(([text, share]) => (share.denominator === 1n && share.numerator === 1n ? text : `${formatShare(share)}: ${text}`))
    .toSorted()
}
