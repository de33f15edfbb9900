import type {Forwarder, Place} from '../flow/forwarder.js'
import {isExpectedError} from '../flow/errors.js'
import {podRole} from '../flow/pod-role.js'
import type {Inventory} from '../flow/inventory.js'
import {networkWithOutside} from '../kernel/config/outside.js'
import {kubeProxyMode} from '../kernel/findings/kube-proxy-mode.js'
import {createKernelForwarder} from '../kernel/forward.js'
import {evidenceOf} from '../kernel/steps.js'
import {listeningSocket} from '../kernel/walk/sockets.js'
import type {Generation} from '../mesh/generation.js'
import type {CaptureFault, NodeRules} from '../mesh/node-rules.js'
import type {RecordedCapture} from '../snapshot/captures.js'
import {findingsAt} from './capture-findings.js'
import {gapText, shelveCaptures, type CapturePlace, type CaptureShelf} from './capture-shelf.js'

export interface RecordedRules {
  readonly captures: readonly RecordedCapture[]
  readonly inventory: Inventory
  readonly generation: Generation
  readonly cluster?: string
}

/** The recorded packet rules of a node as traces use them. A node is read when it is first asked for. */
export function nodeRules({captures, inventory, generation, cluster}: RecordedRules): (node: string) => NodeRules | undefined {
  const known = new Map<string, NodeRules | undefined>()
  const nodes = captures.filter(({kind}) => kind === 'node').map(({name}) => name)
  return (node) => {
    if (known.has(node)) return known.get(node)
    const own = captures.filter((one) => nodeOf(one, {inventory, nodes}) === node)
    const place: Place = {kind: 'node', name: node, node, ...(cluster === undefined ? {} : {cluster})}
    const rules = own.length === 0 ? undefined : legibleRules(own, {place, inventory, generation})
    known.set(node, rules)
    return rules
  }
}

interface Known {
  readonly inventory: Inventory
  readonly nodes: readonly string[]
}

/** Without an inventory, the only node there is. */
function nodeOf({kind, name, namespace}: RecordedCapture, {inventory, nodes}: Known): string | undefined {
  if (kind === 'node') return name
  const pod = inventory.pods?.find((one) => one.namespace === namespace && one.name === name)
  return pod?.node ?? (nodes.length === 1 ? nodes[0] : undefined)
}

interface Surroundings {
  readonly place: Place
  readonly inventory: Inventory
  readonly generation: Generation
}

/** design §5: what a trace can do without does not end it; what was left out of it is said, and concluded as where nothing was recorded. */
function legibleRules(captures: readonly RecordedCapture[], surroundings: Surroundings): NodeRules {
  try {
    return rulesOf(captures, surroundings)
  } catch (thrown) {
    if (!isExpectedError(thrown)) throw thrown
    const faults = captures.map((capture) => faultOf(capture, surroundings))
    const rules = rulesOf(
      captures.filter((_, at) => faults[at] === undefined),
      surroundings,
    )
    return {...rules, gaps: [...faults.flatMap((fault) => fault ?? []), ...rules.gaps]}
  }
}

/** Why a capture cannot be read. */
function faultOf(capture: RecordedCapture, {inventory}: Surroundings): string | undefined {
  try {
    shelveCaptures([capture], inventory)
    return undefined
  } catch (thrown) {
    if (!isExpectedError(thrown)) throw thrown
    const {name, namespace} = capture
    const place = namespace === undefined ? name : `${namespace}/${name}`
    return `traces do not follow the recorded packet rules of ${place}: ${thrown.where ?? ''}: ${thrown.message}`
  }
}

/** Of places that lack something traces conclude what they do, as of those that were not recorded at all. */
function rulesOf(captures: readonly RecordedCapture[], surroundings: Surroundings): NodeRules {
  const all = shelveCaptures(captures, surroundings.inventory)
  const gaps = all.places.filter(({lacks}) => lacks[4].length > 0)
  if (gaps.length === 0) return rulesFrom(all, surroundings)
  const whole = captures.filter((_, at) => all.places[at]?.lacks[4].length === 0)
  const rules = rulesFrom(shelveCaptures(whole, surroundings.inventory), surroundings)
  return {
    ...rules,
    gaps: [...gaps.map((gap) => `traces do not follow recorded packet rules without ${gapText(gap, 4)}`), ...rules.gaps],
  }
}

function rulesFrom(shelf: Pick<CaptureShelf, 'places' | 'networkOf'>, {place, inventory, generation}: Surroundings): NodeRules {
  const {places} = shelf
  const node = places.find(({kind}) => kind === 'node')
  const ztunnel = places.find(({namespace}) => namespace.ztunnel === 'node')
  const isWhole = generation === 'ga' || ztunnel !== undefined || !hasZtunnelPod(place.name, inventory)
  const pods = new Map(places.filter(({kind}) => kind === 'pod').map((pod) => [pod.name, podRules(pod, place)]))
  return {
    translatesServices: node !== undefined && /tables$/.test(kubeProxyMode(node.namespace)),
    gaps: [],
    faults: places.slice(0, 1).flatMap((first) => faultsAt({places, inventory}, node ?? first)),
    ipv6: places.every(({lacks}) => lacks[6].length === 0),
    pod: (name) => pods.get(name),
    ...(node === undefined || !isWhole ? {} : {node: nodeForwarder({node, ztunnel, place}, shelf)}),
  }
}

function faultsAt(shelf: Parameters<typeof findingsAt>[0], node: CapturePlace): readonly CaptureFault[] {
  const broken = findingsAt(shelf, node).filter(({severity}) => severity === 'broken')
  return broken.map(({kind, place, what, address, evidence}) => ({
    ...(address === undefined ? {} : {address}),
    finding: {kind: `capture-${kind}`, text: `${place}: ${what}`, evidence: evidence.flatMap(evidenceOf)},
  }))
}

/** envoy-2022 C.2: half of what captures is in the ztunnel pod, and of that pod nothing may be concluded. */
function hasZtunnelPod(node: string, {pods = []}: Inventory): boolean {
  return pods.some((pod) => pod.node === node && podRole(pod) === 'ztunnel')
}

interface NodeParts {
  readonly node: CapturePlace
  readonly ztunnel: CapturePlace | undefined
  readonly place: Place
}

function nodeForwarder({node, ztunnel, place}: NodeParts, {networkOf}: Pick<CaptureShelf, 'networkOf'>): Forwarder {
  const sides = {host: node.name, ...(ztunnel === undefined ? {} : {ztunnel: ztunnel.name})}
  return createKernelForwarder({place, network: networkOf(node), sides})
}

function podRules({name, namespace}: CapturePlace, place: Place): NonNullable<ReturnType<NodeRules['pod']>> {
  return {
    forwarder: createKernelForwarder({place, network: networkWithOutside([namespace]), sides: {host: name}}),
    holdsZtunnel: namespace.ztunnel === 'in-pod',
    ...(namespace.answersAll === true ? {} : {listensAt: (to) => listeningSocket(namespace, {protocol: 'tcp', to}) !== undefined}),
  }
}
