import type {Cluster} from './fixture-cluster.js'
import {ANSWER_CLUSTERS} from './fixtures-answers.js'
import {DUMP_STATE_CLUSTERS} from './fixtures-dump-states.js'
import {GA_CLUSTERS} from './fixtures-ga.js'
import {cutBlock} from './fixtures-edit.js'
import {rulesInPods, rulesOfBookinfo, rulesWithoutSleep} from './fixtures-rules.js'
import {PAIN_CLUSTERS} from './fixtures-pains.js'

const SCENARIOS = ['gke-sleep-productpage', 'kind-bookinfo-l4', 'mixed', 'sep2022-bookinfo-waypoint', 'waypoint-l7']

const DERIVED: readonly Cluster[] = [
  {
    name: 'gke-registry-only',
    scenario: 'gke-sleep-productpage',
    derived: 'default_filter_chain of ztunnel_outbound removed, which is all that istiod leaves out under REGISTRY_ONLY',
    edit: withoutDefaultFilterChain,
  },
  {
    name: 'gke-without-endpoints',
    scenario: 'gke-sleep-productpage',
    derived: 'endpoint section of every dump removed, as when it is collected without include_eds',
    edit: withoutEndpoints,
  },
  {
    name: 'gke-without-server-ztunnel',
    scenario: 'gke-sleep-productpage',
    derived: "dump of the ztunnel on productpage's node left out",
    without: {pod: 'ztunnel-51d04'},
  },
  {
    name: 'kind-bookinfo-rules',
    scenario: 'kind-bookinfo-l4',
    derived:
      'packet rules of the node ambient-worker2, as a real kernel printed them for another cluster (capture-states/node-2022), with the addresses of this one',
    more: rulesOfBookinfo,
  },
  {
    name: 'kind-bookinfo-rules-without-sleep',
    scenario: 'kind-bookinfo-l4',
    derived: 'packet rules as in kind-bookinfo-rules, and a set that lacks the address of sleep',
    more: rulesWithoutSleep,
  },
  {
    name: 'ga-bookinfo-rules',
    scenario: 'bookinfo-waypoint',
    member: 'Kubernetes',
    derived: 'packet rules inside the pods of sleep and details, as a real kernel printed them for another pod (capture-states/in-pod)',
    more: rulesInPods,
  },
  {
    name: 'sep2022-without-waypoint',
    scenario: 'sep2022-bookinfo-waypoint',
    derived: 'dump of the waypoint left out, with a reason as a recording would give it',
    without: {pod: 'bookinfo-productpage-waypoint-proxy-1da0190aa2-4958e', error: 'pods/exec is forbidden'},
  },
]

/** Every snapshot that is shipped. */
export const CLUSTERS: readonly Cluster[] = [
  ...SCENARIOS.map((scenario) => ({name: scenario, scenario})),
  ...SCENARIOS.map((scenario) => ({name: `${scenario}-nameless`, scenario, nameless: true})),
  ...DERIVED,
  ...GA_CLUSTERS,
  ...ANSWER_CLUSTERS,
  ...DUMP_STATE_CLUSTERS,
  ...PAIN_CLUSTERS,
]

// envoy-2022 A.2, H.1.11: only ztunnel_outbound has one.
function withoutDefaultFilterChain(lines: readonly string[]): readonly string[] {
  return cutBlock(
    lines,
    lines.findIndex((line) => line.endsWith('"default_filter_chain": {')),
  )
}

function withoutEndpoints(lines: readonly string[]): readonly string[] {
  return cutBlock(lines, lines.findIndex((line) => line.includes('"type.googleapis.com/envoy.admin.v3.EndpointsConfigDump"')) - 1)
}
