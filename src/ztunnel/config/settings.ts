import {View} from '../../json/view.js'
import type {ZtunnelSettings} from './model.js'

/** ambient-ga A.7: inbound HBONE, inbound plaintext, outbound. */
const DEFAULT_ILLEGAL_PORTS = [15_001, 15_006, 15_008]

/** Reads `config`; keys are snake_case before 1.22 (ambient-ga K.3). */
export function readSettings(view: View | undefined): ZtunnelSettings {
  const config = view ?? new View({}, '/config')
  return {...readPlace(config), ...readSwitches(config), ...readDedicated(config), ports: readListeners(config)}
}

type Place = 'network' | 'localNode' | 'clusterId' | 'clusterDomain' | 'preferredServiceNamespace'

function readPlace(config: View): Pick<ZtunnelSettings, Place> {
  const localNode = config.str('local_node')
  const preferredServiceNamespace = config.str('prefered_service_namespace')
  return {
    network: config.str('network') ?? '',
    clusterId: config.str('cluster_id') ?? 'Kubernetes',
    clusterDomain: config.str('cluster_domain') ?? 'cluster.local',
    ...(localNode === undefined ? {} : {localNode}),
    ...(preferredServiceNamespace === undefined ? {} : {preferredServiceNamespace}),
  }
}

type Switches = 'illegalPorts' | 'dnsProxy' | 'ipv6Enabled' | 'localhostAppTunnel' | 'xdsOnDemand'

function readSwitches(config: View): Pick<ZtunnelSettings, Switches> {
  const illegalPorts = config.get('illegal_ports')
  return {
    illegalPorts: illegalPorts === undefined ? DEFAULT_ILLEGAL_PORTS : readNumbers(illegalPorts),
    dnsProxy: config.bool('dns_proxy') ?? false,
    ipv6Enabled: config.bool('ipv6_enabled') ?? true,
    localhostAppTunnel: config.bool('localhost_app_tunnel') ?? false,
    xdsOnDemand: config.bool('xds_on_demand') ?? false,
  }
}

/** `[::]:15001`, as ztunnel prints its addresses. */
function readListeners(config: View): ZtunnelSettings['ports'] {
  const port = (field: string, usual: number): number => Number(/:(\d{1,5})$/.exec(config.str(field) ?? '')?.[1] ?? usual)
  return {outbound: port('outbound_addr', 15_001), hbone: port('inbound_addr', 15_008), plaintext: port('inbound_plaintext_addr', 15_006)}
}

function readNumbers(view: View): number[] {
  return view.items().flatMap(({value}) => (typeof value === 'number' ? value : []))
}

function readDedicated(config: View): Pick<ZtunnelSettings, 'dedicated' | 'dedicatedWorkload'> {
  const dedicated = config.str('proxy_mode') === 'Dedicated'
  const info = config.get('proxy_workload_information')
  const name = info?.str('name')
  if (info === undefined || name === undefined) return {dedicated}
  return {dedicated, dedicatedWorkload: {name, namespace: info.str('namespace') ?? '', serviceAccount: info.str('service_account') ?? ''}}
}
