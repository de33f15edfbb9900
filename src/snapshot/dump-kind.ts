import type {DumpIndex} from '../json/index-builder.js'

export type DumpKind = 'envoy' | 'ztunnel' | {readonly opaque: string}

/** Which proxy printed a dump, by its shape: names and version fields differ too much between generations (users 8). */
export function dumpKind(index: Pick<DumpIndex, 'documentKeys' | 'configTypes'>): DumpKind {
  const {documentKeys, configTypes} = index
  if (documentKeys.has('configs')) {
    const foreign = configTypes.find((type) => !type.startsWith('envoy.'))
    return foreign === undefined ? 'envoy' : {opaque: `"configs" holds ${foreign}, which Envoy does not print`}
  }
  if (isZtunnel(documentKeys)) return 'ztunnel'
  return {opaque: `neither "configs" (Envoy) nor "workloads" with "services" or "policies" (ztunnel): ${listKeys(documentKeys)}`}
}

/** The same for a dump that was opened: bare lists of a ztunnel's things are its dump too. */
export function openedKind({index, extract}: {readonly index: DumpIndex; readonly extract?: string}): DumpKind {
  return extract === undefined ? dumpKind(index) : 'ztunnel'
}

/** What a file of a directory without manifest seems to be, by the keys at its start. */
export function roughKind(documentKeys: ReadonlySet<string>): 'config-dump' | 'inventory' | 'other' {
  if (documentKeys.has('apiVersion')) return 'inventory'
  return documentKeys.has('configs') || [...documentKeys].some((key) => ZTUNNEL_KEYS.has(key)) ? 'config-dump' : 'other'
}

/** Keys at the start of a ztunnel dump, whatever its generation (ambient-ga A, K). */
const ZTUNNEL_KEYS: ReadonlySet<string> = new Set([
  'workloads',
  'certificates',
  'staticConfig',
  'workloadState',
  'by_addr',
  'by_uid',
  'workload_to_vip',
])

/** Since 2023 under changing names: `by_uid` and `by_vip` in between, `vips` at first. agentgateway prints `binds` beside workloads (users 8). */
function isZtunnel(keys: ReadonlySet<string>): boolean {
  if (keys.has('by_uid')) return keys.has('by_vip')
  return keys.has('workloads') && ['services', 'policies', 'vips'].some((key) => keys.has(key)) && !keys.has('binds')
}

const SHOWN_KEYS = 5

function listKeys(keys: ReadonlySet<string>): string {
  const shown = [...keys]
    .slice(0, SHOWN_KEYS)
    .map((key) => `"${key}"`)
    .join(', ')
  if (keys.size === 0) return 'the object is empty'
  return keys.size > SHOWN_KEYS ? `it has ${shown} and ${keys.size - SHOWN_KEYS} more` : `it has ${shown}`
}
