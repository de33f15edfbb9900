import {isIP} from 'node:net'
import {parseSocket, type SocketAddress} from '../flow/address.js'
import {compareText} from '../flow/compare-text.js'
import type {Directory, MeshService, Workload} from './directory.js'
import {normalIp} from './ip.js'
import {podPort, servicePort, type NumberedPort} from './ports.js'
import {found, whenFound, type Resolution} from './resolution.js'
import {similarNames} from './similar-names.js'
import {podNamed, type NameQuery} from './source-names.js'

/** What is dialled. */
export interface Destination {
  readonly kind: 'service' | 'workload' | 'address'
  /** As the user typed it, without the port: what a client would put into the Host header. */
  readonly typed: string
  readonly service?: MeshService
  readonly workload?: Workload
  /** Several for a headless service: its name resolves to pods. In address order. */
  readonly addresses: readonly [SocketAddress, ...SocketAddress[]]
  readonly port: NumberedPort
}

/** What DST means: `svc`, `svc.ns`, FQDN, `ns/svc`, `pod/x`, `ip`, each with `:port` (design §5). */
export function resolveDestination(directory: Directory, query: NameQuery): Resolution<Destination> {
  const {name, port} = splitPort(query.text)
  if (isIP(name) !== 0) return addressDestination(directory, {ip: name, port})
  const pod = /^(?:pod|po)\/(.+)$/.exec(name)?.[1]
  if (pod !== undefined) {
    return whenFound(podNamed(directory, {text: pod, namespace: query.namespace}), (workload) =>
      podDestination(workload, {typed: name, port}),
    )
  }
  return whenFound(serviceNamed(directory, {text: name, namespace: query.namespace}), (service) =>
    serviceDestination(service, {typed: name, port}),
  )
}

/** A service by host name, `ns/svc`, `svc.ns`, or by `svc` in the given namespace, then in all. */
function serviceNamed(directory: Directory, query: NameQuery): Resolution<MeshService> {
  for (const test of serviceTests(query)) {
    const fitting = directory.services.filter(test)
    const [only] = fitting
    if (only === undefined) continue
    return fitting.length === 1
      ? found(only)
      : {kind: 'ambiguous', text: query.text, candidates: fitting.map((service) => service.host).toSorted(compareText)}
  }
  return unknownService(directory, query.text)
}

type ServiceTest = (service: MeshService) => boolean

function serviceTests({text, namespace}: NameQuery): readonly ServiceTest[] {
  const [left = '', right] = text.split('/')
  if (right !== undefined) return [(service) => service.namespace === left && service.name === right]
  return [
    (service) => service.host === text,
    (service) => service.name === text && service.namespace === namespace,
    (service) => ['', '.svc'].some((suffix) => `${service.name}.${service.namespace}${suffix}` === text),
    (service) => service.name === text,
  ]
}

interface Typed {
  readonly typed: string
  readonly port: string | undefined
}

function serviceDestination(service: MeshService, {typed, port}: Typed): Resolution<Destination> {
  return whenFound(servicePort(service, port), (numbered) => {
    const [first, ...rest] = addressesOf(service, numbered.port)
    return first === undefined ? noAddress(service) : found({kind: 'service', typed, service, addresses: [first, ...rest], port: numbered})
  })
}

/** A VIP is dialled on the service port; a headless name resolves to the pods, dialled on the same port number by the client. */
function addressesOf(service: MeshService, port: number): readonly SocketAddress[] {
  const pods = new Set((service.endpoints ?? []).map(({ip}) => ip))
  const ips = service.headless ? [...pods].toSorted(compareText) : service.vips.slice(0, 1)
  return ips.map((ip) => ({ip, port}))
}

function noAddress(service: MeshService): Resolution<Destination> {
  const why = service.headless ? 'the headless service has no ready endpoint, so its name does not resolve' : 'the service has no address'
  return {kind: 'unknown', text: service.host, why, suggestions: []}
}

function podDestination(workload: Workload, {typed, port}: Typed): Resolution<Destination> {
  const [ip] = workload.ips
  if (ip === undefined) return {kind: 'unknown', text: typed, why: 'the pod has no address yet', suggestions: []}
  return whenFound(podPort(workload, port), (numbered) =>
    found({kind: 'workload', typed: ip, workload, addresses: [{ip, port: numbered.port}], port: numbered}),
  )
}

function addressDestination(
  directory: Directory,
  {ip, port}: {readonly ip: string; readonly port: string | undefined},
): Resolution<Destination> {
  const service = directory.serviceAt(ip)
  if (service !== undefined) return serviceAddress(service, {ip, port})
  const workload = directory.podAt(ip)
  if (workload !== undefined) {
    return whenFound(podPort(workload, port), (numbered) =>
      found({kind: 'workload', typed: ip, workload, addresses: [{ip: normalIp(ip), port: numbered.port}], port: numbered}),
    )
  }
  const numbered = portNumber(port)
  if (numbered === undefined) {
    return {
      kind: 'unknown',
      text: port === undefined ? ip : `${ip}:${port}`,
      why: 'an address needs a port number',
      suggestions: [`${ip}:80`],
    }
  }
  return found({kind: 'address', typed: ip, addresses: [{ip: normalIp(ip), port: numbered}], port: {port: numbered}})
}

function serviceAddress(
  service: MeshService,
  {ip, port}: {readonly ip: string; readonly port: string | undefined},
): Resolution<Destination> {
  return whenFound(servicePort(service, port), (numbered) =>
    found({kind: 'service', typed: ip, service, addresses: [{ip: normalIp(ip), port: numbered.port}], port: numbered}),
  )
}

function unknownService(directory: Directory, text: string): Resolution<MeshService> {
  const spellings = (service: MeshService): readonly string[] =>
    text.includes('/')
      ? [`${service.namespace}/${service.name}`]
      : text.includes('.')
        ? [service.host, `${service.name}.${service.namespace}`]
        : [service.name]
  const suggestions = similarNames(text, directory.services.flatMap(spellings))
  const pod = directory.workloads.find((workload) => workload.name === text || `${workload.namespace}/${workload.name}` === text)
  return {kind: 'unknown', text, why: 'no service has this name', suggestions: pod === undefined ? suggestions : [`pod/${text}`]}
}

/** The port behind the last colon, unless the text is an IPv6 address. `[v6]:port` is understood. */
function splitPort(text: string): {name: string; port: string | undefined} {
  if (isIP(text) !== 0) return {name: text, port: undefined}
  const socket = parseSocket(text)
  if (socket !== undefined) return {name: socket.ip, port: String(socket.port)}
  const bracketed = /^\[([^\]]*)\](?::(.+))?$/.exec(text)
  if (bracketed !== null) return {name: bracketed[1] ?? '', port: bracketed[2]}
  const colon = text.lastIndexOf(':')
  return colon < 0 ? {name: text, port: undefined} : {name: text.slice(0, colon), port: text.slice(colon + 1)}
}

function portNumber(text: string | undefined): number | undefined {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined
  return port !== undefined && port > 0 && port <= 65_535 ? port : undefined
}
