import {isObject} from '../json/view.js'
import type {Recorded} from './kubernetes.js'

/** Istio's default where the mesh config names none (MeshConfig.trust_domain). */
const DEFAULT_TRUST_DOMAIN = 'cluster.local'

/** The trust domain from istiod's ConfigMaps `istio` and `istio-<revision>`; undefined when none was recorded or they disagree. */
export async function readTrustDomain(
  configMaps: readonly Recorded[],
): Promise<{readonly trustDomain?: string; readonly warnings: readonly string[]}> {
  const meshes = configMaps.filter(isMeshConfig)
  if (meshes.length === 0) return {warnings: []}
  const found = await Promise.all(meshes.map(trustDomainOf))
  const domains = new Set(found.flatMap(({domain}) => domain ?? []))
  const warnings = found.flatMap(({warning}) => warning ?? [])
  const [only] = domains
  if (domains.size > 1) return {warnings: [...warnings, `mesh configs disagree on the trust domain: ${[...domains].sort().join(', ')}`]}
  return {...(only === undefined ? {} : {trustDomain: only}), warnings}
}

function isMeshConfig({object}: Recorded): boolean {
  const name = object.get('metadata')?.str('name') ?? ''
  return (name === 'istio' || name.startsWith('istio-')) && object.get('data')?.own('mesh') !== undefined
}

async function trustDomainOf({object, recorded}: Recorded): Promise<{readonly domain?: string; readonly warning?: string}> {
  const {parse} = await import('yaml')
  try {
    // Warnings of the parser would go to stderr as they are, with what the text holds.
    const mesh: unknown = parse(object.get('data')?.str('mesh') ?? '', {logLevel: 'error'})
    const domain = isObject(mesh) ? mesh['trustDomain'] : undefined
    return {domain: typeof domain === 'string' && domain !== '' ? domain : DEFAULT_TRUST_DOMAIN}
  } catch {
    return {warning: `the mesh config in ${recorded.file}#${recorded.pointer} is no YAML`}
  }
}
