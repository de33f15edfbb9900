import type {ClusterAccess} from '../cluster/kubectl-arguments.js'
import {dumpAll} from '../cluster/dump-all.js'
import {recordCluster} from '../cluster/record.js'
import type {Recorded, RunOptions} from '../cluster/record-run.js'
import {packRecording, type RecordingHead} from '../cluster/recording.js'
import type {Transport} from '../cluster/transport-arguments.js'
import type {PodRole} from '../flow/pod-role.js'
import type {Outlook} from '../flow/verdict.js'
import type {DumpedKind} from './dumped-kinds.js'

export interface RecordQuestion extends FetchQuestion {
  /** Pack the finished directory as this `.tar.gz`, and remove it. */
  readonly archive?: string | undefined
  readonly istioNamespace: string
  readonly sidecars: boolean
  readonly capture: boolean
  readonly istiod: boolean
}

export interface DumpsQuestion extends FetchQuestion {
  readonly kind: DumpedKind
}

interface FetchQuestion {
  readonly directory: string
  readonly access: ClusterAccess
  readonly concurrency: number
  readonly transport?: Transport | undefined
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  readonly version: string
  readonly progress: RunOptions['progress']
  readonly warn: (warning: string) => void
}

/** What `record` prints as JSON. */
export interface RecordResult extends Recorded {
  readonly schemaVersion: 'ambientctl.record/1'
  readonly directory: string
  /** Negative when something could not be had: the snapshot is usable, and says what it lacks. */
  readonly outlook: Outlook
}

/** Records a live cluster as a snapshot. @throws ClusterError when nothing can be recorded, or it is stopped. */
export async function recordSnapshot({version, sidecars, archive, ...request}: RecordQuestion): Promise<RecordResult> {
  const roles = new Set<PodRole>(['ztunnel', 'waypoint', 'gateway', ...(sidecars ? ['sidecar' as const] : [])])
  const recorded = await recordCluster({...request, roles, head: headOf(request, version)})
  if (archive === undefined) return resultOf(request, recorded)
  await packRecording(request.directory, archive)
  return resultOf({directory: archive}, recorded)
}

const ROLES = {ztunnels: 'ztunnel', waypoints: 'waypoint', gateways: 'gateway'} as const

/** Fetches the dumps of all proxies of a kind. @throws ClusterError when there is none, nothing can be had, or it is stopped. */
export async function recordDumps({version, kind, ...request}: DumpsQuestion): Promise<RecordResult> {
  return resultOf(request, await dumpAll({...request, role: ROLES[kind], head: headOf(request, version)}))
}

function headOf({access: {context}}: Pick<FetchQuestion, 'access'>, version: string): RecordingHead {
  return {tool: {name: 'ambientctl', version}, ...(context === undefined ? {} : {cluster: context})}
}

/** What came of it, for whoever asked. */
export function resultOf({directory}: Pick<FetchQuestion, 'directory'>, recorded: Recorded): RecordResult {
  const outlook = recorded.failed.length === 0 ? 'positive' : 'negative'
  return {schemaVersion: 'ambientctl.record/1', directory, outlook, ...recorded}
}
