import {UsageError} from '../flow/errors.js'
import type {Inventory, Pod} from '../flow/inventory.js'
import {podRole} from '../flow/pod-role.js'
import {lackingParts, readCapture, type CapturePart} from '../kernel/config/capture-files.js'
import type {Family} from '../kernel/config/ip.js'
import type {NetworkNamespace} from '../kernel/config/namespace.js'
import type {Network} from '../kernel/config/network.js'
import {networkWithOutside} from '../kernel/config/outside.js'
import {hasChain} from '../kernel/findings/chains.js'
import type {RecordedCapture} from '../snapshot/captures.js'
import {openSnapshot} from '../snapshot/open-snapshot.js'
import type {SnapshotSources} from '../snapshot/snapshot.js'

/** The recorded packet rules of a snapshot, by node. */
export interface CaptureShelf {
  readonly inventory: Inventory
  /** Where names without a namespace are looked up, if the recording says so. */
  readonly home?: string | undefined
  readonly warnings: readonly string[]
  /** Nodes first, then pods as `namespace/pod`, in the order of their names. */
  readonly places: readonly CapturePlace[]
  /** A place with the rest of its node. Asking again gives the same network. */
  readonly networkOf: (place: CapturePlace) => Network
}

export interface CapturePlace {
  readonly kind: 'node' | 'pod'
  /** Node, or `namespace/pod`: the name of the namespace in the network. */
  readonly name: string
  /** The node it is on; absent where nobody knows. */
  readonly node?: string
  readonly namespace: NetworkNamespace
  /** Outputs of commands that were not recorded, and without which nothing can be concluded. */
  readonly lacks: Readonly<Record<Family, readonly CapturePart[]>>
}

/**
 * Opens the capture state of a snapshot.
 * @throws UsageError when none was recorded
 * @throws InputError with file and line of what cannot be read
 */
export async function openCaptures(sources: SnapshotSources): Promise<CaptureShelf> {
  const snapshot = await openSnapshot(sources)
  const recorded = await snapshot.captures()
  snapshot.close()
  if (recorded.length === 0) throw nothingRecorded(snapshot.name)
  return {warnings: snapshot.warnings, home: snapshot.namespace, ...shelveCaptures(recorded, snapshot.inventory ?? {})}
}

/**
 * Reads what was recorded.
 * @throws InputError with file and line of what cannot be read
 */
export function shelveCaptures(recorded: readonly RecordedCapture[], inventory: Inventory): Omit<CaptureShelf, 'warnings' | 'home'> {
  const nodes = recorded.filter(({kind}) => kind === 'node').map(({name}) => name)
  const places = recorded.map(({kind, name, namespace, files}): CapturePlace => {
    const full = kind === 'node' ? name : `${namespace ?? ''}/${name}`
    const node = kind === 'node' ? name : nodeOf({namespace: namespace ?? '', name}, {inventory, nodes})
    return {kind, name: full, namespace: readCapture({name: full, files}), lacks: {4: [], 6: []}, ...(node === undefined ? {} : {node})}
  })
  const told = places.map((place, at) => ({...place, lacks: lacksOf(place, {places, inventory, files: recorded[at]?.files ?? []})}))
  return {inventory, places: told, networkOf: networks(told)}
}

/** For people: what a place lacks. */
export function gapText({name, lacks}: Pick<CapturePlace, 'name' | 'lacks'>, family: Family): string {
  const parts = lacks[family].map((part) => `\`${part}\``)
  return `${parts.join(', ')} of ${name}, which ${parts.length === 1 ? 'was' : 'were'} not recorded`
}

interface Recorded extends Pick<CaptureShelf, 'places' | 'inventory'> {
  readonly files: RecordedCapture['files']
}

function lacksOf(place: CapturePlace, recorded: Recorded): CapturePlace['lacks'] {
  const needed = neededParts(place, recorded)
  return {4: lackingParts(recorded.files, needed), 6: lackingParts(recorded.files, needed.map(ofIpv6))}
}

function ofIpv6(part: CapturePart): CapturePart {
  return IPV6.get(part) ?? part
}

const IPV6: ReadonlyMap<CapturePart, CapturePart> = new Map([
  ['iptables-save', 'ip6tables-save'],
  ['ip rule', 'ip -6 rule'],
  ['ip route', 'ip -6 route'],
])

/** A node has rules of its own, and passes packets on. envoy-2022 C.2: of pods the ztunnel's has rules; ambient-ga E: each may have. */
function neededParts(
  {kind, name, namespace}: CapturePlace,
  {places, inventory}: Pick<CaptureShelf, 'places' | 'inventory'>,
): readonly CapturePart[] {
  const routing = ['ip rule', 'ip route', 'ip addr'] as const
  if (kind === 'node') return ['iptables-save', ...routing, 'sysctl']
  const pod = inventory.pods?.find((one) => `${one.namespace}/${one.name}` === name)
  const isZtunnel = namespace.ztunnel === 'node' || (pod !== undefined && podRole(pod) === 'ztunnel')
  return isZtunnel || !places.some(capturesOnNode) ? ['iptables-save', ...routing] : routing
}

/** Capture of 2022. */
export function capturesOnNode({namespace}: CapturePlace): boolean {
  return namespace.ztunnel === 'node' || hasChain(namespace, 'ztunnel-PREROUTING')
}

function nothingRecorded(name: string): UsageError {
  return new UsageError({
    what: 'The snapshot holds no packet rules.',
    where: name,
    expected: 'files under capture/node/<node>/ or capture/<namespace>/<pod>/',
    help: 'docs/snapshot.md lists the commands whose output belongs there.',
  })
}

interface Known {
  readonly inventory: Inventory
  readonly nodes: readonly string[]
}

/** Without an inventory, the only node there is. */
function nodeOf({namespace, name}: Pick<Pod, 'namespace' | 'name'>, {inventory, nodes}: Known): string | undefined {
  const pod = inventory.pods?.find((one) => one.namespace === namespace && one.name === name)
  return pod?.node ?? (nodes.length === 1 ? nodes[0] : undefined)
}

function networks(places: readonly CapturePlace[]): CaptureShelf['networkOf'] {
  const known = new Map<string, Network>()
  return (place) => {
    const key = place.node ?? place.name
    const network = known.get(key) ?? networkWithOutside(together(place, places))
    known.set(key, network)
    return network
  }
}

function together(place: CapturePlace, places: readonly CapturePlace[]): readonly NetworkNamespace[] {
  if (place.node === undefined) return [place.namespace]
  return places.filter(({node}) => node === place.node).map(({namespace}) => namespace)
}
