import {toNumber, type View} from '../../json/view.js'
import type {EnvoyConfig} from '../config/model.js'

/** Zone aware routing as a policy asks for it. It is on without being asked for, as soon as the proxies' own cluster is known. */
export interface ZoneSettings {
  /** Per cent of the traffic that is routed by zone. */
  readonly enabled: number
  /** Fewer healthy hosts than this are too few. */
  readonly minClusterSize: number
  /** Everything to the own zone, however many proxies it has. */
  readonly direct: boolean
}

export interface LocalitySettings {
  /** Localities are chosen by weight first. */
  readonly localityWeighted: boolean
  readonly zone: ZoneSettings
  readonly failOnPanic: boolean
}

const MIN_CLUSTER_SIZE = 6

/** The legacy common_lb_config and the typed LocalityLbConfig name these fields alike. Source: Envoy ZoneAwareLoadBalancerBase. */
export function readLocality(config: View | undefined): LocalitySettings {
  const zone = config?.get('zone_aware_lb_config')
  return {
    localityWeighted: config?.get('locality_weighted_lb_config') !== undefined,
    zone: {
      enabled: percent(zone?.get('routing_enabled')),
      minClusterSize: zone?.num('min_cluster_size') ?? MIN_CLUSTER_SIZE,
      direct: zone?.bool('force_locality_direct_routing') === true,
    },
    failOnPanic: zone?.bool('fail_traffic_on_panic') === true,
  }
}

/** Runtime wins over what the policy says. */
export function withZoneRuntime(zone: ZoneSettings, runtime: EnvoyConfig['runtime']): ZoneSettings {
  const direct = runtime.get('upstream.zone_routing.force_locality_direct_routing')
  return {
    enabled: Math.min(100, toNumber(runtime.get('upstream.zone_routing.enabled')) ?? zone.enabled),
    minClusterSize: toNumber(runtime.get('upstream.zone_routing.min_cluster_size')) ?? zone.minClusterSize,
    direct: typeof direct === 'boolean' ? direct : zone.direct,
  }
}

/** An empty Percent message is 0; an absent one here means 100. Envoy rounds to whole per cents. */
function percent(message: View | undefined): number {
  return message === undefined ? 100 : Math.min(100, Math.max(0, Math.round(message.num('value') ?? 0)))
}
