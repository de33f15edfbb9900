import {parseAllDocuments} from 'yaml'
import type {OracleInventory, OraclePod, OracleService} from './oracle-inventory.js'

type Fields = Readonly<Record<string, unknown>>

export interface NamedList {
  /** File name without extension: the plural of the kind. */
  readonly name: string
  readonly list: Fields
}

/** An inventory as `kubectl get <kind> -A -o json` would print it: one List per kind. */
export function inventoryLists(inventory: OracleInventory): readonly NamedList[] {
  const accounts = [...new Set(inventory.pods.map((pod) => `${pod.namespace}/${pod.serviceAccount}`))].sort()
  return [
    {name: 'pods', list: listOf(inventory.pods.map((pod) => toPod(pod, inventory)))},
    {name: 'services', list: listOf(inventory.services.map(toService))},
    {name: 'nodes', list: listOf(inventory.nodes.map(toNode))},
    {name: 'namespaces', list: listOf(inventory.namespaces.map(toNamespace))},
    {name: 'serviceaccounts', list: listOf(accounts.map(toServiceAccount))},
    {name: 'configmaps', list: listOf([toMeshConfig(inventory)])},
    ...appliedLists(inventory.istioConfig),
  ]
}

export function listOf(items: readonly unknown[]): Fields {
  return {apiVersion: 'v1', items, kind: 'List', metadata: {resourceVersion: ''}}
}

function toPod(pod: OraclePod, inventory: OracleInventory): Fields {
  const ports = pod.containerPorts.map(({port, ...rest}) => ({containerPort: port, ...rest}))
  const hostIP = inventory.nodes.find((node) => node.name === pod.node)?.ip
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(pod.annotations === undefined ? {} : {annotations: pod.annotations}),
      labels: pod.labels,
      name: pod.name,
      namespace: pod.namespace,
      ...ownerOf(pod),
      uid: pod.uid,
    },
    spec: {
      containers: [{name: pod.labels['app'] ?? pod.serviceAccount, ...(ports.length === 0 ? {} : {ports})}],
      ...(pod.hostNetwork ? {hostNetwork: true} : {}),
      nodeName: pod.node,
      serviceAccountName: pod.serviceAccount,
    },
    status: {
      conditions: [{status: 'True', type: 'Ready'}],
      ...(hostIP === undefined ? {} : {hostIP}),
      phase: 'Running',
      podIP: pod.ips[0],
      podIPs: pod.ips.map((ip) => ({ip})),
    },
  }
}

/** A pod of a Deployment is called `<ReplicaSet>-<suffix>`, and the ReplicaSet ends in the template hash. */
function ownerOf(pod: OraclePod): Fields {
  const hash = pod.labels['pod-template-hash']
  const replicaSet = pod.name.slice(0, pod.name.lastIndexOf('-'))
  return hash !== undefined && replicaSet.endsWith(`-${hash}`)
    ? {ownerReferences: [{apiVersion: 'apps/v1', controller: true, kind: 'ReplicaSet', name: replicaSet}]}
    : {}
}

function toService(service: OracleService): Fields {
  const address = service.vip ?? 'None'
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: service.name, namespace: service.namespace},
    spec: {
      clusterIP: address,
      clusterIPs: [address],
      ports: service.ports,
      ...(service.selector === null ? {} : {selector: service.selector}),
      type: 'ClusterIP',
    },
    status: {loadBalancer: {}},
  }
}

function toNode(node: OracleInventory['nodes'][number]): Fields {
  const labels = {
    'kubernetes.io/hostname': node.name,
    'topology.kubernetes.io/region': node.region,
    'topology.kubernetes.io/zone': node.zone,
  }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {labels, name: node.name},
    spec: {podCIDR: node.podCIDR, podCIDRs: [node.podCIDR]},
    status: {
      addresses: [
        {address: node.ip, type: 'InternalIP'},
        {address: node.name, type: 'Hostname'},
      ],
    },
  }
}

function toNamespace(namespace: OracleInventory['namespaces'][number]): Fields {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {labels: {'kubernetes.io/metadata.name': namespace.name, ...namespace.labels}, name: namespace.name},
    status: {phase: 'Active'},
  }
}

function toServiceAccount(account: string): Fields {
  const [namespace, name] = account.split('/')
  return {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name, namespace}}
}

/** istiod keeps its mesh config as YAML inside a ConfigMap; JSON is YAML. */
function toMeshConfig(inventory: OracleInventory): Fields {
  const mesh = JSON.stringify(
    {...inventory.meshConfig, rootNamespace: inventory.rootNamespace, trustDomain: inventory.trustDomain},
    null,
    2,
  )
  return {apiVersion: 'v1', data: {mesh}, kind: 'ConfigMap', metadata: {name: 'istio', namespace: inventory.rootNamespace}}
}

/** Applied objects, one List per kind. */
export function appliedLists(yaml: string): readonly NamedList[] {
  const objects = parseAllDocuments(yaml).map(toValue).filter(isKubernetesObject)
  const kinds = [...new Set(objects.map((object) => object.kind))].sort()
  return kinds.map((kind) => ({name: pluralOf(kind), list: listOf(objects.filter((object) => object.kind === kind))}))
}

function toValue(document: {toJS(): unknown}): unknown {
  return document.toJS()
}

function isKubernetesObject(value: unknown): value is {readonly kind: string} {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
}

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase()
  return lower.endsWith('y') && !lower.endsWith('ay') ? `${lower.slice(0, -1)}ies` : `${lower}s`
}
