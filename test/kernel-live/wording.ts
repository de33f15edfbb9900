import fc from 'fast-check'
import type {Family} from '../../src/kernel/config/ip.js'
import type {Role} from './topology.js'

/** One condition or target in the words of both tools; nft cannot say everything. */
export interface Wording {
  readonly iptables: string
  readonly nft?: string
}

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter'
export type HookName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING'

export interface Spot {
  readonly family: Family
  readonly role: Role
  readonly table: TableName
  readonly hook: HookName
}

/** Marks that meet each other in rules, sockets and ip rules. */
export const MARKS = [0x40, 0x100, 0x111, 0x200, 0x210, 0x539] as const
export const MASKS = [0xfff, 0x200, 0x100, 0xffff_ffff, 0x310] as const
const PORTS = [53, 80, 81, 8080, 15_001, 15_006, 15_008] as const
export const USERS = [0, 1000, 1337] as const
export const port = fc.constantFrom(...PORTS)

export function hex(value: number): string {
  return `0x${value.toString(16)}`
}

export const not = (negated: boolean): string => (negated ? '! ' : '')
export const differs = (negated: boolean): string => (negated ? '!= ' : '')
export const rarely = fc.oneof({weight: 3, arbitrary: fc.constant(false)}, {weight: 1, arbitrary: fc.constant(true)})
