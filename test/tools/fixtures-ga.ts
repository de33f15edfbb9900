import type {Cluster} from './fixture-cluster.js'
import {cutMember} from './fixtures-edit.js'

type Lines = readonly string[]

/** Rust ztunnels, waypoints and gateways; all but those of layer `istiod` were recorded while real applications talked. */
const RECORDED: readonly Cluster[] = [
  {name: 'ga-bookinfo', scenario: 'bookinfo-waypoint', member: 'Kubernetes'},
  {name: 'ga-policies', scenario: 'policies', member: 'Kubernetes'},
  {name: 'ga-orchard', scenario: 'orchard', member: 'Kubernetes'},
  {name: 'ga-egress', scenario: 'cross-namespace-and-serviceentry', member: 'Kubernetes'},
  {name: 'ga-workload-waypoints', scenario: 'waypoint-for-workload-all', member: 'Kubernetes'},
  {name: 'ga-ingress', scenario: 'ingress-and-sidecar', member: 'Kubernetes', layer: 'istiod'},
  {name: 'ga-other-waypoint', scenario: 'canary-waypoint', member: 'Kubernetes', layer: 'istiod'},
  {name: 'ga-alpha', scenario: 'multinetwork', member: 'alpha'},
  {name: 'ga-beta', scenario: 'multinetwork', member: 'beta'},
]

const BOOKINFO = {scenario: 'bookinfo-waypoint', member: 'Kubernetes'} as const

const DERIVED: readonly Cluster[] = [
  {
    name: 'ga-bookinfo-unlabelled',
    ...BOOKINFO,
    derived: 'label istio.io/use-waypoint taken from the namespace, and the waypoint from every service that ztunnels know',
    edit: withoutWaypoint,
  },
]

/** Snapshots of GA ambient. */
export const GA_CLUSTERS: readonly Cluster[] = [...RECORDED, ...DERIVED]

function withoutWaypoint(lines: Lines, path: string): Lines {
  if (path === 'inventory/namespaces.json') return lines.filter((line) => !line.includes('"istio.io/use-waypoint":'))
  return isZtunnel(path) ? untilSame(lines, (left) => cutMember(left, 'waypoint')) : lines
}

function isZtunnel(path: string): boolean {
  return path.startsWith('proxies/istio-system/ztunnel-')
}

function untilSame(lines: Lines, change: (lines: Lines) => Lines): Lines {
  const changed = change(lines)
  return changed.length === lines.length ? lines : untilSame(changed, change)
}
