import {UsageError} from '../flow/errors.js'
import type {Pod} from '../flow/inventory.js'
import {deviceTo} from '../kernel/route/device-to.js'
import {inventoryDirectory} from '../mesh/compose-directory.js'
import {resolveSource} from '../mesh/source-names.js'
import type {CapturePlace, CaptureShelf} from './capture-shelf.js'
import {unresolved} from './unresolved.js'

/** Where a packet starts: in a namespace, or coming in on one of its devices. */
export interface PacketStart {
  readonly place: CapturePlace
  /** Set for a pod that was not recorded itself: the device of its node that leads to it. */
  readonly inDevice?: string
  /** The address of that pod. */
  readonly source?: string
}

/**
 * Finds `node`, `node/x`, `pod`, `pod/x` or `namespace/pod` among what was recorded, else a pod as sources of traces are called: an address,
 * `deploy/x`, an app. A pod without rules of its own is looked at from its node.
 * @throws UsageError for a name that is nothing, or several things
 */
export function findPlace(shelf: CaptureShelf, {target, namespace}: {readonly target: string; readonly namespace: string}): PacketStart {
  const recorded = recordedPlaces(shelf, {target, namespace})
  const [place] = recorded
  if (place !== undefined && recorded.length === 1) return {place}
  if (recorded.length > 1) throw ambiguous(target, recorded)
  const start = onItsNode(shelf, {target, namespace})
  if (start === undefined) throw unknown({target, namespace}, shelf)
  return start
}

interface Wanted {
  readonly target: string
  readonly namespace: string
}

function recordedPlaces({places}: CaptureShelf, {target, namespace}: Wanted): readonly CapturePlace[] {
  const [, kind, rest = target] = /^(node|pod)\/(.*)$/.exec(target) ?? []
  const candidates = places.filter((place) => kind === undefined || place.kind === kind)
  const exact = candidates.filter(({name}) => name === rest || name === `${namespace}/${rest}`)
  if (exact.length > 0) return exact
  return candidates.filter(({kind: own, name}) => own === 'pod' && name.endsWith(`/${rest}`))
}

function onItsNode(shelf: CaptureShelf, wanted: Wanted): PacketStart | undefined {
  const pod = podNamed(shelf.inventory.pods ?? [], wanted) ?? podMeant(shelf, wanted)
  const own = shelf.places.find(({kind, name}) => kind === 'pod' && pod !== undefined && name === fullName(pod))
  if (own !== undefined) return {place: own}
  const place = nodeOf(shelf, pod)
  if (pod === undefined || place === undefined) return undefined
  return pod.hostNetwork ? {place} : behindDevice(place, pod)
}

function podNamed(pods: readonly Pod[], {target, namespace}: Wanted): Pod | undefined {
  const name = target.replace(/^pod\//, '')
  return pods.find((one) => fullName(one) === name || (one.namespace === namespace && one.name === name))
}

/** As sources of traces are called, among the pods whose rules, or those of their nodes, were recorded. */
function podMeant(shelf: CaptureShelf, {target, namespace}: Wanted): Pod | undefined {
  const {inventory, places} = shelf
  const near = (inventory.pods ?? []).filter((pod) => nodeOf(shelf, pod) !== undefined || places.some(({name}) => name === fullName(pod)))
  const directory = inventoryDirectory({...inventory, pods: near}, {envoys: [], generation: 'ga'})
  const resolution = resolveSource(directory, {text: target, namespace})
  if (resolution.kind === 'ambiguous') throw unresolved(resolution)
  const source = resolution.kind === 'found' ? resolution.value : undefined
  return source?.kind === 'workload' ? near.find((pod) => fullName(pod) === fullName(source.workload)) : undefined
}

function nodeOf({places}: CaptureShelf, pod: Pod | undefined): CapturePlace | undefined {
  return places.find(({kind, node}) => kind === 'node' && node !== undefined && node === pod?.node)
}

function fullName({namespace, name}: {readonly namespace: string; readonly name: string}): string {
  return `${namespace}/${name}`
}

/** What can be asked for, where nothing was. */
export function placeMissing({places}: Pick<CaptureShelf, 'places'>): UsageError {
  return new UsageError({
    what: 'PLACE is missing.',
    expected: `one of ${places.map(({name}) => name).join(', ')}`,
    help: 'PLACE alone is looked over; with --dst a packet is sent from there.',
  })
}

function behindDevice(place: CapturePlace, {ips}: Pod): PacketStart | undefined {
  const [source = ''] = ips
  const inDevice = deviceTo(place.namespace, {ip: source, own: false})
  return inDevice === undefined ? undefined : {place, inDevice, source}
}

function ambiguous(target: string, places: readonly CapturePlace[]): UsageError {
  return new UsageError({what: `"${target}" is more than one place.`, expected: places.map(({kind, name}) => `${kind}/${name}`).join(', ')})
}

function unknown({target, namespace}: Wanted, {places, inventory}: CaptureShelf): UsageError {
  const node = podNamed(inventory.pods ?? [], {target, namespace})?.node
  return new UsageError({
    what: `No packet rules of "${target}"${node === undefined ? '' : `, nor of its node ${node},`} were recorded.`,
    expected: `one of ${places.map(({name}) => name).join(', ')}`,
    got: target,
  })
}
