import type {NetworkNamespace} from './namespace.js'

export interface DeviceEnd {
  readonly namespace: string
  readonly device: string
}

/** Namespaces and how their devices are joined. */
export interface Network {
  readonly namespaces: ReadonlyMap<string, NetworkNamespace>
  /** The other end of a device; undefined when it was not recorded. */
  readonly peerOf: (end: DeviceEnd) => DeviceEnd | undefined
}

/**
 * Joins namespaces by what their devices tell: a veth names the index of its peer and, with `link-netns`, the namespace.
 * Without that name the peer is the one device whose indices are the mirror image; two of those leave it open.
 */
export function joinNamespaces(namespaces: readonly NetworkNamespace[]): Network {
  const byName = new Map(namespaces.map((namespace) => [namespace.name, namespace]))
  const peers = new Map(namespaces.flatMap((namespace) => namespace.devices.flatMap((device) => pairsOf({namespace, device, byName}))))
  return {namespaces: byName, peerOf: (end) => peers.get(keyOf(end))}
}

interface Side {
  readonly namespace: NetworkNamespace
  readonly device: NetworkNamespace['devices'][number]
  readonly byName: ReadonlyMap<string, NetworkNamespace>
}

function pairsOf(side: Side): readonly (readonly [string, DeviceEnd])[] {
  const peer = pairPeer(side)
  return peer === undefined ? [] : [[keyOf({namespace: side.namespace.name, device: side.device.name}), peer]]
}

function pairPeer({namespace, device, byName}: Side): DeviceEnd | undefined {
  const {attachment} = device
  if (attachment.kind !== 'pair') return undefined
  const named = attachment.peerNamespace === undefined ? undefined : byName.get(attachment.peerNamespace)
  const candidates = named === undefined ? [...byName.values()].filter(({name}) => name !== namespace.name) : [named]
  const ends = candidates.flatMap((candidate) =>
    candidate.devices
      .filter(
        (other) => other.index === attachment.peerIndex && other.attachment.kind === 'pair' && other.attachment.peerIndex === device.index,
      )
      .map((other) => ({namespace: candidate.name, device: other.name})),
  )
  return ends.length === 1 ? ends[0] : undefined
}

function keyOf({namespace, device}: DeviceEnd): string {
  return `${namespace}\n${device}`
}
