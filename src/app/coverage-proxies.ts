import {isExpectedError} from '../flow/errors.js'
import {ENVOY_KINDS, ZTUNNEL_KINDS, type Coverable, type CoverageKind} from './coverage-kinds.js'
import {coverableOf} from './coverage-resources.js'
import {coverableOfZtunnel} from './coverage-ztunnel.js'
import {findDump} from './find-proxy.js'
import type {Mesh} from './mesh.js'

/** A proxy that was asked, with all that its dump offers. */
export interface CoverableProxy {
  readonly proxy: string
  readonly dump: string
  readonly kinds: readonly CoverageKind[]
  readonly resources: readonly Coverable[]
}

/** Undefined for a name whose questions failed with it, and for a dump that cannot be used. */
export async function coverableProxy(mesh: Mesh, name: string): Promise<CoverableProxy | undefined> {
  const dump = knownDump(mesh, name)
  const shelved = dump && (await mesh.shelf.read(dump))
  if (dump === undefined || shelved === undefined || shelved.kind === 'unknown') return undefined
  if (shelved.kind === 'ztunnel') {
    const {config} = shelved
    return {proxy: dump.name, dump: config.dump, kinds: ZTUNNEL_KINDS, resources: coverableOfZtunnel(config)}
  }
  const {config} = shelved
  return {proxy: config.node.pod ?? dump.name, dump: config.dump, kinds: ENVOY_KINDS, resources: coverableOf(config)}
}

function knownDump(mesh: Mesh, name: string): ReturnType<typeof findDump> | undefined {
  try {
    return findDump(mesh, name)
  } catch (thrown) {
    if (isExpectedError(thrown)) return undefined
    throw thrown
  }
}
