import type {Cluster} from './fixture-cluster.js'
import {cutItem, cutMember, editItem} from './fixtures-edit.js'

type Lines = readonly string[]

const BOOKINFO = {scenario: 'bookinfo-waypoint', member: 'Kubernetes'} as const
const ALPHA = {scenario: 'multinetwork', member: 'alpha'} as const

/** More clusters with one thing wrong that users asked about (docs/answers.md). */
export const PAIN_CLUSTERS: readonly Cluster[] = [
  {
    name: 'ga-bookinfo-drift',
    ...BOOKINFO,
    derived: 'the waypoint of service details taken from what the ztunnel of node-b knows; the others still have it',
    edit: withDrift,
  },
  {
    name: 'ga-bookinfo-unknown-client',
    ...BOOKINFO,
    derived: 'the workload of sleep taken from what the ztunnel of its node knows, as before xDS has told of it',
    edit: withoutClient,
  },
  {
    name: 'ga-bookinfo-shared-address',
    ...BOOKINFO,
    derived: 'ratings-v1 given the address of details-v1 in what ztunnels know',
    edit: withSharedAddress,
  },
  {
    name: 'ga-alpha-other-names',
    ...ALPHA,
    derived: 'ztunnels expect another service account of service cart than its pods have',
    edit: withOtherNames,
  },
  {
    name: 'ga-alpha-without-listener',
    ...ALPHA,
    derived: 'internal listener inner_connect_originate taken from the waypoint; its endpoints still lead there',
    edit: withoutInnerListener,
  },
  {
    name: 'ga-egress-second-address',
    scenario: 'cross-namespace-and-serviceentry',
    member: 'Kubernetes',
    derived: 'a second address of ServiceEntry static-db in what ztunnels know; the waypoint matches the first one only',
    edit: withSecondAddress,
  },
]

function withDrift(lines: Lines, path: string): Lines {
  if (path !== 'proxies/istio-system/ztunnel-node-b.json') return lines
  return editItem(lines, {
    said: '"hostname": "details.bookinfo.svc.cluster.local"',
    change: (item) => cutMember(item, 'waypoint'),
  })
}

function withoutClient(lines: Lines, path: string): Lines {
  if (path !== 'proxies/istio-system/ztunnel-node-a.json') return lines
  return cutItem(lines, '"uid": "Kubernetes//Pod/bookinfo/sleep-8c86c414b3-23f84"')
}

function withSharedAddress(lines: Lines, path: string): Lines {
  return isZtunnel(path) ? lines.map((line) => line.replace('"10.244.2.23"', '"10.244.2.22"')) : lines
}

function withOtherNames(lines: Lines, path: string): Lines {
  if (!isZtunnel(path)) return lines
  return lines.map((line) =>
    /^ +"spiffe:\/\/cluster\.local\/ns\/shop\/sa\/cart"$/.test(line) ? line.replace('/cart"', '/cart-old"') : line,
  )
}

function withoutInnerListener(lines: Lines, path: string): Lines {
  if (!path.startsWith('proxies/shop/wp-')) return lines
  const listeners = lines.findIndex((line) => line.trim() === '"dynamic_listeners": [')
  return [...lines.slice(0, listeners), ...cutItem(lines.slice(listeners), '"name": "inner_connect_originate"')]
}

function withSecondAddress(lines: Lines, path: string): Lines {
  if (!isZtunnel(path)) return lines
  return lines.flatMap((line) => (line.trim() === '"/203.0.113.10"' ? [`${line},`, line.replace('113.10', '113.11')] : [line]))
}

function isZtunnel(path: string): boolean {
  return path.startsWith('proxies/istio-system/ztunnel-')
}
