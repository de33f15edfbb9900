import type {DumpIndex} from '../json/index-builder.js'
import {IndexBuilder} from '../json/index-builder.js'
import type {ByteSource} from '../json/indexed-store.js'
import type {JsonProblemCode} from '../json/problem.js'
import {dumpKind} from './dump-kind.js'
import {readDumpText} from './dump-text.js'

/** Named limit: the largest text with a dump inside, unpacked, in which the dump is looked for. */
export const MAX_PASTED_BYTES = 64 * 1024 ** 2

/** Problems that other text around a dump, or a bare list, causes. A dump that was cut, or is too deep or too large, is none. */
export function mayBePasted(code: JsonProblemCode): boolean {
  return code === 'trailing' || code === 'not-an-object' || code === 'unexpected'
}

export interface PastedDump {
  readonly index: DumpIndex
  readonly bytes: ByteSource
  /** Set when the text held bare lists: what is lost then. */
  readonly extract?: string
}

/** The ztunnel dump inside a text: with log lines around it, in several parts, or as lists of one kind. Undefined when there is none. */
export function readPastedDump(bytes: Uint8Array): PastedDump | undefined {
  const text = decode(bytes)
  const read = text === undefined ? undefined : readDumpText(text)
  if (read?.kind !== 'read') return undefined
  const document = Buffer.from(read.document)
  const builder = new IndexBuilder()
  builder.push(document)
  const index = builder.finish()
  const isList = read.lists.length > 0
  if (index.problem !== undefined || !(isList || dumpKind(index) === 'ztunnel')) return undefined
  return {
    index: {...index, warnings: [...index.warnings, ...read.warnings, ...(isList ? [POINTERS] : [])]},
    bytes: {read: (offset, length) => document.subarray(offset, offset + length)},
    ...(isList ? {extract: lossyList(read.lists)} : {}),
  }
}

const POINTERS = 'a bare list is read as a section of that name: pointers begin with it'

/** What istioctl leaves out of its lists (ambient-ga A.9). */
const LOST = [
  'ports of waypoints and gateways',
  'weighted waypoints',
  'network mode, services and capacity of workloads',
  'health of endpoints, CIDR addresses, visibility and rank of services',
  'dry run of policies',
  'settings, version and captured pods of the ztunnel',
].join(', ')

function lossyList(lists: readonly string[]): string {
  return `bare lists of ${lists.join(', ')}, as "istioctl ztunnel-config … -o json" prints them, lack what decides: ${LOST}`
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    return undefined
  }
}
