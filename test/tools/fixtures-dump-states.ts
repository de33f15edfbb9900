import type {Cluster} from './fixture-cluster.js'

type Lines = readonly string[]

/** Clusters whose dumps show resources that are not, or not yet, in force (envoy-2022 D8). */
export const DUMP_STATE_CLUSTERS: readonly Cluster[] = [
  {
    name: 'ga-bookinfo-not-serving',
    scenario: 'bookinfo-waypoint',
    member: 'Kubernetes',
    derived: 'connect_terminate only warming in one pod of the waypoint, only draining in the other',
    edit: notServing,
  },
  {
    name: 'ga-orchard-not-delivered',
    scenario: 'orchard',
    member: 'Kubernetes',
    derived:
      'in the dump of the waypoint an update of main_internal that was rejected, a WasmPlugin for apple and the routes of press that have not arrived',
    edit: notDelivered,
  },
  {
    name: 'ga-orchard-no-certificate',
    scenario: 'orchard',
    member: 'Kubernetes',
    derived: 'the secrets of the waypoint still warming: istiod has not delivered them',
    edit: withoutCertificate,
  },
]

const STATES: ReadonlyMap<string, string> = new Map([
  ['proxies/bookinfo/waypoint-fa2e18eaf9-75ac7.json', 'warming_state'],
  ['proxies/bookinfo/waypoint-fa2e18eaf9-c0a83.json', 'draining_state'],
])

function notServing(lines: Lines, path: string): Lines {
  const state = STATES.get(path)
  const at = dynamicListener(lines, 'connect_terminate') + 1
  return state === undefined ? lines : lines.with(at, (lines[at] ?? '').replace('active_state', state))
}

function notDelivered(lines: Lines, path: string): Lines {
  if (!path.startsWith('proxies/orchard/fence-')) return lines
  return [withRejectedUpdate, withWasmPlugin, withRouteDiscovery].reduce((edited, edit) => edit(edited), lines)
}

function withRejectedUpdate(lines: Lines): Lines {
  const error = {
    failed_configuration: {'@type': 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'main_internal'},
    last_update_attempt: '2026-11-21T09:00:00.000Z',
    details: "Didn't find a registered implementation for 'acme.filters.http.audit'",
    version_info: '2026-11-21T09:00:00Z/9',
  }
  return insertBehind(lines, {at: dynamicListener(lines, 'main_internal'), text: `"error_state": ${JSON.stringify(error, undefined, 1)},`})
}

/** As istiod writes a WasmPlugin of `failStrategy: FAIL_CLOSE`: by ECDS, without a default. */
function withWasmPlugin(lines: Lines): Lines {
  const filter = {
    name: 'orchard.apple-guard',
    config_discovery: {
      config_source: {ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3'},
      type_urls: ['type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm'],
    },
  }
  const routes = inlineRoutes(lines, 'inbound-vip|80|http|apple.orchard.svc.cluster.local')
  const at = lines.findIndex((line, index) => index > routes && line.trim() === '"http_filters": [')
  return insertBehind(lines, {at, text: `${JSON.stringify(filter, undefined, 1)},`})
}

/** By RDS, as gateways and sidecars have their routes; the table itself is not in the dump. */
function withRouteDiscovery(lines: Lines): Lines {
  const name = 'inbound-vip|80|http|press.orchard.svc.cluster.local'
  const start = inlineRoutes(lines, name)
  const indent = /^ */.exec(lines[start] ?? '')?.[0] ?? ''
  const end = lines.findIndex((line, index) => index > start && line.startsWith(`${indent}}`))
  const rds = {config_source: {ads: {}, resource_api_version: 'V3'}, route_config_name: name}
  const comma = lines[end]?.endsWith(',') === true ? ',' : ''
  return [...lines.slice(0, start), ...`"rds": ${JSON.stringify(rds, undefined, 1)}${comma}`.split('\n'), ...lines.slice(end + 1)]
}

function withoutCertificate(lines: Lines, path: string): Lines {
  if (!path.startsWith('proxies/orchard/fence-')) return lines
  return lines.map((line) => line.replace('"dynamic_active_secrets"', '"dynamic_warming_secrets"'))
}

/** The line that names the entry of a listener in the dump; its state stands on the next one. */
function dynamicListener(lines: Lines, name: string): number {
  return lines.findIndex((line, index) => line.trim() === `"name": "${name}",` && lines[index + 1]?.includes('_state"') === true)
}

/** Where the route table of this name starts inside its connection manager. */
function inlineRoutes(lines: Lines, name: string): number {
  return lines.findIndex((line, index) => line.trim() === '"route_config": {' && lines[index + 1]?.trim() === `"name": "${name}",`)
}

function insertBehind(lines: Lines, {at, text}: {readonly at: number; readonly text: string}): Lines {
  return [...lines.slice(0, at + 1), ...text.split('\n'), ...lines.slice(at + 1)]
}
