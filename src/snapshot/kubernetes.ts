import type {
  ClusterNode,
  ContainerPort,
  EndpointSlice,
  InventorySource,
  Namespace,
  Pod,
  Protocol,
  RawObject,
  Service,
  ServiceAccount,
  ServicePort,
  StringMap,
} from '../flow/inventory.js'
import {isPort, View} from '../json/view.js'

/** A Kubernetes object, and where it was read. */
export interface Recorded {
  readonly object: View
  readonly recorded: InventorySource
}

export function readPod({object, recorded}: Recorded): Pod {
  const spec = object.get('spec')
  const status = object.get('status')
  return {
    ...namespaced(object),
    recorded,
    ips: podIps(status),
    hostNetwork: spec?.bool('hostNetwork') ?? false,
    serviceAccount: spec?.str('serviceAccountName') ?? 'default',
    containerPorts: containersOf(spec)
      .flatMap((container) => container.list('ports'))
      .flatMap(readContainerPort),
    ...optional('uid', object.get('metadata')?.str('uid')),
    ...optional('node', spec?.str('nodeName')),
    ...optional(
      'phase',
      PHASES.find((phase) => phase === status?.str('phase')),
    ),
    ...optional('ready', readyOf(status)),
    ...optional('owner', ownerOf(object)),
  }
}

/** Init containers that keep running count for named ports too (Kubernetes 1.29, KEP-753). */
function containersOf(spec: View | undefined): readonly View[] {
  const sidecars = (spec?.list('initContainers') ?? []).filter((container) => container.str('restartPolicy') === 'Always')
  return [...(spec?.list('containers') ?? []), ...sidecars]
}

export function readService({object, recorded}: Recorded): Service {
  const spec = object.get('spec') ?? new View({}, object.pointer)
  const selector = stringMap(spec.get('selector'))
  return {
    ...namespaced(object),
    recorded,
    type: SERVICE_TYPES.find((type) => type === spec.str('type')) ?? 'ClusterIP',
    clusterIPs: texts(spec, {list: 'clusterIPs', single: 'clusterIP'}).filter((ip) => ip !== 'None'),
    headless: spec.str('clusterIP') === 'None',
    ports: spec.list('ports').flatMap(readServicePort),
    ...optional('selector', selector.size === 0 ? undefined : selector),
    ...optional('externalName', spec.str('externalName')),
    ...externalIps(object, spec),
  }
}

function externalIps(object: View, spec: View): Pick<Service, 'externalIPs'> {
  const balancers = object.get('status')?.get('loadBalancer')?.list('ingress') ?? []
  const ips = [...spec.list('externalIPs').flatMap((ip) => ip.text() ?? []), ...balancers.flatMap((balancer) => balancer.str('ip') ?? [])]
  return ips.length === 0 ? {} : {externalIPs: [...new Set(ips)]}
}

export function readEndpointSlice({object, recorded}: Recorded): EndpointSlice {
  const metadata = namespaced(object)
  return {
    ...metadata,
    recorded,
    addressType: object.str('addressType') ?? '',
    ports: object.list('ports').map((port) => ({
      protocol: protocolOf(port),
      ...optional('name', port.str('name')),
      ...optional('port', port.get('port') === undefined ? undefined : port.port('port')),
    })),
    endpoints: object.list('endpoints').map(readEndpoint),
    ...optional('service', metadata.labels.get('kubernetes.io/service-name')),
  }
}

export function readNode({object, recorded}: Recorded): ClusterNode {
  const spec = object.get('spec')
  const addresses = object.get('status')?.list('addresses') ?? []
  return {
    ...named(object),
    recorded,
    ips: addresses.filter((address) => address.str('type') === 'InternalIP').flatMap((address) => address.str('address') ?? []),
    podCIDRs: spec === undefined ? [] : texts(spec, {list: 'podCIDRs', single: 'podCIDR'}),
  }
}

export function readNamespace({object, recorded}: Recorded): Namespace {
  return {...named(object), recorded}
}

export function readServiceAccount({object, recorded}: Recorded): ServiceAccount {
  return {...namespaced(object), recorded}
}

export function readRaw({object, recorded}: Recorded): RawObject {
  return {...namespaced(object), recorded, value: object.value}
}

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const
const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const

interface Named {
  readonly name: string
  readonly labels: StringMap
  readonly annotations: StringMap
}

function named(object: View): Named {
  const metadata = object.get('metadata')
  return {
    name: metadata?.str('name') ?? '',
    labels: stringMap(metadata?.get('labels')),
    annotations: stringMap(metadata?.get('annotations')),
  }
}

export function namespaced(object: View): Named & {readonly namespace: string} {
  return {...named(object), namespace: object.get('metadata')?.str('namespace') ?? 'default'}
}

export function stringMap(view: View | undefined): StringMap {
  return new Map(
    (view?.entries() ?? []).flatMap(([key, value]) => {
      const text = value.text()
      return text === undefined ? [] : [[key, text] as const]
    }),
  )
}

/** A field that old API servers print alone and new ones as a list too. */
function texts(view: View, fields: {readonly list: string; readonly single: string}): readonly string[] {
  const all = view.list(fields.list).flatMap((item) => item.text() ?? [])
  const single = view.str(fields.single) ?? ''
  return all.length === 0 && single !== '' ? [single] : all
}

function podIps(status: View | undefined): readonly string[] {
  const all = (status?.list('podIPs') ?? []).flatMap((item) => item.str('ip') ?? [])
  const primary = status?.str('podIP')
  return all.length === 0 && primary !== undefined && primary !== '' ? [primary] : all
}

function readyOf(status: View | undefined): boolean | undefined {
  const value = status
    ?.list('conditions')
    .find((condition) => condition.str('type') === 'Ready')
    ?.str('status')
  return value === undefined || value === 'Unknown' ? undefined : value === 'True'
}

function ownerOf(object: View): Pod['owner'] {
  const owner = object
    .get('metadata')
    ?.list('ownerReferences')
    .find((reference) => reference.bool('controller') === true)
  const kind = owner?.str('kind')
  const name = owner?.str('name')
  return kind === undefined || name === undefined ? undefined : {kind, name}
}

function readContainerPort(port: View): readonly ContainerPort[] {
  const number = port.port('containerPort')
  return number === undefined || number === 0 ? [] : [{port: number, protocol: protocolOf(port), ...optional('name', port.str('name'))}]
}

/** The API server fills in `targetPort` with `port`. */
function readServicePort(port: View): readonly ServicePort[] {
  const number = port.port('port')
  if (number === undefined || number === 0) return []
  return [
    {
      port: number,
      protocol: protocolOf(port),
      targetPort: targetPortOf(port) ?? number,
      ...optional('name', port.str('name')),
      ...optional('appProtocol', port.str('appProtocol')),
    },
  ]
}

function targetPortOf(port: View): number | string | undefined {
  const value = port.get('targetPort')?.value
  return (typeof value === 'number' && isPort(value)) || typeof value === 'string' ? value : undefined
}

function readEndpoint(endpoint: View): EndpointSlice['endpoints'][number] {
  const target = endpoint.get('targetRef')
  const name = target?.str('kind') === 'Pod' ? target.str('name') : undefined
  return {
    addresses: endpoint.list('addresses').flatMap((address) => address.text() ?? []),
    ...optional('ready', endpoint.get('conditions')?.bool('ready')),
    ...optional('node', endpoint.str('nodeName')),
    ...optional('pod', name === undefined ? undefined : {name, namespace: target?.str('namespace') ?? 'default'}),
  }
}

function protocolOf(port: View): Protocol {
  return PROTOCOLS.find((protocol) => protocol === port.str('protocol')) ?? 'TCP'
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Readonly<Record<Key, Value>>> {
  const field: Partial<Record<Key, Value>> = {}
  if (value !== undefined) field[key] = value
  return field
}
