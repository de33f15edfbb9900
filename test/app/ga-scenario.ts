import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openMesh, openMeshes, type Mesh, type MeshOptions} from '../../src/app/mesh.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import {oracleRoot} from '../conformance/oracle-path.js'
import {toGaSnapshotDirs, type ClusterSnapshot} from '../tools/ga-snapshot.js'

/** Goes away with the process. */
const ROOT = mkdtempSync(join(tmpdir(), 'ambientctl-ga-'))
process.once('exit', () => {
  rmSync(ROOT, {recursive: true, force: true})
})

/** The clusters of a recorded GA scenario as snapshot directories. */
export function gaScenarioDirs(scenario: string, layer: Layer = 'wholepath'): readonly [ClusterSnapshot, ...ClusterSnapshot[]] {
  return toGaSnapshotDirs({scenarioDir: join(oracleRoot(), layer, scenario), outDir: join(ROOT, layer, scenario)})
}

/** Where a scenario was recorded: along whole paths, or as istiod configured it. */
type Layer = 'wholepath' | 'istiod'

export async function openGaScenario(scenario: string, {layer, ...options}: MeshOptions & {readonly layer?: Layer} = {}): Promise<Mesh> {
  const [first, ...others] = gaScenarioDirs(scenario, layer)
  const named = async ({name, dir}: ClusterSnapshot): Promise<{name: string; snapshot: Mesh['snapshot']}> => ({
    name,
    snapshot: await openSnapshot({paths: [dir]}),
  })
  const asked = await named(first)
  if (others.length === 0) return openMesh(asked.snapshot, options)
  return openMeshes([asked, ...(await Promise.all(others.map(named)))], options)
}
