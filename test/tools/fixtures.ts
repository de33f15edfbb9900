import {mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {oracleRoot} from '../conformance/oracle-path.js'
import {CLUSTERS} from './fixtures-clusters.js'
import {packSnapshot} from './fixtures-pack.js'
import {toSnapshotDir} from './oracle-snapshot.js'

export const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url))

/** Writes all snapshots of fixtures/clusters into a folder, from the recordings. */
export function writeClusters(outDir: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'ambientctl-fixtures-'))
  try {
    for (const cluster of CLUSTERS) {
      const plain = join(scratch, cluster.name)
      const scenarioDir = join(oracleRoot(), 'ambient2022', cluster.scenario)
      toSnapshotDir({scenarioDir, outDir: plain, nameless: cluster.nameless ?? false})
      packSnapshot({cluster, plain, outDir: join(outDir, cluster.name)})
    }
  } finally {
    rmSync(scratch, {recursive: true, force: true})
  }
}

/** Folders of the shipped snapshots. */
export function shippedClusters(): readonly string[] {
  const entries = readdirSync(join(FIXTURES, 'clusters'), {withFileTypes: true})
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({name}) => name)
    .sort()
}
