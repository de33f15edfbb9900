import {formatPrefix} from '../config/ip.js'
import type {Route} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import {finding, placesOf, REWRITE, type CaptureFinding, type EnrolledPod} from './finding.js'
import {isNear} from './near.js'
import {isTo} from './node-names.js'
import {inboundRoutes} from './pod-set.js'

/** What a table of capture must hold. Source: envoy-2022 C.1, C.2. */
export interface ExpectedTable {
  readonly table: string
  /** Where its default route leads; absent where that is not known. */
  readonly device?: string
  readonly via?: string
  /** Its default route takes packets in. */
  readonly local?: true
}

/** Default routes that are missing, refuse, or lead elsewhere, and devices that are down. */
export function tableFindings(namespace: NetworkNamespace, expected: readonly ExpectedTable[]): readonly CaptureFinding[] {
  const own = namespace.routing[4].routes.filter(({table}) => expected.some((one) => one.table === table))
  return [...expected.flatMap((one) => defaultRoute(namespace, one)), ...own.flatMap((route) => brokenRoute(namespace, route))]
}

function defaultRoute({name, routing}: NetworkNamespace, expected: ExpectedTable): readonly CaptureFinding[] {
  const {table} = expected
  const routes = routing[4].routes.filter((route) => route.table === table)
  const found = routes.find(({destination}) => destination.length === 0)
  if (found === undefined) {
    const what = `table ${table} has no default route`
    return [finding(name, {kind: 'table-broken', what, evidence: placesOf(routes[0]?.place), fix: REWRITE})]
  }
  const why = wrongDefault(found, expected)
  if (why === undefined) return []
  return [
    finding(name, {
      kind: 'table-broken',
      what: `the default route of table ${table} ${why}`,
      evidence: placesOf(found.place),
      fix: REWRITE,
    }),
  ]
}

function wrongDefault({type, nextHops}: Route, {device, via, local}: ExpectedTable): string | undefined {
  const wanted = local === true ? 'local' : 'unicast'
  if (type !== wanted) return `is of type ${type}`
  const [{device: named = 'nowhere', via: gateway = 'none'} = {}] = nextHops
  if (device !== undefined && named !== device) return `leads to ${named} instead of ${device}`
  return via === undefined || gateway === via ? undefined : `leads by ${gateway} instead of the ztunnel pod, ${via}`
}

function brokenRoute(namespace: NetworkNamespace, route: Route): readonly CaptureFinding[] {
  return route.nextHops
    .flatMap(({device = ''}) => deviceProblem(namespace, device))
    .map((why) =>
      finding(namespace.name, {
        kind: 'table-broken',
        what: `the route to ${formatPrefix(route.destination)} in table ${route.table} leads to ${why}`,
        evidence: placesOf(route.place, deviceNamed(namespace, route.nextHops[0]?.device ?? '')?.place),
      }),
    )
}

function deviceProblem(namespace: NetworkNamespace, name: string): readonly string[] {
  const device = deviceNamed(namespace, name)
  if (device === undefined) return namespace.devices.length === 0 ? [] : [`device ${name}, which is not there`]
  return device.up ? [] : [`device ${name}, which is down`]
}

/** What capture needs to reach the ztunnel pod itself. */
export function waysToZtunnel(node: NetworkNamespace, ztunnel: string): readonly CaptureFinding[] {
  const {routes} = node.routing[4]
  const own = routes.filter(({table}) => table === '101')
  const cut = finding(node.name, {
    kind: 'table-broken',
    what: `table main has no way of its own to the ztunnel pod, ${ztunnel}: answers to its connections are lost`,
    fix: 'Look after the device of the ztunnel pod, or restart the pod.',
  })
  // H.3.1: packets of the tunnel carry the mark of what they wrap.
  const wraps = deviceNamed(node, 'istioout')?.attachment.kind === 'tunnel'
  const around = finding(node.name, {
    kind: 'table-broken',
    severity: wraps ? 'broken' : 'unsure',
    what: `table 101 has no route to ${ztunnel}: what ${wraps ? 'the tunnel sends' : 'enrolled pods send to the ztunnel pod itself'} goes into the tunnel`,
    evidence: placesOf(own[0]?.place),
    fix: REWRITE,
  })
  return [...(isNear(node, ztunnel) ? [] : [cut]), ...(own.length === 0 || own.some((route) => isTo(route, ztunnel)) ? [] : [around])]
}

/** Tables of capture know the ztunnel pod as a neighbour; another address is that of a pod before it. */
export function strayNeighbours(node: NetworkNamespace, ztunnel: string): readonly CaptureFinding[] {
  const near = node.routing[4].routes.filter(
    ({table, destination, nextHops}) => CAPTURING.has(table) && destination.length === 32 && nextHops.every(({via}) => via === undefined),
  )
  return near
    .filter((route) => !isTo(route, ztunnel))
    .map(({table, destination, place}) =>
      finding(node.name, {
        kind: 'left-over',
        severity: 'unsure',
        what: `table ${table} has ${formatPrefix(destination)} as a neighbour, which is not the ztunnel pod, ${ztunnel}`,
        evidence: placesOf(place),
        fix: REWRITE,
      }),
    )
}

const CAPTURING: ReadonlySet<string> = new Set(['100', '101', '102'])

const INBOUND = 'istioin'

/** envoy-2022 C.1: routes of table 100 lead through the tunnel; each pod that has one is on this node. */
export function inboundFindings(node: NetworkNamespace, enrolled: readonly EnrolledPod[]): readonly CaptureFinding[] {
  const captured = inboundRoutes(node)
  const known = new Set(enrolled.flatMap(({ips}) => ips))
  return [...captured.flatMap((route) => besideTunnel(node, route)), ...captured.flatMap((route) => stray(node, {route, known}))]
}

function besideTunnel({name}: NetworkNamespace, {destination, nextHops, place}: Route): readonly CaptureFinding[] {
  const other = nextHops.find(({device}) => device !== INBOUND)?.device
  if (other === undefined) return []
  const ip = formatPrefix(destination)
  const what = `the route to ${ip} in table 100 leads to ${other} instead of ${INBOUND}`
  return [finding(name, {kind: 'table-broken', address: ip, what, evidence: placesOf(place), fix: REWRITE})]
}

interface Inbound {
  readonly route: Route
  readonly known: ReadonlySet<string>
}

/** A pod that is gone, or is elsewhere: what is sent to it ends in this ztunnel. */
function stray(node: NetworkNamespace, {route, known}: Inbound): readonly CaptureFinding[] {
  const ip = formatPrefix(route.destination)
  if (isNear(node, ip)) return []
  const what = `table 100 captures what comes for ${ip}, but the node has no way of its own to that address`
  const why = known.has(ip) ? ': its pod is cut off, its device is down or gone' : ': a pod that was deleted, or is on another node'
  return [
    finding(node.name, {
      kind: 'table-broken',
      severity: known.has(ip) ? 'broken' : 'unsure',
      address: ip,
      what: `${what}${why}`,
      evidence: placesOf(route.place),
      fix: known.has(ip) ? 'Look after the device of the pod, or restart the pod.' : `\`ip route del ${ip} table 100\`; or: ${REWRITE}`,
    }),
  ]
}
