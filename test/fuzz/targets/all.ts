import type {Target} from '../target.js'
import {checkTarget} from './check.js'
import {envoyTarget, ztunnelWalkTarget} from './envoy.js'
import {kernelTarget} from './kernel.js'
import {manifestTarget} from './manifest.js'
import {gaMeshTarget, inventoryTarget, meshTarget} from './mesh.js'
import {ztunnelTarget} from './ztunnel.js'

/** Made when first wanted: each holds its seeds. */
const TARGETS: ReadonlyMap<string, () => Target> = new Map([
  ['envoy', envoyTarget],
  ['ztunnel', ztunnelTarget],
  ['ztunnel-walk', ztunnelWalkTarget],
  ['mesh', meshTarget],
  ['mesh-ga', gaMeshTarget],
  ['inventory', inventoryTarget],
  ['kernel', kernelTarget],
  ['check', checkTarget],
  ['manifest', manifestTarget],
])

export const TARGET_NAMES: readonly string[] = [...TARGETS.keys()]

export function targetNamed(name: string): Target {
  const create = TARGETS.get(name)
  if (create === undefined) throw new Error(`no target is called ${name}: ${TARGET_NAMES.join(', ')}`)
  return create()
}
