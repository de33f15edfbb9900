import type {Pod} from '../flow/inventory.js'
import type {Outlook} from '../flow/verdict.js'
import {readCapture} from '../kernel/config/capture-files.js'
import {hasChain} from '../kernel/findings/chains.js'
import {findCaptureProblems, type NodeState} from '../kernel/findings/find.js'
import {finding, type CaptureFinding, type PodWishes} from '../kernel/findings/finding.js'
import type {Enrolment} from '../mesh/directory.js'
import {enrolmentOf, inPodEnrolment} from '../mesh/enrolment.js'
import {readBoolean} from '../flow/annotation.js'
import {findPlace} from './capture-place.js'
import {gapText, type CapturePlace, type CaptureShelf} from './capture-shelf.js'

/** `ambientctl.capture/1` without a question: what is wrong with the state of one place. */
export interface CaptureCheckup {
  readonly schemaVersion: 'ambientctl.capture/1'
  readonly place: {readonly kind: 'node' | 'pod'; readonly name: string}
  readonly findings: readonly CaptureFinding[]
  /** Negative with a finding that breaks something, undetermined with one that leaves something open. */
  readonly outlook: Outlook
}

/**
 * Looks a place over without a packet.
 * @throws UsageError for an unknown place
 */
export function checkCapture(shelf: CaptureShelf, wanted: {readonly target: string; readonly namespace: string}): CaptureCheckup {
  const {place} = findPlace(shelf, wanted)
  const findings = findingsAt(shelf, place)
  const {kind, name} = place
  return {schemaVersion: 'ambientctl.capture/1', place: {kind, name}, findings, outlook: outlookOf(findings)}
}

function outlookOf(findings: readonly CaptureFinding[]): Outlook {
  if (findings.some(({severity}) => severity === 'broken')) return 'negative'
  return findings.length > 0 ? 'undetermined' : 'positive'
}

/** Findings of the node a place is on, and of its pods; without the node what its pods tell alone. */
export function findingsAt(shelf: Pick<CaptureShelf, 'places' | 'inventory'>, place: CapturePlace): readonly CaptureFinding[] {
  const near = shelf.places.filter((one) => one === place || (one.node !== undefined && one.node === place.node))
  const name = place.node ?? place.name
  const node = near.find(({kind}) => kind === 'node')?.namespace ?? readCapture({name, files: []})
  const pods = near.filter(({kind}) => kind === 'pod').map(({namespace}) => namespace)
  return [...near.flatMap(notRecorded), ...findCaptureProblems({node, pods, ...enrolmentOn({node, name}, shelf)})]
}

/** What else is found would be found in what is not there. */
function notRecorded(place: CapturePlace): readonly CaptureFinding[] {
  if (place.lacks[4].length === 0) return []
  return [finding(place.name, {kind: 'not-recorded', severity: 'unsure', what: `nothing can be concluded without ${gapText(place, 4)}`})]
}

function enrolmentOn(
  {node, name}: Pick<NodeState, 'node'> & {readonly name: string},
  {inventory}: Pick<CaptureShelf, 'inventory'>,
): Pick<NodeState, 'enrolled' | 'others'> {
  const enrols = hasChain(node, 'ztunnel-PREROUTING') ? enrolmentOf : inPodEnrolment
  const all = (inventory.pods ?? []).filter((pod) => pod.node === name)
  const captured = (pod: Pod): Enrolment['captured'] => enrols(pod, inventory.namespaces).captured
  return {
    enrolled: all.filter((pod) => captured(pod) === 'yes').map((pod) => ({name: nameOf(pod), ips: pod.ips, wishes: wishesOf(pod)})),
    others: all.filter((pod) => captured(pod) === 'no').map(nameOf),
  }
}

function nameOf({namespace, name}: Pod): string {
  return `${namespace}/${name}`
}

/** ambient-ga E, variants. */
function wishesOf({annotations}: Pod): PodWishes {
  const capturesDns = readBoolean(annotations.get('ambient.istio.io/dns-capture'))
  const devices = annotations.get('istio.io/reroute-virtual-interfaces') ?? ''
  return {
    bypassesInbound: readBoolean(annotations.get('ambient.istio.io/bypass-inbound-capture')) === true,
    ...(capturesDns === undefined ? {} : {capturesDns}),
    virtualDevices: devices
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  }
}
