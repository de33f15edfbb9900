import {resolveName, type NameAnswer} from '../../../src/ztunnel/dns/resolve-name.js'
import type {ZtunnelState} from '../../../src/ztunnel/state/state.js'
import type {DnsInput} from './ztunnel-case.js'

/** One DNS case in the shape of the recordings, where the resolver behind ztunnel could not be reached. */
export function predictDns(state: ZtunnelState, {client: {uid}, name, type}: DnsInput): unknown {
  const client = state.workloadsByUid.get(uid)
  if (client === undefined) return {undetermined: `${uid} is no workload of the dump`}
  const [first, ...others] = resolveName(state, {client, name, type}).map(({value}) => describe(value))
  return {...first, ...(others.length === 0 ? {} : {alternatives: others})}
}

function describe(answer: NameAnswer): {readonly rcode: string; readonly answers: readonly unknown[]} {
  return answer.kind === 'answered' ? {rcode: 'NOERROR', answers: answer.records} : {rcode: 'SERVFAIL', answers: []}
}
