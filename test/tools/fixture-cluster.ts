/** A file of a snapshot. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** One snapshot under fixtures/clusters: a recorded cluster, as it is or changed in one respect. */
export interface Cluster {
  readonly name: string
  /** Folder of the recording. */
  readonly scenario: string
  /** The layer of the recordings; `wholepath` for GA ambient, `ambient2022` else. */
  readonly layer?: 'istiod' | 'wholepath'
  /** Its name in a recording of GA ambient, which may hold several; absent for one of the 2022 preview. */
  readonly member?: string
  /** The twin whose EDS assignments have no name (istio issue 42022). */
  readonly nameless?: boolean
  /** What was changed, for the manifest; absent for a recording as it is. */
  readonly derived?: string
  /** The change of each file, given and returned as its lines; `path` is that inside the snapshot, before packing. */
  readonly edit?: (lines: readonly string[], path: string) => readonly string[]
  /** Files that the recording does not have. */
  readonly more?: () => readonly TextFile[]
  /** A pod whose dump is left out, and the reason the manifest gives; without a reason it is not listed at all. */
  readonly without?: {readonly pod: string; readonly error?: string}
}
