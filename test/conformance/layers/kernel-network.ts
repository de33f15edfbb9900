import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {joinNamespaces, type Network} from '../../../src/kernel/config/network.js'
import type {NetworkNamespace} from '../../../src/kernel/config/namespace.js'
import {readNamespace} from '../../../src/kernel/config/read-namespace.js'
import {standIn, type StandIn} from '../../../src/kernel/config/stand-in.js'
import {withZtunnelSockets} from '../../../src/kernel/config/ztunnel-sockets.js'
import {familyOf} from '../../../src/kernel/config/ip.js'
import {inventory, type Inventory} from './kernel-case.js'
import {recordedNamespace, recordedPod} from './kernel-files.js'

/** All namespaces of a scenario: the recorded ones, and stand-ins for the rest. */
export function openNetwork(scenarioDir: string): Network {
  const known = inventory.parse(JSON.parse(readFileSync(join(scenarioDir, 'inventory.json'), 'utf8')))
  const recorded = recordedNamespaces(scenarioDir, known)
  const missing = missingLinks(recorded)
  const others = missing.flatMap((link) => standInFor(link, {known, recorded}) ?? [])
  return joinNamespaces([...recorded, ...others.map(standIn)])
}

function recordedNamespaces(dir: string, known: Inventory): readonly NetworkNamespace[] {
  const node = readNamespace({name: known.nodes[0]?.netns ?? 'node', files: recordedNamespace(join(dir, 'node'))})
  const ztunnel = folder(dir, 'ztunnel', (files) => withZtunnelSockets(readNamespace({name: 'ztunnel', files}), 'node'))
  const enrolled = known.pods.find((pod) => pod.enrolled === true)
  const pod = folder(dir, 'pod', (files) => withZtunnelSockets(readNamespace({name: enrolled?.netns ?? 'pod', files}), 'in-pod'))
  return [node, ...ztunnel, ...pod, ...recordedPods(dir)]
}

function folder<Result>(dir: string, name: string, read: (files: ReturnType<typeof recordedNamespace>) => Result): readonly Result[] {
  return existsSync(join(dir, name)) ? [read(recordedNamespace(join(dir, name)))] : []
}

function recordedPods(dir: string): readonly NetworkNamespace[] {
  const pods = join(dir, 'pods')
  if (!existsSync(pods)) return []
  return readdirSync(pods).map((file) => readNamespace({name: `pod-${file.replace(/\.txt$/, '')}`, files: recordedPod(join(pods, file))}))
}

/** A veth whose other end no recorded namespace holds. */
interface MissingLink {
  readonly namespace: string
  readonly device: string
  readonly index: number
  readonly peerIndex: number
  readonly peer: string
}

function missingLinks(recorded: readonly NetworkNamespace[]): readonly MissingLink[] {
  const names = new Set(recorded.map(({name}) => name))
  return recorded.flatMap(({name, devices}) =>
    devices.flatMap(({name: device, index, attachment}) =>
      attachment.kind === 'pair' && attachment.peerNamespace !== undefined && !names.has(attachment.peerNamespace)
        ? [{namespace: name, device, index, peerIndex: attachment.peerIndex, peer: attachment.peerNamespace}]
        : [],
    ),
  )
}

interface Known {
  readonly known: Inventory
  readonly recorded: readonly NetworkNamespace[]
}

function standInFor(link: MissingLink, context: Known): StandIn | undefined {
  const pod = context.known.pods.find(({netns}) => netns === link.peer)
  const other = context.known.other_netns.find(({netns}) => netns === link.peer)
  if (pod !== undefined) return podStandIn(link, {...context, pod})
  if (other === undefined) return undefined
  return other.behind === undefined
    ? outsideStandIn(link, {...context, addresses: other.addresses})
    : guestStandIn(link, {...context, addresses: other.addresses})
}

function podStandIn(link: MissingLink, {known, pod}: Known & {readonly pod: Inventory['pods'][number]}): StandIn {
  const node = known.nodes[0]
  const gateways = [node?.pod_gateway4, node?.pod_gateway6].flatMap((gateway) => gateway ?? [])
  return {
    name: link.peer,
    device: 'eth0',
    link,
    addresses: (pod.ips ?? [pod.ip ?? '']).map((ip) => `${ip}/${familyOf(ip) === 4 ? 32 : 128}`),
    routes: gateways.flatMap((via) => defaultRoute(via)),
    ports: [
      ...pod.listens_tcp.map((port) => ({protocol: 'tcp' as const, port})),
      ...pod.listens_udp.map((port) => ({protocol: 'udp' as const, port})),
    ],
    forwards: false,
  }
}

/** Everything beyond the node: it knows the way to the node's pods and services, forwards, and answers on every port. */
function outsideStandIn(link: MissingLink, {known, addresses}: Known & {readonly addresses: readonly string[]}): StandIn {
  const node = known.nodes[0]
  const nodeIps = [node?.internalIP, node?.ipv4, node?.ipv6].flatMap((ip) => ip?.split('/')[0] ?? [])
  const behindNode = [
    ...podNetworks(node),
    ...known.services.flatMap(({vip, vips}) => [...(vips ?? []), ...(vip === undefined ? [] : [vip])]),
  ]
  return {
    name: link.peer,
    // The recorder's names of that device.
    device: link.peer === 'world' ? 'up0' : 'lan0',
    link,
    addresses,
    routes: behindNode.flatMap((to) => nodeIps.filter((via) => familyOf(via) === familyOf(to)).map((via) => ({to, via}))),
    ports: 'all',
    forwards: true,
  }
}

function podNetworks(node: Inventory['nodes'][number] | undefined): readonly string[] {
  if (node?.podCIDR !== undefined) return [node.podCIDR]
  return [node?.pod_gateway4, node?.pod_gateway6].flatMap((gateway) =>
    gateway === undefined ? [] : [`${gateway}/${familyOf(gateway) === 4 ? 24 : 64}`],
  )
}

/** A virtual machine behind a device of a pod: its gateway is the pod's address there. */
function guestStandIn(link: MissingLink, {recorded, addresses}: Known & {readonly addresses: readonly string[]}): StandIn {
  const device = recorded.find(({name}) => name === link.namespace)?.devices.find(({name}) => name === link.device)
  const gateways = (device?.addresses ?? []).filter(({scope}) => scope === 'global')
  return {
    name: link.peer,
    // The recorder's name of that device.
    device: 'ens3',
    link,
    addresses: addresses.map((address) => `${address}/${familyOf(address) === 4 ? 24 : 64}`),
    routes: gateways.flatMap(({ip}) => defaultRoute(ip)),
    ports: 'all',
    forwards: false,
  }
}

/** The gateway itself is on the link. */
function defaultRoute(via: string): StandIn['routes'] {
  return [{to: 'default', via}]
}
