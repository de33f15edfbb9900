import type {EnvoyVersion} from '../flow/envoy-version.js'
import type {Inventory} from '../flow/inventory.js'
import {inferredDirectory, inventoryDirectory} from '../mesh/compose-directory.js'
import {fullName, type Directory} from '../mesh/directory.js'
import type {ProxyDump, Snapshot} from '../snapshot/snapshot.js'
import {ProxyShelf} from './proxy-shelf.js'

export interface MeshOptions {
  /** Overrides the version that the dumps tell (`--envoy-version`). */
  readonly envoyVersion?: EnvoyVersion
  /**
   * False: without an inventory only the proxies themselves are known, because names behind every endpoint of a large dump
   * cost far more than a walk through one proxy. Default true.
   */
  readonly inferNames?: boolean
}

/** A snapshot opened for questions: who is who, and the proxies. */
export interface Mesh {
  readonly snapshot: Snapshot
  readonly shelf: ProxyShelf
  /** From the inventory where it lists pods and services, else with what the dumps imply. */
  readonly directory: Directory
  /** With what all dumps imply; reads them all. */
  inferred(): Promise<Directory>
}

/** Opens a snapshot for questions. Dumps are read on demand, unless the inventory leaves names open that only they tell. */
export async function openMesh(snapshot: Snapshot, options: MeshOptions = {}): Promise<Mesh> {
  const inventory = snapshot.inventory ?? {}
  const shelf = new ProxyShelf(snapshot.proxies, {...options, inventory})
  let all: Promise<Directory> | undefined
  const inferred = (): Promise<Directory> => {
    all ??= shelf.configs(shelf.dumps).then((configs) => inferredDirectory(inventory, configs))
    return all
  }
  const isRecorded = inventory.pods !== undefined && inventory.services !== undefined
  if (isRecorded) return {snapshot, shelf, inferred, directory: await recordedDirectory(inventory, shelf)}
  const {inferNames = true} = options
  const directory = inferNames ? await inferred() : inventoryDirectory(inventory, await shelf.configs(shelf.dumps))
  return {snapshot, shelf, inferred, directory}
}

/** Labels tell the role of most proxies. What else has a dump is read now, because its role decides how traffic reaches it. */
async function recordedDirectory(inventory: Inventory, shelf: ProxyShelf): Promise<Directory> {
  const byLabels = inventoryDirectory(inventory, [])
  const proxies = byLabels.workloads.filter(({role}) => role !== 'app')
  const unclear: readonly ProxyDump[] = shelf.others(new Set(proxies.map(fullName)))
  return unclear.length === 0 ? byLabels : inventoryDirectory(inventory, await shelf.configs(unclear))
}
