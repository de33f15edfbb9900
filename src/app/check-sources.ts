import type {CheckSources} from '../audit/check-file.js'
import type {Ask} from './check.js'
import type {Mesh, MeshOptions} from './mesh.js'
import {openSources} from './open.js'
import {traceQuestion} from './trace.js'

export interface AskedSources {
  readonly ask: Ask
  /** Closes what was opened. */
  close(): Promise<void>
}

/** Answers questions; a source that many checks name is opened once. */
export function askSources(options: MeshOptions & {readonly environment: Readonly<Record<string, string | undefined>>}): AskedSources {
  const meshes = new Map<string, Promise<Mesh>>()
  const meshOf = ({paths, files, demo, envoyVersion}: CheckSources): Promise<Mesh> => {
    const sources = {paths, files, ...(demo === undefined ? {} : {demo})}
    // A flag stands above what the check file says.
    const meshOptions = envoyVersion === undefined ? options : {envoyVersion, ...options}
    const key = JSON.stringify({...sources, envoyVersion})
    const mesh = meshes.get(key) ?? openSources({...sources, environment: options.environment}, meshOptions)
    meshes.set(key, mesh)
    return mesh
  }
  return {
    ask: async (question, sources) => {
      const {namespace} = sources
      return traceQuestion(await meshOf(sources), {question, ...(namespace === undefined ? {} : {namespace})})
    },
    close: async () => {
      for (const opened of await Promise.allSettled(meshes.values())) if (opened.status === 'fulfilled') opened.value.snapshot.close()
    },
  }
}
