import type {Target} from './packet-rules.js'
import {ALL_BITS} from './source-text.js'

/**
 * `meta mark set …` and `ct mark set …`: a number, or a mark with `and`, `or`, `xor` and numbers. iptables-nft prints `xor V and M`
 * for `(mark & M) ^ V`, whatever the order (recorded beside iptables-save of the same rules).
 */
export function markStatement({field, value}: {readonly field: string | undefined; readonly value: string}): Target {
  const {source, operations} = partsOf(value)
  const target = field === 'ct' ? connectionMark({source, operations}) : packetMark({source, operations})
  return target ?? {kind: 'unknown', text: `${field ?? ''} mark set ${value}`}
}

function packetMark({source, operations}: Parts): Target | undefined {
  if (typeof source === 'number') return {kind: 'set-mark', change: {value: source, mask: ALL_BITS}}
  if (source === 'meta') return {kind: 'set-mark', change: changeOf(operations)}
  const kept = keptBits({source, operations})
  return kept === undefined ? undefined : {kind: 'restore-mark', packetMask: ALL_BITS, connectionMask: kept}
}

function connectionMark({source, operations}: Parts): Target | undefined {
  if (typeof source === 'number') return {kind: 'set-connmark', change: {value: source, mask: ALL_BITS}}
  if (source === 'ct') return {kind: 'set-connmark', change: changeOf(operations)}
  const kept = keptBits({source, operations})
  return kept === undefined ? undefined : {kind: 'save-mark', packetMask: kept, connectionMask: ALL_BITS}
}

/** From one mark into the other: only a mask is modelled. */
function keptBits({source, operations}: Parts): number | undefined {
  if (source === undefined || operations.has('or') || operations.has('xor')) return undefined
  return operations.get('and') ?? ALL_BITS
}

type Operations = ReadonlyMap<string, number>

interface Parts {
  readonly source: 'meta' | 'ct' | number | undefined
  readonly operations: Operations
}

const SIGNS: ReadonlyMap<string, string> = new Map([
  ['&', 'and'],
  ['|', 'or'],
  ['^', 'xor'],
])

function partsOf(text: string): Parts {
  if (/^(0x[0-9a-f]+|\d+)$/.test(text)) return {source: Number(text), operations: new Map()}
  const [, source = '', rest = ''] = /^((?:meta |ct )?mark)((?: (?:and|or|xor|&|\||\^) (?:0x[0-9a-f]+|\d+))*)$/.exec(text) ?? []
  if (source === '') return {source: undefined, operations: new Map()}
  const pairs = [...rest.matchAll(/ (\S+) (0x[0-9a-f]+|\d+)/g)].map(
    ([, sign = '', number]) => [SIGNS.get(sign) ?? sign, Number(number)] as const,
  )
  return {source: source.startsWith('ct') ? 'ct' : 'meta', operations: new Map(pairs)}
}

/** `(mark & and | or) ^ xor` as `(mark & ~mask) ^ value`. */
function changeOf(operations: Operations): {readonly value: number; readonly mask: number} {
  const [and = ALL_BITS, or = 0, xor = 0] = ['and', 'or', 'xor'].map((name) => operations.get(name))
  return {value: (or ^ xor) >>> 0, mask: (~and | or) >>> 0}
}
