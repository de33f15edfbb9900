import type {DeviceEnd} from '../config/network.js'
import type {Device} from '../config/model.js'
import type {Run} from './run.js'

/** Somebody a device can talk to without a router between. */
export interface Neighbour {
  readonly end: DeviceEnd
  /** The bridge that carries the frame there. */
  readonly bridge?: DeviceEnd
  /** The port of the bridge that the neighbour hangs on. */
  readonly port?: string
}

export interface Segment {
  /** The port of the bridge that frames of the asking device come in on. */
  readonly entry?: string
  readonly neighbours: readonly Neighbour[]
  /** Ends that were not recorded: somebody else may be there. */
  readonly unknown: readonly string[]
}

/** Everybody on the same link: the other end of a veth, or all ports of the bridge in between. */
export function segmentOf(run: Run, from: DeviceEnd): Segment {
  const device = deviceAt(run, from)
  if (device?.attachment.kind === 'bridge') return portsOf(run, {bridge: from})
  const end = run.network.peerOf(from)
  const peer = end === undefined ? undefined : deviceAt(run, end)
  if (end === undefined || peer === undefined) return {neighbours: [], unknown: [from.device]}
  // A veth carries nothing while one of its ends is down (veth_close).
  if (!peer.up) return {neighbours: [], unknown: []}
  if (peer.master === undefined) return {neighbours: [{end}], unknown: []}
  const bridge = {namespace: end.namespace, device: peer.master}
  const {neighbours, unknown} = portsOf(run, {bridge, except: end.device})
  return {entry: end.device, neighbours: [{end: bridge}, ...neighbours.map((one) => ({...one, bridge}))], unknown}
}

/** What stands behind the ports of a bridge. */
function portsOf(run: Run, {bridge, except}: {readonly bridge: DeviceEnd; readonly except?: string}): Segment {
  const devices = run.network.namespaces.get(bridge.namespace)?.devices ?? []
  const ports = devices.filter(({name, master, up}) => up && master === bridge.device && name !== except)
  const ends = ports.map(({name}) => ({name, end: run.network.peerOf({namespace: bridge.namespace, device: name})}))
  const beyond = run.network.peerOf(bridge)
  return {
    neighbours: [
      ...ends.flatMap(({name: port, end}) => (end === undefined ? [] : [{end, port}])),
      ...(beyond === undefined ? [] : [{end: beyond}]),
    ],
    unknown: beyond === undefined ? ends.flatMap(({name, end}) => (end === undefined ? [name] : [])) : [],
  }
}

function deviceAt({network}: Run, {namespace, device}: DeviceEnd): Device | undefined {
  return network.namespaces.get(namespace)?.devices.find(({name}) => name === device)
}
