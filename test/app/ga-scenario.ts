import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
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
  return openClusters(gaScenarioDirs(scenario, layer), options)
}

async function openClusters([first, ...others]: readonly [ClusterSnapshot, ...ClusterSnapshot[]], options: MeshOptions): Promise<Mesh> {
  const named = async ({name, dir}: ClusterSnapshot): Promise<{name: string; snapshot: Mesh['snapshot']}> => ({
    name,
    snapshot: await openSnapshot({paths: [dir]}),
  })
  const asked = await named(first)
  if (others.length === 0) return openMesh(asked.snapshot, options)
  return openMeshes([asked, ...(await Promise.all(others.map(named)))], options)
}

/** What one file of a snapshot holds instead; undefined where it is left out. */
export type Edit = (file: {readonly cluster: string; readonly path: string; readonly document: unknown}) => unknown

/** A recorded scenario with something changed, as if it had been recorded so: every file is written anew. */
export async function openEdited(
  scenario: string,
  {layer, edit, ...options}: MeshOptions & {readonly layer?: Layer; readonly edit: Edit},
): Promise<Mesh> {
  const [first, ...others] = gaScenarioDirs(scenario, layer)
  const outDir = mkdtempSync(join(ROOT, 'edited-'))
  const rewrite = ({name, dir}: ClusterSnapshot): ClusterSnapshot => {
    for (const path of readdirSync(dir, {recursive: true, encoding: 'utf8'}).filter((one) => one.endsWith('.json'))) {
      const document: unknown = JSON.parse(readFileSync(join(dir, path), 'utf8'))
      const changed = path === 'snapshot.json' ? withoutDigests(document) : edit({cluster: name, path, document})
      const file = join(outDir, name, path)
      mkdirSync(dirname(file), {recursive: true})
      if (changed !== undefined) writeFileSync(file, JSON.stringify(changed))
    }
    return {name, dir: join(outDir, name)}
  }
  return openClusters([rewrite(first), ...others.map(rewrite)], options)
}

/** The manifest says what each file was when it was recorded. */
function withoutDigests(manifest: unknown): unknown {
  return JSON.parse(JSON.stringify(manifest, (key, value: unknown) => (key === 'sha256' || key === 'bytes' ? undefined : value)))
}
