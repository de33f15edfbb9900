import type {Cluster} from './fixture-cluster.js'
import {cutMember, editItem} from './fixtures-edit.js'

type Lines = readonly string[]

const ORCHARD = {scenario: 'orchard', member: 'Kubernetes'} as const

/** Clusters of GA ambient with one thing wrong that users asked about (docs/answers.md). */
export const ANSWER_CLUSTERS: readonly Cluster[] = [
  {
    name: 'ga-bookinfo-waypoint-lost',
    scenario: 'bookinfo-waypoint',
    member: 'Kubernetes',
    derived: 'the waypoint taken from service details in what ztunnels know; the label of the namespace still asks for it',
    edit: withoutWaypointOfDetails,
  },
  {
    name: 'ga-bookinfo-waypoint-for',
    scenario: 'bookinfo-waypoint',
    member: 'Kubernetes',
    derived: 'the Gateway of the waypoint labelled for workloads only, and the waypoint taken from all services that ztunnels know',
    edit: withWaypointForWorkloads,
  },
  {
    name: 'ga-orchard-tunnel-policy',
    ...ORCHARD,
    derived: "an L4 policy on connect_terminate of the waypoint, as the layered authorization of istiod puts it there: DENY market's thief",
    edit: withTunnelPolicy,
  },
  {
    name: 'ga-orchard-network-policy',
    ...ORCHARD,
    derived: 'a NetworkPolicy for the pods of cider that admits port 3306 only, and the pods of a network plugin that enforces it',
    edit: withNetworkPolicy,
  },
]

function withoutWaypointOfDetails(lines: Lines, path: string): Lines {
  if (!path.startsWith('proxies/istio-system/ztunnel-')) return lines
  return editItem(lines, {
    said: '"hostname": "details.bookinfo.svc.cluster.local"',
    change: (item) => cutMember(item, 'waypoint'),
  })
}

/** As istiod does it, which binds no service then (ambient-ga B.10). */
function withWaypointForWorkloads(lines: Lines, path: string): Lines {
  if (path === 'inventory/gateways.json') {
    return lines.map((line) => line.replace('"labels": {}', '"labels": {"istio.io/waypoint-for": "workload"}'))
  }
  return path.startsWith('proxies/istio-system/ztunnel-') ? cutAll(lines, 'waypoint') : lines
}

function cutAll(lines: Lines, name: string): Lines {
  const less = cutMember(lines, name)
  return less.length === lines.length ? lines : cutAll(less, name)
}

// ambient-ga D.2: the filter stands first, where only the client's certificate is known.
function withTunnelPolicy(lines: Lines, path: string): Lines {
  if (!path.startsWith('proxies/orchard/fence-')) return lines
  const listener = lines.findIndex((line) => line.trim() === '"name": "connect_terminate",')
  const filters = lines.findIndex((line, index) => index > listener && line.trim() === '"http_filters": [')
  const filter = JSON.stringify(
    {
      name: 'envoy.filters.http.rbac',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
        rules: {
          action: 'DENY',
          policies: {
            'ns[orchard]-policy[no-thieves-tunnel]-rule[0]': {
              permissions: [{any: true}],
              principals: [{authenticated: {principal_name: {exact: 'spiffe://cluster.local/ns/market/sa/thief'}}}],
            },
          },
        },
      },
    },
    undefined,
    1,
  )
  return [...lines.slice(0, filters + 1), ...`${filter},`.split('\n'), ...lines.slice(filters + 1)]
}

function withNetworkPolicy(lines: Lines, path: string): Lines {
  if (path === 'inventory/pods.json') return withItems(lines, ['row-1', 'row-2'].map(networkPlugin))
  if (path !== 'inventory/authorizationpolicies.json') return lines
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {name: 'cider-port', namespace: 'orchard'},
    spec: {podSelector: {matchLabels: {app: 'cider'}}, policyTypes: ['Ingress'], ingress: [{ports: [{protocol: 'TCP', port: 3306}]}]},
  }
  return withItems(lines, [policy])
}

function networkPlugin(node: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: `calico-node-${node}`, namespace: 'kube-system', labels: {'k8s-app': 'calico-node'}},
    spec: {containers: [{name: 'calico-node', image: 'calico-node'}], hostNetwork: true, nodeName: node, serviceAccountName: 'calico-node'},
    status: {phase: 'Running'},
  }
}

function withItems(lines: Lines, added: readonly object[]): Lines {
  const items = lines.findIndex((line) => line.trim() === '"items": [')
  const text = added.flatMap((item) => `${JSON.stringify(item, undefined, 2)},`.split('\n'))
  return [...lines.slice(0, items + 1), ...text, ...lines.slice(items + 1)]
}
