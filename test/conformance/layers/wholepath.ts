import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import ipaddr from 'ipaddr.js'
import {openMesh, openMeshes, type Mesh} from '../../../src/app/mesh.js'
import {traceQuestion} from '../../../src/app/trace.js'
import type {SocketAddress} from '../../../src/flow/address.js'
import {shareToNumber} from '../../../src/flow/share.js'
import type {Question} from '../../../src/flow/trace.js'
import {openSnapshot} from '../../../src/snapshot/open-snapshot.js'
import {readGaInventory, type GaInventory} from '../../tools/ga-inventory.js'
import {toGaSnapshotDirs} from '../../tools/ga-snapshot.js'
import {readCases, type RecordedCase} from '../recorded-cases.js'
import {wholepathInput, type WholepathInput} from './wholepath-case.js'
import {pathsOf} from './wholepath-paths.js'
import type {Prediction} from '../prediction.js'

/** Predicts every flow of a scenario by tracing it through all clusters of the recording. */
export async function* predict(scenarioDir: string): AsyncIterable<Prediction> {
  const outDir = mkdtempSync(join(tmpdir(), 'ambientctl-wholepath-'))
  try {
    const mesh = await openScenario(scenarioDir, outDir)
    for (const one of readCases(join(scenarioDir, 'cases.json'))) {
      yield {layer: 'wholepath', scenario: basename(scenarioDir), id: one.id, predicted: await predictCase(mesh, one)}
    }
  } finally {
    rmSync(outDir, {recursive: true, force: true})
  }
}

/** All clusters of a recording, with what its applications listen on. */
export async function openScenario(scenarioDir: string, outDir: string): Promise<Mesh> {
  const [first, ...others] = toGaSnapshotDirs({scenarioDir, outDir})
  // The recordings' ztunnels have no upstream resolver (README of the layer, notes).
  const options = {listensAt: listening(readGaInventory(join(scenarioDir, 'inventory.json'))), resolve: () => []}
  const open = async ({name, dir}: {name: string; dir: string}): Promise<{name: string; snapshot: Mesh['snapshot']}> => ({
    name,
    snapshot: await openSnapshot({paths: [dir]}),
  })
  const asked = await open(first)
  return others.length === 0 ? openMesh(asked.snapshot, options) : openMeshes([asked, ...(await Promise.all(others.map(open)))], options)
}

/** Which addresses answer: what the inventory says of applications, and of the host outside. */
function listening({clusters, outsideWorld}: GaInventory): (address: SocketAddress) => boolean | undefined {
  const pods = clusters.flatMap((cluster) => cluster.pods)
  return ({ip, port}) => {
    const pod = pods.find(({ips, hostNetwork}) => hostNetwork !== true && ips.includes(ip))
    if (pod !== undefined) return pod.applicationListens?.includes(port)
    return outsideWorld !== undefined && outsideWorld.ips.some((cidr) => isInside(ip, cidr)) && outsideWorld.listens.includes(port)
  }
}

function isInside(ip: string, cidr: string): boolean {
  const address = ipaddr.process(ip)
  const range = ipaddr.parseCIDR(cidr.includes('/') ? cidr : `${cidr}/${address.kind() === 'ipv4' ? 32 : 128}`)
  return address.kind() === range[0].kind() && address.match(range)
}

async function predictCase(mesh: Mesh, one: RecordedCase): Promise<unknown> {
  const input = wholepathInput.safeParse(one.input)
  if (!input.success) return {undetermined: `the input is not understood: ${input.error.message}`}
  const trace = await traceQuestion(mesh, {question: questionOf(input.data)})
  const paths = pathsOf(trace)
  const open = paths.flatMap(({undetermined}) => undetermined ?? [])
  if (open.length > 0) return {undetermined: [...new Set(open)].join('; ')}
  return {outcomes: paths.map(({share, client, chain}) => ({share: shareToNumber(share), client, chain}))}
}

/** A recorded flow as one would ask for it. */
export function questionOf({source, sourceIp, dst, protocol, sni, http}: WholepathInput): Question {
  const isPod = !source.startsWith('-/')
  return {
    source: isPod ? `pod/${source}` : sourceIp,
    destination: dst,
    protocol: protocol === 'h2' ? 'http' : protocol,
    ...(protocol === 'h2' ? {httpVersion: 'h2' as const} : {}),
    ...(http === undefined || http === null ? {} : {method: http.method, path: http.path, host: http.authority, headers: http.headers}),
    ...(sni === undefined || sni === null ? {} : {sni}),
  }
}
