import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openSources} from '../../src/app/open.js'
import type {Mesh, MeshOptions} from '../../src/app/mesh.js'
import {oracleRoot} from '../conformance/oracle-path.js'
import {toSnapshotDir} from '../tools/oracle-snapshot.js'

export const SCENARIOS = ['gke-sleep-productpage', 'kind-bookinfo-l4', 'waypoint-l7', 'mixed', 'sep2022-bookinfo-waypoint'] as const
export type Scenario = (typeof SCENARIOS)[number]

/** Goes away with the process. */
const ROOT = mkdtempSync(join(tmpdir(), 'ambientctl-scenario-'))
process.once('exit', () => rmSync(ROOT, {recursive: true, force: true}))

/** A recorded 2022 cluster as a snapshot directory. */
export function scenarioDir(scenario: Scenario, {nameless = false}: {readonly nameless?: boolean} = {}): string {
  const outDir = join(ROOT, nameless ? `${scenario}-nameless` : scenario)
  toSnapshotDir({scenarioDir: join(oracleRoot(), 'ambient2022', scenario), outDir, nameless})
  return outDir
}

export function openScenario(scenario: Scenario, options: MeshOptions = {}): Promise<Mesh> {
  return openSources({paths: [scenarioDir(scenario)]}, options)
}
