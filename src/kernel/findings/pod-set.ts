import {formatPrefix} from '../config/ip.js'
import type {IpSet, Route} from '../config/model.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {nodeAddresses} from './addresses.js'
import {isNear} from './near.js'
import {finding, placesOf, type CaptureFinding, type EnrolledPod} from './finding.js'

/** The set of the addresses whose packets are captured. */
export const POD_SET = 'ztunnel-pods-ips'

/** envoy-2022 C.1: each enrolled pod is in the set, for what it sends, and has a route in table 100, for what comes to it. */
export function podSetFindings(node: NetworkNamespace, enrolled: readonly EnrolledPod[]): readonly CaptureFinding[] {
  const set = node.sets.get(POD_SET)
  if (set === undefined) {
    return [finding(node.name, {kind: 'pod-not-in-set', severity: 'unsure', what: `set ${POD_SET} was not recorded, or is missing`})]
  }
  return [...missingMembers(node, {set, enrolled}), ...missingRoutes(node, {set, enrolled})]
}

interface Enrolled {
  readonly set: IpSet
  readonly enrolled: readonly EnrolledPod[]
}

function missingMembers(node: NetworkNamespace, {set, enrolled}: Enrolled): readonly CaptureFinding[] {
  const members = new Set(set.members.map(({text}) => text))
  // What is left of a pod that is gone sends nothing.
  const near = inboundRoutes(node).filter(({destination}) => isNear(node, formatPrefix(destination)))
  const routed = near.map((route) => {
    const ip = formatPrefix(route.destination)
    return {ip, name: `route to ${ip}`, route}
  })
  const missing = new Map(
    [...routed, ...podAddresses(enrolled)].filter(({ip}) => !members.has(ip)).map(({ip, name}) => [ip, name] as const),
  )
  return [...missing].map(([ip, name]) =>
    finding(node.name, {
      kind: 'pod-not-in-set',
      address: ip,
      what: `set ${POD_SET} lacks ${ip} (${name}): what it sends is not captured`,
      evidence: placesOf(routed.find((one) => one.ip === ip)?.route.place ?? set.place),
      fix: `\`ipset add ${POD_SET} ${ip}\`, or restart the node agent, or the pod.`,
    }),
  )
}

/** Routes to pods, not to ztunnel, which is a neighbour of the node. */
export function inboundRoutes({routing}: NetworkNamespace): readonly Route[] {
  return routing[4].routes.filter(
    ({table, destination, nextHops}) => table === '100' && destination.length === 32 && nextHops[0]?.via !== undefined,
  )
}

function missingRoutes(node: NetworkNamespace, {set, enrolled}: Enrolled): readonly CaptureFinding[] {
  const routed = new Set(node.routing[4].routes.filter(({table}) => table === '100').map(({destination}) => formatPrefix(destination)))
  const own = nodeAddresses(node)
  const members = set.members
    .filter(({text}) => !own.has(text) && !text.includes('/'))
    .map(({text, place}) => ({ip: text, name: 'in the set', place}))
  const pods = podAddresses(enrolled).map((pod) => ({...pod, place: undefined}))
  const wanted = new Map([...members, ...pods].map((one) => [one.ip, one] as const))
  return [...wanted.values()]
    .filter(({ip}) => !routed.has(ip))
    .map(({ip, name, place}) =>
      finding(node.name, {
        kind: 'table-broken',
        address: ip,
        what: `table 100 has no route to ${ip} (${name}): what comes for it is not captured`,
        evidence: placesOf(members.find((one) => one.ip === ip)?.place ?? place),
        fix: `If it is a pod of this node, restart the node agent or the pod; else \`ipset del ${POD_SET} ${ip}\`.`,
      }),
    )
}

/** envoy-2022 C: capture of 2022 knows IPv4 only. */
function podAddresses(enrolled: readonly EnrolledPod[]): readonly {readonly ip: string; readonly name: string}[] {
  return enrolled.flatMap(({name, ips}) => ips.filter((ip) => !ip.includes(':')).map((ip) => ({ip, name: `pod ${name}`})))
}
