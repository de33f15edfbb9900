import type {ClusterAccess} from '../cluster/kubectl-arguments.js'
import {recordCluster} from '../cluster/record.js'
import type {Recorded} from '../cluster/record-run.js'
import type {Transport} from '../cluster/transport.js'
import type {PodRole} from '../flow/pod-role.js'
import type {Outlook} from '../flow/verdict.js'

export interface RecordQuestion {
  readonly directory: string
  readonly access: ClusterAccess
  readonly istioNamespace: string
  readonly sidecars: boolean
  readonly capture: boolean
  readonly concurrency: number
  readonly transport?: Transport | undefined
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  readonly version: string
  readonly progress: (line: string) => void
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
export async function recordSnapshot({version, sidecars, ...request}: RecordQuestion): Promise<RecordResult> {
  const roles = new Set<PodRole>(['ztunnel', 'waypoint', 'gateway', ...(sidecars ? ['sidecar' as const] : [])])
  const {context} = request.access
  const recorded = await recordCluster({
    ...request,
    roles,
    head: {tool: {name: 'ambientctl', version}, ...(context === undefined ? {} : {cluster: context})},
  })
  const outlook = recorded.failed.length === 0 ? 'positive' : 'negative'
  return {schemaVersion: 'ambientctl.record/1', directory: request.directory, outlook, ...recorded}
}
