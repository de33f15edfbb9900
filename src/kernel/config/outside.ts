import type {Device, Listener, Route} from './model.js'
import {defaultRules, type NetworkNamespace, type Routing} from './namespace.js'
import {joinNamespaces, type DeviceEnd, type Network} from './network.js'
import type {Family} from './ip.js'

/**
 * Recorded namespaces joined to a network, with something assumed behind every device whose other end was not recorded:
 * it holds every address, accepts on every port, and answers over the same device. A walk that ends there has left what is known.
 */
export function networkWithOutside(namespaces: readonly NetworkNamespace[]): Network {
  const recorded = joinNamespaces(namespaces)
  const ends = namespaces.flatMap((namespace) => openEnds(namespace, recorded))
  const outsides = ends.map((end) => ({end, namespace: outside(outsideName(end))}))
  const peers = new Map<string, DeviceEnd>(
    outsides.flatMap(({end, namespace}) => [
      [keyOf(end), {namespace: namespace.name, device: LINK}] as const,
      [keyOf({namespace: namespace.name, device: LINK}), end] as const,
    ]),
  )
  return {
    namespaces: new Map([...recorded.namespaces, ...outsides.map(({namespace}) => [namespace.name, namespace] as const)]),
    peerOf: (end) => recorded.peerOf(end) ?? peers.get(keyOf(end)),
  }
}

/** The same network with nothing known of what is behind one device: packets come in there, and answers go out there. */
export function cutOff(network: Network, end: DeviceEnd): Network {
  const beyond = outside(outsideName(end))
  const far = {namespace: beyond.name, device: LINK}
  const ends = new Map([
    [keyOf(end), far],
    [keyOf(far), end],
  ])
  return {
    namespaces: new Map([...network.namespaces, [beyond.name, beyond]]),
    peerOf: (one) => ends.get(keyOf(one)) ?? network.peerOf(one),
  }
}

/** How the assumed namespace behind a device is called. */
export function outsideName({namespace, device}: DeviceEnd): string {
  return `beyond ${device} of ${namespace}`
}

const LINK = 'link'

function openEnds(namespace: NetworkNamespace, recorded: Network): readonly DeviceEnd[] {
  const isOpen = ({name}: Device): boolean => recorded.peerOf({namespace: namespace.name, device: name}) === undefined
  const ports = (bridge: Device): readonly Device[] => namespace.devices.filter(({master}) => master === bridge.name)
  return namespace.devices
    .filter((device) => leads(device) && (device.attachment.kind === 'bridge' ? ports(device).some(isOpen) : isOpen(device)))
    .map(({name}) => ({namespace: namespace.name, device: name}))
}

/** What is behind a port of a bridge is reached over the bridge. A dummy device leads nowhere (kube-ipvs0). */
function leads({attachment, master}: Device): boolean {
  const isLink = attachment.kind === 'pair' || attachment.kind === 'bridge' || (attachment.kind === 'other' && attachment.type !== 'dummy')
  return master === undefined && isLink
}

/** What comes in over its link is taken in; what it sends goes out there again. */
function outside(name: string): NetworkNamespace {
  return {
    name,
    devices: [
      {name: 'lo', index: 1, up: true, attachment: {kind: 'loopback'}, addresses: []},
      {name: LINK, index: 2, up: true, attachment: {kind: 'other'}, addresses: []},
    ],
    routing: {4: routing(4), 6: routing(6)},
    packetRules: {4: {tables: []}, 6: {tables: []}},
    sets: new Map(),
    listeners: [],
    answersAll: true,
    sysctls: new Map([['net.ipv4.conf.all.accept_local', '1']]),
    assumed: true,
    outside: true,
  }
}

function routing(family: Family): Routing {
  const [, main] = defaultRules(family)
  const takesIn = {priority: 0, negated: false, unknown: [], inDevice: LINK, action: {kind: 'lookup', table: 'local'}} as const
  return {
    rules: [takesIn, ...(main === undefined ? [] : [main])],
    routes: [
      everything(family, {table: 'local', type: 'local', device: 'lo'}),
      everything(family, {table: 'main', type: 'unicast', device: LINK}),
    ],
  }
}

function everything(family: Family, {table, type, device}: Pick<Route, 'table' | 'type'> & {readonly device: string}): Route {
  return {
    table,
    type,
    destination: {family, value: 0n, length: 0},
    nextHops: [{device, weight: 1, onlink: true, dead: false}],
    metric: 0,
    scope: type === 'local' ? 'host' : 'link',
    order: 0,
  }
}

/** A socket that stands for all of a namespace whose sockets nobody recorded. */
export function anyListener(
  {protocol, family, port}: Pick<Listener, 'protocol' | 'family' | 'port'>,
  {outside: open}: NetworkNamespace,
): Listener {
  return {protocol, family, port, dual: false, mark: 0, transparent: open === true}
}

function keyOf({namespace, device}: DeviceEnd): string {
  return `${namespace}\n${device}`
}
