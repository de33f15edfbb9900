import {findIn} from '../audit/findings/find.js'
import type {Scene} from '../audit/findings/scene.js'
import type {EnvoyConfig} from '../envoy/config/model.js'
import type {Finding} from '../flow/finding.js'
import type {Place} from '../flow/forwarder.js'
import type {Flow, Trace} from '../flow/trace.js'
import type {CaptureSources} from '../mesh/capture-truth.js'
import type {Workload} from '../mesh/directory.js'
import type {TraceGraph} from '../mesh/tracer.js'
import type {Mesh} from './mesh.js'
import type {Resolved} from './resolve.js'
import {ztunnelsAt} from './world.js'

/** They go first, and leave room for the others. */
const MAX_CAPTURE = 3

export interface Traced {
  readonly flow: Flow
  readonly graph: TraceGraph
  readonly resolved: Resolved
  /** What recorded packet rules have against the pods on the way: it explains what comes after it. */
  readonly capture: readonly Finding[]
}

/** What explains a trace: of the 2022 generation, whose ztunnels are Envoys, what dumps of Envoys tell; of GA ambient all. */
export async function findingsFor(traced: Traced): Promise<Pick<Trace, 'findings'>> {
  const findings: readonly Finding[] = [...traced.capture.slice(0, MAX_CAPTURE), ...findIn(await sceneOf(traced))]
  return findings.length === 0 ? {} : {findings}
}

async function sceneOf(traced: Traced): Promise<Scene> {
  const {flow, graph, resolved} = traced
  const {home, directory, destination, source} = resolved
  const client = source.kind === 'workload' ? {source: source.workload} : {}
  const controlPlane = home.generation === 'ga' ? await home.snapshot.controlPlane() : undefined
  return {
    generation: home.generation,
    trace: {flow, ...graph},
    destination,
    directory,
    inventory: home.snapshot.inventory ?? {},
    ...(controlPlane === undefined ? {} : {controlPlane}),
    ...(home.admission === undefined ? {} : {admission: home.admission}),
    ...(home.cluster === undefined ? {} : {cluster: home.cluster}),
    ...client,
    ...ztunnelsOf(client.source, await ztunnelsOnTheWay(traced)),
    envoyOf: await envoysOnTheWay(traced),
  }
}

function ztunnelsOf(
  client: Workload | undefined,
  nodes: ReadonlyMap<string, CaptureSources>,
): Pick<Scene, 'ztunnel' | 'ztunnelOf' | 'ownZtunnelOf'> {
  const ofPod = ({node = ''}: Workload): CaptureSources => nodes.get(node) ?? {}
  const [first = {}] = nodes.values()
  const ztunnel = (client === undefined ? undefined : configOf(ofPod(client))) ?? configOf(first)
  return {
    ztunnelOf: (pod) => configOf(ofPod(pod)),
    ownZtunnelOf: (pod) => ofPod(pod).own,
    ...(ztunnel === undefined ? {} : {ztunnel}),
  }
}

/** For want of a ztunnel's own dump that of another one, which knows the same mesh. */
function configOf({own, other}: CaptureSources): Scene['ztunnel'] {
  return own ?? other
}

/** By node, in the order of the trace; that of the client first. */
async function ztunnelsOnTheWay({graph, resolved}: Traced): Promise<ReadonlyMap<string, CaptureSources>> {
  const {home, directory, source} = resolved
  if (home.generation !== 'ga') return new Map()
  const start = source.kind === 'workload' ? [source.workload.node] : []
  const places = Object.values(graph.hops).filter(({place}) => place.cluster === home.cluster)
  const nodes = new Set([...start, ...places.map(({place}) => place.node)].flatMap((node) => node ?? []))
  const sources = new Map<string, CaptureSources>()
  for (const node of nodes) {
    const told = await ztunnelsAt(home, {node, directory})
    if (configOf(told) !== undefined) sources.set(node, told)
  }
  return sources
}

/** Configurations of the Envoys that the trace passed, which it has read already. */
async function envoysOnTheWay({graph, resolved: {home, directory}}: Traced): Promise<Scene['envoyOf']> {
  const configs = new Map<string, EnvoyConfig>()
  for (const mesh of [home, ...home.others]) {
    const places = Object.values(graph.hops).flatMap(({place}) => (place.cluster === mesh.cluster ? place : []))
    for (const place of places) {
      const config = configs.get(placeKey(place)) ?? (await envoyAt(mesh, {place, directory: mesh === home ? directory : mesh.directory}))
      if (config !== undefined) configs.set(placeKey(place), config)
    }
  }
  return (place) => configs.get(placeKey(place))
}

async function envoyAt(
  {shelf}: Mesh,
  {place: {kind, name, namespace}, directory}: {readonly place: Place; readonly directory: Mesh['directory']},
): Promise<EnvoyConfig | undefined> {
  if (kind === 'app' || kind === 'node' || kind === 'outside' || namespace === undefined) return undefined
  const workload = directory.workload({name, namespace})
  return workload === undefined ? undefined : shelf.configOf(workload)
}

function placeKey({cluster = '', namespace = '', name}: Place): string {
  return [cluster, namespace, name].join(' ')
}
