/** Sections of Envoy's `config_dump` by their entry messages (envoy-2022 D8). */
const ENTRY_SECTIONS: ReadonlyMap<string, string> = new Map([
  ['ClustersConfigDump.StaticCluster', 'static_clusters'],
  ['ClustersConfigDump.DynamicCluster', 'dynamic_active_clusters'],
  ['ListenersConfigDump.StaticListener', 'static_listeners'],
  ['ListenersConfigDump.DynamicListener', 'dynamic_listeners'],
  ['RoutesConfigDump.StaticRouteConfig', 'static_route_configs'],
  ['RoutesConfigDump.DynamicRouteConfig', 'dynamic_route_configs'],
  ['ScopedRoutesConfigDump.InlineScopedRouteConfigs', 'inline_scoped_route_configs'],
  ['ScopedRoutesConfigDump.DynamicScopedRouteConfigs', 'dynamic_scoped_route_configs'],
  ['EndpointsConfigDump.StaticEndpointConfig', 'static_endpoint_configs'],
  ['EndpointsConfigDump.DynamicEndpointConfig', 'dynamic_endpoint_configs'],
  ['SecretsConfigDump.StaticSecret', 'static_secrets'],
  ['SecretsConfigDump.DynamicSecret', 'dynamic_active_secrets'],
  ['EcdsConfigDump.EcdsFilterConfig', 'ecds_filters'],
])

/** Section an entry message of a `?resource=` answer comes from; undefined for a whole config object. */
export function entrySection(configType: string | undefined): string | undefined {
  return configType === undefined ? undefined : ENTRY_SECTIONS.get(configType.replace(/^envoy\.admin\.v\d+(alpha)?\./, ''))
}

/** The message name of an `@type` URL. */
export function typeSuffix(type: unknown): string | undefined {
  return typeof type === 'string' ? type.slice(type.lastIndexOf('/') + 1) : undefined
}
