/** What `kubectl get pods -o json` prints of a pod. */
export interface PodFacts {
  readonly name: string
  readonly uid?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly namespace?: string
  readonly node?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly image?: string
  readonly container?: string
  readonly phase?: string
  readonly owner?: string
  readonly hostNetwork?: boolean
}

export function podList(...pods: readonly PodFacts[]): string {
  return JSON.stringify({apiVersion: 'v1', kind: 'List', items: pods.map(podObject)})
}

/** A Rust ztunnel on node n1. */
export function ztunnelPod(name: string): PodFacts {
  return {name, namespace: 'istio-system', node: 'n1', labels: {app: 'ztunnel'}, image: 'docker.io/istio/ztunnel:1.26.0-distroless'}
}

/** A waypoint of GA ambient. */
export function waypointPod(name: string): PodFacts {
  return {
    name,
    namespace: 'apps',
    node: 'n1',
    labels: {'gateway.istio.io/managed': 'istio.io-mesh-controller'},
    image: 'istio/proxyv2:1.26.0',
  }
}

function podObject({name, namespace = 'default', node = 'n1', ...facts}: PodFacts): object {
  const {
    uid,
    annotations = {},
    labels = {},
    image = 'app:1',
    container = 'istio-proxy',
    phase = 'Running',
    owner,
    hostNetwork = false,
  } = facts
  const owners = owner === undefined ? {} : {ownerReferences: [{controller: true, kind: 'ReplicaSet', name: owner}]}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, namespace, uid, labels, annotations, ...owners},
    spec: {nodeName: node, hostNetwork, containers: [{name: container, image}]},
    status: {phase, podIP: '10.0.0.1'},
  }
}
