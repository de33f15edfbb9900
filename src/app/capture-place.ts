import {UsageError} from '../flow/errors.js'
import type {Pod} from '../flow/inventory.js'
import {deviceTo} from '../kernel/route/device-to.js'
import type {CapturePlace, CaptureShelf} from './capture-shelf.js'

/** Where a packet starts: in a namespace, or coming in on one of its devices. */
export interface PacketStart {
  readonly place: CapturePlace
  /** Set for a pod that was not recorded itself: the device of its node that leads to it. */
  readonly inDevice?: string
  /** The address of that pod. */
  readonly source?: string
}

/**
 * Finds `node`, `node/x`, `pod`, `pod/x` or `namespace/pod` among what was recorded. A pod without rules of its own is looked at from its node.
 * @throws UsageError for a name that is nothing, or several things
 */
export function findPlace(shelf: CaptureShelf, {target, namespace}: {readonly target: string; readonly namespace: string}): PacketStart {
  const recorded = recordedPlaces(shelf, {target, namespace})
  const [place] = recorded
  if (place !== undefined && recorded.length === 1) return {place}
  if (recorded.length > 1) throw ambiguous(target, recorded)
  const start = onItsNode(shelf, {target, namespace})
  if (start === undefined) throw unknown(target, shelf)
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

function onItsNode(shelf: CaptureShelf, {target, namespace}: Wanted): PacketStart | undefined {
  const name = target.replace(/^pod\//, '')
  const pods = shelf.inventory.pods ?? []
  const pod = pods.find((one) => `${one.namespace}/${one.name}` === name || (one.namespace === namespace && one.name === name))
  const place = shelf.places.find(({kind, node}) => kind === 'node' && node !== undefined && node === pod?.node)
  if (pod === undefined || place === undefined) return undefined
  return pod.hostNetwork ? {place} : behindDevice(place, pod)
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

function unknown(target: string, {places}: CaptureShelf): UsageError {
  return new UsageError({
    what: `No packet rules of "${target}" were recorded.`,
    expected: `one of ${places.map(({name}) => name).join(', ')}`,
    got: target,
  })
}
