import type {NetworkNamespace} from '../config/namespace.js'

export function hasChain({packetRules}: NetworkNamespace, name: string): boolean {
  return [...packetRules[4].tables, ...packetRules[6].tables].some(({chains}) => chains.has(name))
}
