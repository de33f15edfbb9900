import {addressKey, type NetworkAddress, type Workload} from '../config/model.js'
import type {History} from './history.js'
import type {ZtunnelState} from './state.js'

export interface AddressQuestion {
  readonly address: NetworkAddress
  readonly history: History
}

/** The workload that holds an address (ambient-ga B.1). */
export function workloadByAddress(state: ZtunnelState, {address, history}: AddressQuestion): Workload | undefined {
  const key = addressKey(address)
  const owners = state.config.addressOwners?.workloads
  if (owners !== undefined) return owners.get(key)
  const holders = state.workloadsByAddress.get(key) ?? []
  const best = state.semantics.rankedAddresses ? highestRanked(holders) : holders
  return history.pick({
    key: `workload ${key}`,
    what: `the workload that arrived last with address ${address.ip}`,
    candidates: best.map((workload) => ({name: workload.uid, value: workload})),
  })
}

/** Pods before others, then those in the mesh; of equals the last that arrived. */
function highestRanked(holders: readonly Workload[]): readonly Workload[] {
  const ranks = holders.map(rank)
  const best = Math.max(...ranks)
  return holders.filter((_, index) => ranks[index] === best)
}

function rank({uid, protocol}: Workload): number {
  return (uid.includes('//Pod/') ? 2 : 0) + (protocol === 'HBONE' ? 1 : 0)
}
