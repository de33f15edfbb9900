import type {DumpStore} from '../../json/store.js'
import type {View} from '../../json/view.js'
import {gatewayPort} from './addresses.js'
import {readCapturedPod} from './captured-pod.js'
import {readState} from './generation.js'
import type {Certificate, DumpShape, ZtunnelConfig} from './model.js'
import {readPolicy} from './policy.js'
import {elementsOf, isMap, memberOf} from './sections.js'
import {readSettings} from './settings.js'
import {detectVersion} from './version.js'

/** Minor release of Istio 1.x to assume instead of the detected one. */
export interface ReadOptions {
  readonly minor?: number
}

/** Reads a ztunnel `config_dump` of any release from 1.18 on. Nothing that is absent or unknown is an error. */
export function readZtunnelConfig(store: DumpStore, options: ReadOptions = {}): ZtunnelConfig {
  const shape = detectShape(store)
  const state = readState(store, shape)
  const policies = elementsOf(store, shape === 'flattened' ? 'by_key' : 'policies').map(({view}) => readPolicy(view))
  const certificates = elementsOf(store, 'certificates').map(({view}) => readCertificate(view))
  const config = memberOf(store, 'config')
  const version = detectVersion({...state, shape, version: memberOf(store, 'version'), config, policies, certificates})
  const capturedPods = elementsOf(store, 'workload_state').map(({key, view}) => readCapturedPod(key, view))
  return {
    dump: store.name,
    shape,
    version: options.minor === undefined ? version : {minor: options.minor, from: 'override'},
    settings: readSettings(config),
    warnings: [...store.warnings, ...warningsOf(store), ...portlessGateways(state)],
    ...state,
    policies,
    certificates,
    ...(hasKey(store, 'workload_state', 'workloadState') ? {capturedPods} : {}),
    stagedServices: elementsOf(store, 'staged_services').map(({key}) => key),
  }
}

/** ambient-ga A.2, K: maps or lists, with services or without, or all stores side by side. */
function detectShape(store: DumpStore): DumpShape {
  const sections = new Set(store.sections())
  if (sections.has('by_uid') || sections.has('by_vip') || sections.has('by_key')) return 'flattened'
  if (sections.has('vips') || sections.has('workload_to_vip') || sections.has('policies_by_namespace')) return 'vips'
  return isMap(store, 'workloads') || isMap(store, 'services') || sections.has('services_by_hostname') ? 'maps' : 'lists'
}

/** Before 1.22 the leaf stood in `ca_cert` (ambient-ga K.4). */
function readCertificate(view: View): Certificate {
  const [leaf] = [...view.list('ca_cert'), ...view.list('cert_chain')]
  const expires = leaf?.str('expiration_time')
  return {view, identity: view.str('identity') ?? '', state: view.str('state') ?? '', ...(expires === undefined ? {} : {expires})}
}

function hasKey(store: DumpStore, ...keys: readonly string[]): boolean {
  return keys.some((key) => store.documentKeys().has(key))
}

/** ambient-ga A.9: what istioctl prints of one kind drops the fields that decide. */
function warningsOf(store: DumpStore): readonly string[] {
  const sections = new Set(store.sections())
  return sections.has('config') || sections.has('version')
    ? []
    : [
        'the dump has neither "config" nor "version": istioctl prints such extracts, and they lack fields that decide; use the raw config_dump',
      ]
}

function portlessGateways({workloads, services}: Pick<ZtunnelConfig, 'workloads' | 'services'>): readonly string[] {
  const gateways = [...workloads, ...services].flatMap(({view}) => [view.get('waypoint') ?? [], view.get('network_gateway') ?? []].flat())
  const portless = gateways.filter((gateway) => gatewayPort(gateway) === undefined).length
  return portless === 0 ? [] : [`${portless} waypoints or gateways have no port in the dump: 15008 is assumed, which istiod always sends`]
}
