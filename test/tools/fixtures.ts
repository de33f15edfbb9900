import {mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {oracleRoot} from '../conformance/oracle-path.js'
import type {Cluster} from './fixture-cluster.js'
import {CLUSTERS} from './fixtures-clusters.js'
import {packSnapshot} from './fixtures-pack.js'
import {toGaSnapshotDirs} from './ga-snapshot.js'
import {toSnapshotDir} from './oracle-snapshot.js'

export const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url))

/** Writes all snapshots of fixtures/clusters into a folder, from the recordings. */
export function writeClusters(outDir: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'ambientctl-fixtures-'))
  try {
    for (const cluster of CLUSTERS) {
      packSnapshot({cluster, plain: recordedSnapshot(cluster, join(scratch, cluster.name)), outDir: join(outDir, cluster.name)})
    }
  } finally {
    rmSync(scratch, {recursive: true, force: true})
  }
}

/** Writes the recording of a cluster below a folder, and says where. */
function recordedSnapshot({scenario, layer = 'wholepath', member, nameless = false}: Cluster, outDir: string): string {
  if (member === undefined) {
    toSnapshotDir({scenarioDir: join(oracleRoot(), 'ambient2022', scenario), outDir, nameless})
    return outDir
  }
  toGaSnapshotDirs({scenarioDir: join(oracleRoot(), layer, scenario), outDir})
  return join(outDir, member)
}

/** Folders of the shipped snapshots. */
export function shippedClusters(): readonly string[] {
  const entries = readdirSync(join(FIXTURES, 'clusters'), {withFileTypes: true})
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({name}) => name)
    .sort()
}
