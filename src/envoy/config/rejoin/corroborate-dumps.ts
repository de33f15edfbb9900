import type {EnvoyConfig} from '../model.js'
import {addressOf} from './assignment-content.js'
import type {Corroborate, Expected} from './corroborate.js'
import {waypointPort} from './nameless-cluster.js'

/**
 * Endpoints as other proxies of the mesh name them: `outbound|9080||host` of gateways and sidecars, `inbound-vip|9080|http|host` of waypoints;
 * and the waypoints themselves by their own address (envoy-2022 B.4, D8 step 4).
 */
export function corroborateFromDumps(configs: readonly EnvoyConfig[]): Corroborate {
  const services = new Map<string, Expected[]>()
  for (const config of configs) for (const one of namedServices(config)) add(services, one)
  const waypoints = configs.filter(({node}) => node.role === 'waypoint' && node.ip !== undefined)
  return ({target}) => {
    if (target.kind === 'service') return byPort(services, target)
    if (target.kind !== 'waypoint') return undefined
    const known = waypoints.filter(
      ({node}) => node.serviceAccount !== undefined && target.identity.endsWith(`/ns/${node.namespace}/sa/${node.serviceAccount}`),
    )
    return known.map(({node}) => ({addresses: new Set([`${bracketed(node.ip ?? '')}:${waypointPort(target.side)}`]), complete: false}))
  }
}

interface NamedService {
  readonly host: string
  readonly port: number
  readonly addresses: ReadonlySet<string>
}

const NAME = /^(?:outbound\|(\d+)\||inbound-vip\|(\d+)\|(?:http|tcp))\|([^|]+)$/

/** Subsets hold a part of the endpoints only, so only names without one count. */
function namedServices(config: EnvoyConfig): NamedService[] {
  return config.clusterNames().flatMap((name) => {
    const [, outbound, inbound, host] = NAME.exec(name) ?? []
    const port = outbound ?? inbound
    const cluster = port === undefined ? undefined : config.cluster(name)
    const found = cluster && config.endpoints(cluster)
    if (host === undefined || found?.kind !== 'found' || found.inferred) return []
    const endpoints = found.assignment.list('endpoints').flatMap((locality) => locality.list('lb_endpoints'))
    return [{host, port: Number(port), addresses: new Set(endpoints.flatMap((endpoint) => addressOf(endpoint) ?? []))}]
  })
}

function add(services: Map<string, Expected[]>, {host, port, addresses}: NamedService): void {
  const expected = {addresses, complete: true}
  for (const key of [host, `${host}:${port}`]) services.set(key, [...(services.get(key) ?? []), expected])
}

/** Where the dump does not tell the service port, any port of the host may be meant. */
function byPort(
  services: ReadonlyMap<string, readonly Expected[]>,
  {host, ports}: {host: string; ports: readonly number[]},
): readonly Expected[] {
  return ports.length === 0 ? (services.get(host) ?? []) : ports.flatMap((port) => services.get(`${host}:${port}`) ?? [])
}

function bracketed(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip
}
