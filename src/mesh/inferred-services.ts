import {isIP} from 'node:net'
import type {EnvoyConfig} from '../envoy/config/model.js'
import {parseSocket} from '../flow/address.js'
import type {ServicePort} from '../flow/inventory.js'
import type {View} from '../json/view.js'
import {compareText} from '../flow/compare-text.js'
import type {MeshService} from './directory.js'
import {groupBy} from '../flow/group-by.js'
import {destinations} from './inferred-chains.js'
import {parseServiceChain, parseSubsetKey} from './inferred-names.js'
import {normalIp} from './ip.js'

/** One port of a virtual address, as a proxy's configuration implies it. */
interface PortFact {
  readonly host: string
  readonly vip: string
  readonly port: number
  readonly name?: string
  readonly dump: string
  readonly view: View
}

/** Services whose names and addresses the dumps of ztunnels and waypoints imply. Headless ones have no address to be seen by. */
export function inferServices(configs: readonly EnvoyConfig[]): readonly MeshService[] {
  const facts = configs.flatMap((config) => [...chainPorts(config), ...connectPorts(config)])
  const hosts = groupBy(
    facts.filter(({vip}) => isIP(vip) !== 0 && vip !== '0.0.0.0'),
    ({host}) => [host],
  )
  return [...hosts].toSorted(([a], [b]) => compareText(a, b)).flatMap(([host, ports]) => serviceOf(host, ports))
}

/** envoy-2022 A.2: destination ip and port lead to a chain that carries port name and host. */
function chainPorts(config: EnvoyConfig): readonly PortFact[] {
  return destinations(config).flatMap(({destination, port, chain, view}) => {
    const named = parseServiceChain(chain)
    return named === undefined || destination === undefined || port === undefined
      ? []
      : [{host: named.host, vip: normalIp(destination), port, name: named.portName, dump: config.dump, view}]
  })
}

/** envoy-2022 B.1: a CONNECT route matches `VIP:port` and names the cluster `inbound-vip|port|internal|host`. */
function connectPorts(config: EnvoyConfig): readonly PortFact[] {
  return connectRoutes(config).flatMap((route) => {
    const authority = authorityOf(route)
    const socket = authority === undefined ? undefined : parseSocket(authority)
    const key = parseSubsetKey(route.get('route')?.str('cluster') ?? '')
    return socket === undefined || key?.direction !== 'inbound-vip'
      ? []
      : [{host: key.host, vip: normalIp(socket.ip), port: socket.port, dump: config.dump, view: route}]
  })
}

function connectRoutes(config: EnvoyConfig): readonly View[] {
  return config
    .listeners()
    .flatMap(({view}) => (view.get('address') === undefined ? [] : view.list('filter_chains')))
    .flatMap((chain) => chain.list('filters'))
    .flatMap((filter) => filter.get('typed_config')?.message().get('route_config')?.list('virtual_hosts') ?? [])
    .flatMap((host) => host.list('routes'))
    .filter((route) => route.path('match', 'connect_matcher') !== undefined)
}

function authorityOf(route: View): string | undefined {
  const header = route
    .get('match')
    ?.list('headers')
    .find((matcher) => matcher.str('name') === ':authority')
  return header?.str('exact_match') ?? header?.get('string_match')?.str('exact')
}

function serviceOf(host: string, facts: readonly PortFact[]): readonly MeshService[] {
  const [first] = facts
  if (first === undefined) return []
  const [, name = host, namespace = ''] = /^([^.]+)\.([^.]+)\.svc(?:\..+)?$/.exec(host) ?? []
  const ports = new Map<number, ServicePort>()
  for (const {port, name: portName} of facts) {
    const known = ports.get(port)?.name
    const named = known ?? portName
    ports.set(port, {port, protocol: 'TCP', targetPort: port, ...(named === undefined ? {} : {name: named})})
  }
  return [
    {
      name,
      namespace,
      host,
      headless: false,
      kubernetes: namespace !== '',
      vips: [...new Set(facts.map(({vip}) => vip))].toSorted(compareText),
      ports: [...ports.values()].toSorted((a, b) => a.port - b.port),
      evidence: {dump: first.dump, pointer: first.view.pointer, basis: 'inferred'},
    },
  ]
}
