import {parseSocket} from '../../flow/address.js'
import type {DumpStore} from '../../json/store.js'
import {View} from '../../json/view.js'
import {readNetworkAddress} from './addresses.js'
import {canonicalIp} from './ip.js'
import {addressKey, serviceKey, type DumpShape, type Endpoint, type Service, type ZtunnelConfig} from './model.js'
import {elementsOf, isMap, type Keyed} from './sections.js'
import {readService} from './service.js'
import {readWorkload} from './workload.js'

type State = Pick<ZtunnelConfig, 'workloads' | 'services' | 'addressOwners'>

/** Workloads and services, however this generation stores them (ambient-ga A.2, K). */
export function readState(store: DumpStore, shape: DumpShape): State {
  switch (shape) {
    case 'lists':
      return {
        workloads: elementsOf(store, 'workloads').map(({view}) => readWorkload(view)),
        services: elementsOf(store, 'services').map(({view}) => readService(view)),
      }
    case 'maps':
      return readMaps(store)
    case 'flattened':
      return readFlattened(store)
    case 'vips':
      return readVips(store)
    default:
      return shape satisfies never
  }
}

/** ambient-ga K.6: a workload with two IPs, or a service with two VIPs, stands in its map twice. */
function readMaps(store: DumpStore): State {
  const byAddress = readMap(elementsOf(store, 'workloads'), readWorkload)
  const byVip = readMap(elementsOf(store, 'services'), readService)
  const byHost = elementsOf(store, 'services_by_hostname').flatMap(({view}) => view.items().map(readService))
  return {
    workloads: unique([...byAddress.values()], ({uid}) => uid),
    services: unique([...byHost, ...byVip.values()], serviceKey),
    addressOwners: {
      ...(isMap(store, 'workloads') ? {workloads: byAddress} : {}),
      ...(isMap(store, 'services') ? {services: byVip} : {}),
    },
  }
}

/** ambient-ga K.3: the stores stand side by side at the top of the document. */
function readFlattened(store: DumpStore): State {
  const byHost = elementsOf(store, 'by_host').flatMap(({view}) => view.items().map(readService))
  const byVip = readMap(elementsOf(store, 'by_vip'), readService)
  return {
    workloads: unique(
      elementsOf(store, 'by_uid').map(({view}) => readWorkload(view)),
      ({uid}) => uid,
    ),
    services: unique([...byHost, ...byVip.values()], serviceKey),
    addressOwners: {workloads: readMap(elementsOf(store, 'by_addr'), readWorkload), services: byVip},
  }
}

/** One `ip:port` of 1.18 with the workloads behind it. */
interface VipPort {
  readonly view: View
  readonly port: number
  readonly targets: readonly {readonly workload: string; readonly port: number}[]
}

/** ambient-ga K.2: no services, only `ip:port` with the workloads behind it; each VIP becomes a service of its own. */
function readVips(store: DumpStore): State {
  const byIp = new Map<string, VipPort[]>()
  for (const {key, view} of elementsOf(store, 'vips')) {
    const socket = parseSocket(key)
    if (socket === undefined) continue
    const ip = canonicalIp(socket.ip)
    byIp.set(ip, [...(byIp.get(ip) ?? []), {view, port: socket.port, targets: view.items().flatMap((target) => readTarget(target) ?? [])}])
  }
  return {
    workloads: elementsOf(store, 'workloads').map(({view}) => readWorkload(view)),
    services: [...byIp].map(([ip, ports]) => vipService(ip, ports)),
  }
}

/** `[workload address, target port]`. */
function readTarget(view: View): VipPort['targets'][number] | undefined {
  const [workload, port] = view.items()
  const ip = workload?.text()
  return ip === undefined || typeof port?.value !== 'number' ? undefined : {workload: canonicalIp(ip), port: port.value}
}

function vipService(ip: string, ports: readonly VipPort[]): Service {
  return {
    view: ports[0]?.view ?? new View({}, '/vips'),
    name: ip,
    namespace: '',
    hostname: ip,
    vips: [{network: '', ip}],
    cidrVips: [],
    ports: new Map(ports.map(({port, targets}) => [port, targets[0]?.port ?? 0])),
    endpoints: vipEndpoints(ports),
    subjectAltNames: [],
    weightedWaypoints: [],
    canonical: false,
    namespaceOnly: false,
  }
}

function vipEndpoints(ports: readonly VipPort[]): readonly Endpoint[] {
  const targets = ports.flatMap(({view, port, targets: behind}) => behind.map((target) => ({...target, view, servicePort: port})))
  return [...new Set(targets.map(({workload}) => workload))].toSorted().map((workloadUid) => {
    const own = targets.filter(({workload}) => workload === workloadUid)
    return {
      view: own[0]?.view ?? new View({}, '/vips'),
      workloadUid,
      ports: new Map(own.map(({servicePort, port}) => [servicePort, port])),
      addressless: false,
    }
  })
}

/** Items under their `network/ip`, in canonical spelling. */
function readMap<T>(elements: readonly Keyed[], read: (view: View) => T): ReadonlyMap<string, T> {
  return new Map(elements.map(({key, view}) => [addressKey(readNetworkAddress(key)), read(view)]))
}

function unique<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()]
}
