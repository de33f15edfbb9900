import {formatPrefix} from '../config/ip.js'
import type {Route} from '../config/model.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {podAddress} from './addresses.js'
import type {NodeNames} from './expected-rules.js'
import {chainOf} from './rules.js'

/**
 * What the node agent takes for the ztunnel pod of a node and for the address that capture spares; undefined where neither the pod
 * nor the tables tell. Source: envoy-2022 C.1 (routes of the tables 100 and 101).
 */
export function nodeNames(node: NetworkNamespace, ztunnel: NetworkNamespace | undefined): NodeNames | undefined {
  const {routes} = node.routing[4]
  const linked = routes.find((route) => route.table === '101' && route.destination.length === 32)
  const recorded = ztunnel === undefined ? undefined : ztunnelAddress(ztunnel)
  const ip = recorded ?? (linked === undefined ? undefined : formatPrefix(linked.destination))
  const exempt = routes.find(({table, preferredSource}) => table === '100' && preferredSource !== undefined)?.preferredSource
  if (ip === undefined || exempt === undefined) return undefined
  const device = deviceOfPod(node, {ip, linked})
  return device === undefined ? undefined : {ip, device, exempt}
}

interface Pod {
  readonly ip: string
  readonly linked: Route | undefined
}

function deviceOfPod(node: NetworkNamespace, {ip, linked}: Pod): string | undefined {
  const direct = node.routing[4].routes.find((route) => route.table === 'main' && isTo(route, ip)) ?? linked
  return direct?.nextHops[0]?.device ?? deviceOfRules(node)
}

/** Routes go away with the device; rules go on naming it. */
function deviceOfRules(node: NetworkNamespace): string | undefined {
  const rules = chainOf(node, {table: 'mangle', chain: 'ztunnel-PREROUTING'})?.rules ?? []
  const named = rules.flatMap(({matches}) => matches.flatMap((match) => (match.kind === 'in-device' && !match.negated ? match.name : [])))
  return named.find((name) => name !== 'istioin' && name !== 'istioout')
}

/** The ends of the tunnels have addresses of their own. */
export function ztunnelAddress(pod: NetworkNamespace): string | undefined {
  return podAddress({...pod, devices: pod.devices.filter(({name}) => !name.startsWith('pistio'))}, 4)
}

export function isTo({destination}: Route, ip: string): boolean {
  return destination.length === 32 && formatPrefix(destination) === ip
}
