import {LiveProxies, type LiveProxiesRequest} from '../cluster/live-proxies.js'
import {openSnapshot} from '../snapshot/open-snapshot.js'
import {orRecorded} from './live-failure.js'
import {openMesh, type Mesh, type MeshOptions} from './mesh.js'

/** A proxy that can be asked, and what it is called in its mesh. */
export interface FoundProxy {
  readonly mesh: Mesh
  readonly proxy: string
}

/** Proxies that can be asked. */
export interface WalkSource {
  find(name: string): Promise<FoundProxy>
  /** With all that was found so far; absent before. */
  mesh(): Promise<Mesh | undefined>
  close(): Promise<void>
}

/** Proxies that were recorded. */
export function recordedProxies(mesh: Mesh): WalkSource {
  return {
    find: (proxy) => Promise.resolve({mesh, proxy}),
    mesh: () => Promise.resolve(mesh),
    close: () => {
      mesh.snapshot.close()
      return Promise.resolve()
    },
  }
}

export interface LiveProxiesOptions extends LiveProxiesRequest {
  readonly mesh: MeshOptions
}

/** Proxies of the live cluster, each fetched once. @throws ClusterError when the cluster cannot be asked. */
export async function liveProxies(options: LiveProxiesOptions): Promise<WalkSource> {
  const live = await LiveProxies.open(options)
  const opened: Mesh[] = []
  const reopen = async (): Promise<Mesh> => {
    const mesh = await openMesh(await openSnapshot({paths: [live.directory]}), options.mesh)
    opened.push(mesh)
    return mesh
  }
  return {
    find: async (name) => {
      const proxy = await orRecorded(() => live.fetch(name))
      return {mesh: await reopen(), proxy}
    },
    mesh: () => (opened.length === 0 ? Promise.resolve(undefined) : reopen()),
    close: async () => {
      for (const {snapshot} of opened) snapshot.close()
      await live.close()
    },
  }
}
